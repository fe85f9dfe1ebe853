#include "doors/mcp/tasks.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/era.h"
#include "doors/mcp/message.h"
#include "doors/mcp/reply.h"
#include "doors/mcp/room.h"

namespace pawl::mcp {
namespace {

std::string_view status_of(const HeldTask& task) {
  if (!task.kept) return "working";
  switch (task.kept->kind) {
    case Reply::Kind::result:
      return "completed";
    case Reply::Kind::error:
      return "failed";
    case Reply::Kind::none:
      break;
  }
  return "cancelled";
}

std::string milliseconds(Duration time) {
  return std::to_string(time.ns / 1'000'000);
}

}  // namespace

bool declares_tasks(json::View params) {
  return params["_meta"][meta_capabilities]["extensions"][tasks_extension].is_object();
}

bool is_task_request(std::string_view method) {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel";
}

std::string task_members(const HeldTask& task) {
  json::Writer out;
  out.object().key("taskId").string(task.id).key("status").string(status_of(task));
  if (!task.kept) {
    out.key("statusMessage");
    out.string(task.running ? "the call goes on"
                            : "waiting for a person: approval " + task.approval);
  }
  out.key("createdAt").string(task.created).key("lastUpdatedAt").string(task.changed);
  out.key("ttlMs").raw(milliseconds(task_lifetime));
  out.key("pollIntervalMs").raw(milliseconds(task_poll_every));
  if (task.kept && task.kept->kind == Reply::Kind::result) {
    out.key("result").raw(result_for_modern(task.kept->text, Cached::no));
  } else if (task.kept && task.kept->kind == Reply::Kind::error) {
    out.key("error").raw(error_for_modern(task.kept->text));
  }
  out.end();
  const std::string text = out.take();
  return text.substr(1, text.size() - 2);
}

// The end of the first leg: from here on the client asks for the task.
bool Session::Room::make_task(const PendingPtr& entry, const std::string& approval) {
  const Approval* asked = gate.state().approval(approval);
  if (asked == nullptr || tasks.size() >= tasks_open_max) return false;
  auto task = std::make_shared<HeldTask>();
  task->id = hex(spec.random(leg_name_bytes));
  task->approval = approval;
  task->params = entry->params;
  task->envelope = entry->envelope;
  task->created = to_string(asked->opened);
  task->changed = task->created;
  const std::weak_ptr<Room> self = weak_from_this();
  task->end = loop.after(task_lifetime, [self, id = task->id] {
    auto room = self.lock();
    if (!room) return;
    const auto found = room->tasks.find(id);
    if (found != room->tasks.end() && !found->second->running) room->tasks.erase(found);
  });
  tasks.emplace(task->id, task);
  pending.erase(entry->key);
  in_flight.erase(entry->server_id);
  to_client(result_line(entry->id, R"({"resultType":"task",)" + task_members(*task) + '}'),
            entry->id);
  return true;
}

void Session::Room::task_request(const Message& message) {
  if (!declares_tasks(message.params)) {
    const std::string wanted = fmt::format(
        R"({{"requiredCapabilities":{{"extensions":{{"{}":{{}}}}}}}})", tasks_extension);
    return to_client(
        error_line(message.id, missing_capability, "the tasks extension was not declared", wanted),
        message.id);
  }
  const auto id = message.params.text("taskId");
  const auto found = id ? tasks.find(std::string(*id)) : tasks.end();
  if (found == tasks.end()) {
    const Settled settled = gate.refuse(spec.run, Code::ambiguous_request,
                                        std::string(message.method), "there is no such task");
    return to_client(error_line(message.id, invalid_params, settled.text, settled.decision),
                     message.id);
  }
  if (message.method == "tasks/update") {
    return to_client(error_line(message.id, invalid_params, "this task waits for no input"),
                     message.id);
  }
  PendingPtr entry = pend(message);
  if (!entry) return refuse_line(message.id, invalid_request, "too many requests are open");
  entry->modern = true;
  entry->method = std::string(message.method);
  start(shared_from_this(), message.method == "tasks/get"
                                ? get_task(std::move(entry), found->second)
                                : cancel_task(std::move(entry), found->second));
}

Task<void> Session::Room::get_task(PendingPtr entry, TaskPtr task) {
  const auto self = shared_from_this();
  const Approval* asked = gate.state().approval(task->approval);
  const bool waits = asked != nullptr && asked->phase == ApprovalPhase::open;
  if (asked != nullptr && !asked->answers.empty()) {
    task->changed = to_string(asked->answers.back().at);
  }
  if (!waits && !task->running && !task->kept) start(self, run_task(task));
  if (task->running && !task->kept) co_await task_moves(task);
  settle(entry, {Reply::Kind::result, '{' + task_members(*task) + '}'});
}

Task<void> Session::Room::cancel_task(PendingPtr entry, TaskPtr task) {
  const auto self = shared_from_this();
  if (task->running && !task->kept) {
    task->running->gone = true;
    Caller* caller = task->running->caller;
    if (caller != nullptr && caller->on_gone) caller->on_gone();
    if (task->running && !task->kept) co_await task_moves(task);
  } else if (!task->kept) {
    // Whatever a person says now: nobody asks for it any more, so nothing runs.
    task->kept = Reply{};
  }
  settle(entry, {Reply::Kind::result, "{}"});
}

// Until its call came to an end, or for a moment.
Task<void> Session::Room::task_moves(TaskPtr task) {
  Completion<bool> moved;
  task->watching.push_back(moved);
  const net::Timer enough =
      loop.after(task_answer_within, [waiting = moved]() mutable { waiting.deliver(false); });
  (void)co_await moved;
}

// The call goes on with its question, in a request that nobody can be asked in.
Task<void> Session::Room::run_task(TaskPtr task) {
  const auto self = shared_from_this();
  auto entry = std::make_shared<Pending>();
  entry->modern = true;
  entry->method = "tools/call";
  entry->params = task->params;
  entry->resumes = task->approval;
  entry->envelope = task->envelope;
  entry->task = task;
  task->running = entry;
  auto parsed = json::parse(task->params);
  if (parsed) {
    auto document = std::make_shared<json::Document>(std::move(*parsed));
    co_await tool_call(entry, document, document->root());
  }
  task->running = nullptr;
  for (auto& waiting : std::exchange(task->watching, {})) waiting.deliver(true);
}

}  // namespace pawl::mcp
