// A request of the client that has no answer yet, and the questions of the server that belong to
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/requests.h"
#include "io/net/loop.h"
#include "kernel/definition/definition.h"
#include "model/trace.h"

namespace pawl {
class Caller;
}  // namespace pawl

namespace pawl::mcp {

struct HeldTask;  // tasks.h
using TaskPtr = std::shared_ptr<HeldTask>;

inline constexpr std::size_t state_name_bytes = 16;

// Something that a server wants to know from a stateless client: part of the next continuation of a
// call.
struct Question {
  std::string key, server_id, method, params;
  Completion<Answer> answer;
  bool shown = false;  // a continuation has taken it to the client
};

// A request of the client that has no answer yet.
struct Pending {
  std::string id;                 // raw JSON, as the client wrote it
  std::string key;                // the same id in our spelling
  std::string token;              // raw JSON of its progress token, or empty
  std::uint64_t server_id = 0;    // of our request at the server, once there is one
  std::uint64_t incarnation = 1;  // of the server that it was judged for
  std::shared_ptr<const ToolDefinition> definition;  // … and what that said of the tool
  std::string server_task;                           // that the server made of it
  double shift = 0;  // added to the server's progress: what we told the client before
  double last_progress = -1;
  bool gone = false;       // cancelled by the client, or the client left
  bool sent = false;       // something of it went to the server
  bool cancelled = false;  // a task: its client has cancelled it, and is told what became of it
  bool scoped = false;     // its result is projected: side channels are withheld
  std::string action;      // what it is decided as
  std::string keeps;       // the resource that it subscribes to, which was not subscribed to before
  Caller* caller = nullptr;  // while it waits in the gate

  // Of the stateless era.
  bool stateless = false;
  bool parked = false;  // it was answered with a continuation and waits for the client to come back
  bool over = false;    // … and `kept` is its end
  Reply kept;
  Cached cached = Cached::no;
  int log_level = -1;  // the least grave message that it asked for; -1: none
  Offers offers;
  std::string method, params;  // what a retry has to repeat: without `_meta`, canonical
  std::string resumes;         // the question to people that it goes on with
  std::uint32_t round = 0;     // request_states that came before
  std::uint32_t asked = 0;     // questions so far, for their keys
  std::vector<Question> questions;
  Duration asked_at{};  // the last of them
  std::string lacks;    // what a server of the stateful era asked in it and its client cannot do
  std::shared_ptr<const std::string> envelope;  // its `_meta` at a stateless server
  std::shared_ptr<const CallTrace> trace;       // null: it is not traced
  bool tasks = false;                           // its client takes a task for an answer
  TaskPtr task;                                 // whose call it is, behind its client's back
  net::Timer patience;                          // while it is parked
  net::Timer gathering;                         // while its first question waits for others
};
using PendingPtr = std::shared_ptr<Pending>;

// How a decided answer gets to the server that asked; false: it cannot.
using PassAnswer = std::function<bool(std::string_view answer)>;

}  // namespace pawl::mcp
