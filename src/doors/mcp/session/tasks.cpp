#include "doors/mcp/session/tasks.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/tasks.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"

namespace pawl::mcp {
namespace {

// Questions that its client can read.
bool asks(const HeldTask& task) {
  return task.running && std::ranges::any_of(task.running->questions, &Question::shown);
}

std::string_view status_of(const HeldTask& task) {
  if (!task.kept) return asks(task) ? "input_required" : "working";
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

// In the stateful era a tool that says of itself that it failed makes a failed task.
std::string_view older_status_of(const HeldTask& task) {
  const bool result = task.kept && task.kept->kind == Reply::Kind::result;
  const auto document = json::parse(result ? task.kept->text : "");
  const json::View failed = document ? document->root()["isError"] : json::View();
  const bool is_error = failed.kind() == json::Kind::boolean && failed.boolean();
  return is_error ? std::string_view("failed") : status_of(task);
}

std::string status_words(const HeldTask& task) {
  if (task.running && task.running->cancelled) {
    return "it is cancelled; the tool server was told, and has not said yet what became of it";
  }
  if (!task.running && !task.approval.empty()) {
    return "waiting for a person: approval " + task.approval;
  }
  const bool waits = task.running && !task.running->stateless && !task.approval.empty();
  return waits ? "the call goes on; it asked people: approval " + task.approval
               : "the call goes on";
}

std::string milliseconds(Duration time) {
  return std::to_string(time.ns / 1'000'000);
}

}  // namespace

std::string task_members(const HeldTask& task) {
  json::Writer out;
  out.object().key("taskId").string(task.id).key("status").string(status_of(task));
  if (!task.kept) out.key("statusMessage").string(status_words(task));
  out.key("createdAt").string(task.created).key("lastUpdatedAt").string(task.changed);
  out.key("ttlMs").raw(milliseconds(task_lifetime));
  out.key("pollIntervalMs").raw(milliseconds(task_poll_every));
  if (task.kept && task.kept->kind == Reply::Kind::result) {
    out.key("result").raw(result_for_stateless(task.kept->text, Cached::no));
  } else if (task.kept && task.kept->kind == Reply::Kind::error) {
    out.key("error").raw(error_for_stateless(task.kept->text));
  }
  if (!task.kept && asks(task)) {
    out.key("inputRequests").object();
    for (const Question& question : task.running->questions) {
      if (!question.shown) continue;
      out.key(question.key).object().key("method").string(question.method);
      if (!question.params.empty()) out.key("params").raw(question.params);
      out.end();
    }
    out.end();
  }
  out.end();
  const std::string text = out.take();
  return text.substr(1, text.size() - 2);
}

std::string stateful_task_members(const HeldTask& task) {
  json::Writer out;
  out.object().key("taskId").string(task.id).key("status").string(older_status_of(task));
  const bool stopping = task.running && task.running->cancelled;
  if (!task.kept || stopping) out.key("statusMessage").string(status_words(task));
  out.key("createdAt").string(task.created).key("lastUpdatedAt").string(task.changed);
  out.key("ttl").raw(milliseconds(task_lifetime));
  out.key("pollInterval").raw(milliseconds(task_poll_every));
  out.end();
  const std::string text = out.take();
  return text.substr(1, text.size() - 2);
}

// A task that its client never asked for is forgotten.
TaskPtr Tasks::create(const Pending& entry, const std::string& created) {
  auto task = std::make_shared<HeldTask>();
  task->id = hex(session_.spec.random(state_name_bytes));
  task->params = entry.params;
  task->envelope = entry.envelope;
  task->created = created;
  task->changed = created;
  const std::weak_ptr<Session::Impl> self = session_.weak_from_this();
  task->end = session_.loop.after(task_lifetime, [self, id = task->id] {
    auto session = self.lock();
    if (!session) return;
    const auto found = session->tasks.held.find(id);
    if (found != session->tasks.held.end() && !found->second->running)
      session->tasks.held.erase(found);
  });
  held.emplace(task->id, task);
  return task;
}

std::string Tasks::time_of_records() const {
  return to_string(session_.spec.now ? session_.spec.now() : Instant{});
}

// The end of the first continuation: from here on the client asks for the task.
bool Tasks::hold_as_task(const PendingPtr& entry, const std::string& approval) {
  const Approval* asked = session_.gate.state().approval(approval);
  if (asked == nullptr || held.size() >= tasks_open_max) return false;
  const TaskPtr task = create(*entry, to_string(asked->opened));
  task->approval = approval;
  session_.calls.pending.erase(entry->key);
  session_.calls.in_flight.erase(entry->server_id);
  session_.to_client(result_line(entry->id, R"({"resultType":"task",)" + task_members(*task) + '}'),
                     entry->id);
  return true;
}

// Its server made a task of the call: a stateless client that knows tasks gets one of ours for it.
void Tasks::show(const PendingPtr& entry) {
  const bool may = entry->tasks && !entry->task && !entry->gone && !entry->parked;
  if (!may || held.size() >= tasks_open_max || !session_.calls.pending.contains(entry->key)) return;
  entry->task = create(*entry, time_of_records());
  entry->task->running = entry;
  session_.calls.pending.erase(entry->key);
  // Of a request that was answered there is no progress any more.
  session_.calls.by_server_id.erase(entry->server_id);
  entry->token.clear();
  session_.to_client(
      result_line(entry->id, R"({"resultType":"task",)" + task_members(*entry->task) + '}'),
      entry->id);
}

// A client of the stateful era wants a task for its call. False: it gets none, and was told.
bool Tasks::begin(const PendingPtr& entry, const CatalogEntry& listed) {
  const std::string support =
      listed.definition ? task_support(listed.definition->text) : std::string();
  if (support != "optional" && support != "required") {
    session_.calls.settle(
        entry,
        {Reply::Kind::error, error_object(method_not_found, "this tool does not run as a task")});
    return false;
  }
  if (held.size() >= tasks_open_max) {
    session_.calls.settle(
        entry, {Reply::Kind::error, error_object(invalid_request, "too many tasks are open")});
    return false;
  }
  entry->task = create(*entry, time_of_records());
  entry->task->running = entry;
  session_.calls.pending.erase(entry->key);
  session_.to_client(
      result_line(entry->id, R"({"task":{)" + stateful_task_members(*entry->task) + "}}"),
      entry->id);
  return true;
}

// The end of a call that is a task.
void Tasks::end(const TaskPtr& task, Reply reply) {
  // Of the stateful era, one that was cancelled stays so, whatever its call came to.
  if (!task->kept) task->kept = std::move(reply);
  if (session_.spec.now) task->changed = time_of_records();
  const PendingPtr call = std::exchange(task->running, nullptr);
  if (call) session_.elicitation.withdraw_all(*call, "the call is over");
  for (auto& waiting : std::exchange(task->watching, {})) waiting.deliver(true);
}

void Tasks::on_request(const Message& message) {
  const bool stateless = session_.client.era != Era::stateful;
  // Each era has one of its own, whatever task it is about.
  if (message.method == (stateless ? "tasks/result" : "tasks/update"))
    return session_.client.refuse_unknown(message);
  if (stateless && !declares_tasks(message.params)) {
    const std::string wanted = fmt::format(
        R"({{"requiredCapabilities":{{"extensions":{{"{}":{{}}}}}}}})", tasks_extension);
    return session_.to_client(
        error_line(message.id, missing_capability, "the tasks extension was not declared", wanted),
        message.id);
  }
  const auto id = message.params.text("taskId");
  const auto found = id ? held.find(std::string(*id)) : held.end();
  if (found == held.end()) {
    const Settled settled = session_.refuse(Code::ambiguous_request, std::string(message.method),
                                            "there is no such task");
    return session_.to_client(
        error_line(message.id, invalid_params, settled.text, settled.decision), message.id);
  }
  const TaskPtr task = found->second;
  if (message.method == "tasks/update") return update(message, task);
  PendingPtr entry = session_.calls.add(message);
  if (!entry)
    return session_.client.refuse_line(message.id, invalid_request, "too many requests are open");
  entry->stateless = stateless;
  entry->method = std::string(message.method);
  start(session_.shared_from_this(), message.method == "tasks/get" ? get(std::move(entry), task)
                                     : message.method == "tasks/result"
                                         ? result(std::move(entry), task)
                                         : cancel(std::move(entry), task));
}

// Answers to what the server of a task wants to know. Those to other questions are ignored.
void Tasks::update(const Message& message, const TaskPtr& task) {
  if (!asks(*task)) {
    return session_.to_client(
        error_line(message.id, invalid_params, "this task waits for no input"), message.id);
  }
  const json::View responses = message.params["inputResponses"];
  std::vector<std::pair<Completion<Answer>, std::string>> answered;
  std::erase_if(task->running->questions, [&](const Question& question) {
    const json::View response = responses[question.key];
    if (!question.shown || !response.is_object()) return false;
    answered.emplace_back(question.answer, json::write(response));
    return true;
  });
  session_.to_client(result_line(message.id, result_for_stateless("{}", Cached::no)), message.id);
  // Who waits goes on inside, and may end the task.
  for (auto& [waiting, text] : answered) {
    waiting.deliver({Answer::Kind::result, std::move(text)});
  }
}

Task<void> Tasks::get(PendingPtr entry, TaskPtr task) {
  const auto self = session_.shared_from_this();
  const bool stateful = !entry->stateless;
  const Approval* asked =
      task->approval.empty() ? nullptr : session_.gate.state().approval(task->approval);
  const bool waits = asked != nullptr && asked->phase == ApprovalPhase::open &&
                     !session_.gate.approvals.asks_agent(task->approval);
  if (asked != nullptr && !asked->answers.empty()) {
    task->changed = to_string(asked->answers.back().at);
  }
  if (!waits && !task->running && !task->kept) start(self, run(task));
  if (task->running && !task->kept && !asks(*task) && !stateful) co_await wait_for_change(task);
  if (stateful) {
    session_.calls.settle(entry, {Reply::Kind::result, '{' + stateful_task_members(*task) + '}'});
    co_return;
  }
  // As it is: what pawl asks here stands where a server's own questions are taken out.
  session_.calls.pending.erase(entry->key);
  if (entry->gone) co_return;
  session_.to_client(
      result_line(entry->id, R"({"resultType":"complete",)" + task_members(*task) + '}'),
      entry->id);
}

// Until the task is over, as the stateful era has it.
Task<void> Tasks::result(PendingPtr entry, TaskPtr task) {
  const auto self = session_.shared_from_this();
  while (task->running && !task->kept && !session_.closed) {
    Completion<bool> moved;
    task->watching.push_back(moved);
    (void)co_await moved;
  }
  if (!task->kept || task->kept->kind == Reply::Kind::none) {
    session_.calls.settle(
        entry, {Reply::Kind::error, error_object(invalid_params, "the task was cancelled")});
    co_return;
  }
  Reply reply = *task->kept;
  if (reply.kind == Reply::Kind::result) {
    reply.text = with_related_task(reply.text, task->id);
  }
  session_.calls.settle(entry, std::move(reply));
}

Task<void> Tasks::cancel(PendingPtr entry, TaskPtr task) {
  const auto self = session_.shared_from_this();
  const bool stateful = !entry->stateless;
  if (stateful && task->kept) {
    session_.calls.settle(entry,
                          {Reply::Kind::error, error_object(invalid_params, "the task is over")});
    co_return;
  }
  if (task->running && !task->kept) {
    // What was sent has an end that the client may want to know; nothing else has.
    const PendingPtr call = task->running;
    (call->sent ? call->cancelled : call->gone) = true;
    if (stateful) {
      task->kept = Reply{};
      for (auto& waiting : std::exchange(task->watching, {})) waiting.deliver(true);
    }
    if (call->caller != nullptr && call->caller->on_gone) call->caller->on_gone();
    if (task->running && !task->kept) co_await wait_for_change(task);
  } else if (!task->kept) {
    // Whatever a reviewer says now: the client no longer asks for it, so nothing runs.
    task->kept = Reply{};
  }
  session_.calls.settle(
      entry, {Reply::Kind::result, stateful ? '{' + stateful_task_members(*task) + '}' : "{}"});
}

// Until its call came to an end, or for a moment.
Task<void> Tasks::wait_for_change(TaskPtr task) {
  Completion<bool> moved;
  task->watching.push_back(moved);
  const net::Timer enough = session_.loop.after(
      task_answer_within, [waiting = moved]() mutable { waiting.deliver(false); });
  (void)co_await moved;
}

// The call goes on with its question, in a request in which the client cannot be asked.
Task<void> Tasks::run(TaskPtr task) {
  const auto self = session_.shared_from_this();
  auto entry = std::make_shared<Pending>();
  entry->stateless = true;
  entry->method = "tools/call";
  entry->params = task->params;
  entry->resumes = task->approval;
  entry->envelope = task->envelope;
  entry->task = task;
  task->running = entry;
  auto parsed = json::parse(task->params);
  if (parsed) {
    auto document = std::make_shared<json::Document>(std::move(*parsed));
    co_await session_.calls.tool_call(entry, document, document->root());
  }
  // It may be held once more.
  if (task->running == entry) task->running = nullptr;
  for (auto& waiting : std::exchange(task->watching, {})) waiting.deliver(true);
}

}  // namespace pawl::mcp
