#include "doors/mcp/protocol/tasks.h"

#include <algorithm>
#include <utility>

#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {
namespace {

Duration poll_of(json::View task) {
  for (std::string_view member : {"pollIntervalMs", "pollInterval"}) {
    const json::View wish = task[member];
    if (!wish.is_integer() || wish.integer() < 0) continue;
    const auto most = server_task_poll_max.ns / 1'000'000;
    const Duration wanted = Duration::milliseconds(std::min<std::int64_t>(wish.integer(), most));
    return std::max(wanted, server_task_poll_min);
  }
  return Duration::seconds(1);
}

}  // namespace

bool declares_tasks(json::View params) {
  return params["_meta"][meta_capabilities]["extensions"][tasks_extension].is_object();
}

bool is_task_request(std::string_view method) {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel" ||
         method == "tasks/result";
}

bool is_over(TaskStatus status) {
  return status == TaskStatus::completed || status == TaskStatus::failed ||
         status == TaskStatus::cancelled;
}

std::optional<ServerTask> read_server_task(json::View task) {
  constexpr std::pair<std::string_view, TaskStatus> known[] = {
      {"working", TaskStatus::working},     {"input_required", TaskStatus::input_required},
      {"completed", TaskStatus::completed}, {"failed", TaskStatus::failed},
      {"cancelled", TaskStatus::cancelled},
  };
  const auto id = task.text("taskId");
  const auto status = task.text("status");
  if (!id || id->empty() || id->size() > server_task_id_bytes_max || !status) return std::nullopt;
  for (const auto& [name, value] : known) {
    if (name == *status) return ServerTask{std::string(*id), value, poll_of(task)};
  }
  return std::nullopt;
}

std::optional<ServerTask> read_made_task(std::string_view result) {
  if (!result.contains("\"task\"")) return std::nullopt;
  const auto document = json::parse(result, as_it_came);
  return document ? read_server_task(document->root()["task"]) : std::nullopt;
}

std::string task_support(std::string_view definition) {
  if (!definition.contains("taskSupport")) return {};
  const auto document = json::parse(definition, as_it_came);
  return std::string(document ? document->root()["execution"].text("taskSupport").value_or("")
                              : "");
}

std::string without_related_task(std::string_view result) {
  const auto document = json::parse(result, as_it_came);
  if (!document || !document->root()["_meta"][meta_related_task].exists()) {
    return std::string(result);
  }
  json::Writer out;
  out.object();
  for (auto [key, value] : document->root().members()) {
    if (key != "_meta") {
      out.key(key).value(value);
      continue;
    }
    out.key(key).object();
    for (auto [name, inner] : value.members()) {
      if (name != meta_related_task) out.key(name).value(inner);
    }
    out.end();
  }
  out.end();
  return out.take();
}

}  // namespace pawl::mcp
