// What messages say about tasks: requests of clients, and what a tool server says of a task that it
// made of a call. Pure functions, in the forms of both eras: the extension
// `io.modelcontextprotocol/tasks`, and the tasks of revision 2025-11-25.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace pawl::mcp {

inline constexpr std::string_view tasks_extension = "io.modelcontextprotocol/tasks";
inline constexpr Duration server_task_poll_min = Duration::milliseconds(100);
inline constexpr Duration server_task_poll_max = Duration::seconds(60);
inline constexpr std::size_t server_task_id_bytes_max = 1024;

// Whether a request says that its sender knows the extension.
bool declares_tasks(json::View params);
// `tasks/get`, `tasks/update`, `tasks/cancel`; `tasks/result` of the stateful era.
bool is_task_request(std::string_view method);

enum class TaskStatus : std::uint8_t { working, input_required, completed, failed, cancelled };

struct ServerTask {
  std::string id;
  TaskStatus status = TaskStatus::working;
  Duration poll = Duration::seconds(1);  // how often it wants to be asked, within our limits
};
bool is_over(TaskStatus status);

// The members of a task. Nothing: it is not a task, or says what the protocol does not know.
std::optional<ServerTask> read_server_task(json::View task);
// The task in the result of a call that asked for one, of the stateful era.
std::optional<ServerTask> read_made_task(std::string_view result);
// What a definition says about tasks: empty, `optional`, `required` or `forbidden`.
std::string task_support(std::string_view definition);
// A result of the stateful era without what says which task it belongs to.
std::string without_related_task(std::string_view result);

}  // namespace pawl::mcp
