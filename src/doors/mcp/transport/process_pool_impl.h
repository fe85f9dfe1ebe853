// The inside of the transport to programs: what goes to which process, and how a process is chosen,
// started and opened.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/transport/process_pool.h"
#include "doors/mcp/transport/transport_base.h"

namespace pawl::mcp {

struct RunningProgram {
  std::uint64_t serial = 0;
  std::string mark;
  Program program;
  std::map<std::string, bool> asked;             // requests of ours by id; whether it is a call
  std::map<std::string, std::string> questions;  // our id of a question of it -> its own, raw
  Completion<bool> opened;
  bool opening = false, retired = false, crowded = false, over = false;
};
using RunningPtr = std::shared_ptr<RunningProgram>;
// The only call that a process has, or the only request; empty: it has none, or several.
std::string only_request_of(const RunningProgram& process);
// All of its calls.
std::vector<std::string> calls_of(const RunningProgram& process);

// What waits for the process of one credential, in order.
struct ProgramLine {
  struct Item {
    Outgoing what;
    std::string message;
    std::shared_ptr<Pass> pass;
  };
  std::string credential;  // empty: the server's own, or none
  std::deque<Item> queue;
  std::string next;  // the id of what waits for its secret
  bool moving = false;
  std::uint64_t used = 0;  // when it was used last, as a count
  RunningPtr running;
};
using ProgramLinePtr = std::shared_ptr<ProgramLine>;

struct ProcessPool final : TransportOf<ProcessPool> {
  ProcessPool(net::Loop& l, ServerPrograms s) : TransportOf(l), server(std::move(s)) {}

  bool send(std::string message, std::string_view request) override;
  bool carries_secrets() const override { return true; }
  void on_pause() override;
  void on_resume() override;
  void answer_question(std::string_view id, std::string message);
  ProgramLinePtr line_for(const Outgoing& what, const Pass* pass);
  // `about`: the request of ours that it belongs to, or empty. `among`: those that it may belong
  // to, where they are several.
  void deliver(std::string text, std::string about = {}, std::vector<std::string> among = {});
  void refuse(const Outgoing& what, const std::string& why);
  void look_whether_crowded();
  bool idle() const;
  Task<bool> drained() override;
  void finish_sending() override;
  void look_whether_over();
  void stop_hearing() override;

  // Processes: how one is chosen, started and opened, what it says.
  static Task<void> advance(std::shared_ptr<ProcessPool> self, ProgramLinePtr line);
  static Task<Status> equip(std::shared_ptr<ProcessPool> self, ProgramLinePtr line,
                            std::shared_ptr<Pass> pass, bool opens);
  static Task<bool> open_as_before(std::shared_ptr<ProcessPool> self, RunningPtr process);
  RunningPtr adopt(Program program, std::string mark);
  void hand_over(const RunningPtr& process, ProgramLine::Item item);
  void said(const RunningPtr& process, std::string_view text);
  void unreadable(const RunningPtr& process, std::string line);
  void too_long(const RunningPtr& process, std::string_view head);
  void answered(const RunningPtr& process, const Message& message, std::string_view text);
  void ended(const RunningPtr& process);
  void retire(const RunningPtr& process);
  void end_if_unused(const RunningPtr& process);

  ServerPrograms server;
  json::Parser parser;
  json::Document document;
  std::map<std::string, ProgramLinePtr> lines;  // by credential
  std::vector<RunningPtr> processes;            // those that run, retired ones too
  std::string hello, hello_id, ready;           // what opened the first process
  std::string revision;                         // and what it chose
  std::uint64_t serials = 0, uses = 0;
  std::size_t queued_bytes = 0;
};

// The message with another id, raw JSON.
std::string with_id(std::string_view message, std::string_view old_id, std::string_view id);

}  // namespace pawl::mcp
