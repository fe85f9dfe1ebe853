// Calls as tasks: the extension `io.modelcontextprotocol/tasks` of the stateless era, and the tasks
// of revision 2025-11-25.
//
// A stateless client that declares the extension with a call is not kept waiting for a person, nor
// for a server that makes a task of the call: it is answered with a task at once, and asks for it.
// Of a call that waits for a person nothing runs while its client does not ask: it is a
// continuation without an end of its own (request_states.h). Once the question is answered, the
// next `tasks/get` is the live request that the approval is used by; the call then goes on at its
// server, and its result is kept until the client has come for it or the task is too old. A client
// of the stateful era asks for a task with its call, of tools whose definition knows tasks; that
// call goes on by itself, and waits for people. What a server asks in a task of its own, the client
// reads in `tasks/get` and answers with `tasks/update`; in one that waited for a person the client
// cannot be asked anything. A task that its client cancels is `cancelled` at once where nothing of
// it was sent, and in the stateful era in any case, as the protocol has it. In the stateless era it
// goes on until its server said what became of it, or did not in time: what was over before the
// server heard of it has a result. A task is pawl's and has an id of pawl's, whatever the server
// calls its own. It belongs to its session. Its id is 128 random bits, and one that is not known is
// refused and charged like any attempt. Threads: one loop. Times in the protocol are those of the
// records.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/requests.h"
#include "doors/mcp/protocol/tasks.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"
#include "doors/mcp/session/tool_catalog.h"
#include "io/net/loop.h"

namespace pawl::mcp {

inline constexpr std::size_t tasks_open_max = 1000;
inline constexpr Duration task_lifetime = Duration::seconds(3600);
inline constexpr Duration task_poll_every = Duration::seconds(2);
// Of a task that its client cancelled, so long the server may take to say what became of it: no
// client waits for that, and a word that comes is worth more than an early record that its outcome
// is unknown.
inline constexpr Duration cancelled_task_within = Duration::seconds(10);
// How long `tasks/get` waits for a call that goes on.
inline constexpr Duration task_answer_within = Duration::seconds(1);

struct HeldTask {
  std::string id, approval;                     // of the question that it waits for; empty: of none
  std::string params;                           // of the call: canonical, without `_meta`
  std::shared_ptr<const std::string> envelope;  // its `_meta` at a stateless server
  std::string created, changed;                 // as the protocol writes times
  std::shared_ptr<Pending> running;             // while the call goes on
  std::optional<Reply> kept;                    // its end; no reply: it was cancelled
  std::vector<Completion<bool>> watching;       // who asks meanwhile
  net::Timer end;
};

// Of a client of the stateful era: its status, as that era has it, and its members, without braces.
std::string stateful_task_members(const HeldTask& task);
// The members of a task on the transport, without braces.
std::string task_members(const HeldTask& task);

class Tasks {
 public:
  explicit Tasks(Session::Impl& session) : session_(session) {}
  Tasks(const Tasks&) = delete;

  bool hold_as_task(const PendingPtr& pending, const std::string& approval);
  void show(const PendingPtr& pending);
  bool begin(const PendingPtr& pending, const CatalogEntry& listed);
  void end(const TaskPtr& task, Reply reply);
  void on_request(const Message& message);

  // Read by the other parts of a session.
  std::unordered_map<std::string, TaskPtr> held;  // by their ids

 private:
  TaskPtr create(const Pending& pending, const std::string& created);
  std::string time_of_records() const;
  void update(const Message& message, const TaskPtr& task);
  Task<void> get(PendingPtr pending, TaskPtr task);
  Task<void> result(PendingPtr pending, TaskPtr task);
  Task<void> cancel(PendingPtr pending, TaskPtr task);
  Task<void> wait_for_change(TaskPtr task);
  Task<void> run(TaskPtr task);

  Session::Impl& session_;
};

}  // namespace pawl::mcp
