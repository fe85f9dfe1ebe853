// Held calls as tasks: the extension `io.modelcontextprotocol/tasks` of the modern era.
//
// A client that declares the extension with a call is not kept waiting for a person: the call is
// answered with a task at once, and the client asks for it. A task is a leg without an end of its
// own (legs.h): nothing runs while nobody asks. Once the question is answered, the next `tasks/get`
// is the live request that the approval is used by; the call then goes on at its server, and its
// result is kept until the client has come for it or the task is too old. Within a task nobody can
// be asked anything, so `tasks/update` has nothing to say.
// A task belongs to its session. Its id is 128 random bits, and one that is not known is refused
// and charged like any attempt.
// Threads: one loop. Times on the wire are those of the question's records.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/requests.h"
#include "io/net/loop.h"

namespace pawl::mcp {

struct Pending;

inline constexpr std::string_view tasks_extension = "io.modelcontextprotocol/tasks";
inline constexpr std::size_t tasks_open_max = 1000;
inline constexpr Duration task_lifetime = Duration::seconds(3600);
inline constexpr Duration task_poll_every = Duration::seconds(2);
// How long `tasks/get` waits for a call that goes on.
inline constexpr Duration task_answer_within = Duration::seconds(1);

struct HeldTask {
  std::string id, approval;
  std::string params;                           // of the call: canonical, without `_meta`
  std::shared_ptr<const std::string> envelope;  // its `_meta` at a modern server
  std::string created, changed;                 // as the protocol writes times
  std::shared_ptr<Pending> running;             // while the call goes on
  std::optional<Reply> kept;                    // its end; no reply: it was cancelled
  std::vector<Completion<bool>> watching;       // who asks meanwhile
  net::Timer end;
};
using TaskPtr = std::shared_ptr<HeldTask>;

// Whether a request says that its sender knows the extension.
bool declares_tasks(json::View params);
// `tasks/get`, `tasks/update`, `tasks/cancel`.
bool is_task_request(std::string_view method);
// The members of a task on the wire, without braces.
std::string task_members(const HeldTask& task);

}  // namespace pawl::mcp
