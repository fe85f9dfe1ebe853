#include "doors/mcp/session/upstream_call.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"

namespace pawl::mcp {
namespace {

constexpr Duration stopped_within = Duration::seconds(2);
constexpr Duration watched_every = Duration::seconds(1);
// In a row without an answer: nobody can say any more what becomes of it.
constexpr unsigned looks_failed_max = 3;
constexpr unsigned results_failed_max = 3;

}  // namespace

// How the server is told to stop a task, and what it says to that.
struct UpstreamCall::Stopping {
  Completion<bool> over;
  std::optional<TaskStatus> said;
};

bool UpstreamCall::wants_server_task() const {
  if (method_ != "tools/call" || session_->handshake.server_era != Era::stateful ||
      !entry_->definition) {
    return false;
  }
  const json::View offered =
      session_->handshake.said.root()["capabilities"]["tasks"]["requests"]["tools"];
  if (!offered["call"].exists()) return false;
  const std::string support = task_support(entry_->definition->text);
  return support == "required" || (support == "optional" && entry_->task);
}

Requests::Ticket UpstreamCall::send_about_task(std::string_view method, std::string_view more) {
  json::Writer params;
  params.object().key("taskId").string(entry_->server_task).end();
  std::string text = with_members(params.text(), more);
  if (session_->handshake.server_era == Era::stateless) {
    text = with_meta(text, entry_->envelope ? *entry_->envelope : *session_->handshake.envelope);
  }
  session_->transports.server->entitle(pass_);
  return session_->at_server->send(method, text);
}

// Every request of it may carry questions: over HTTP they come on its stream.
Task<Answer> UpstreamCall::ask_about_task(std::string_view method, std::string_view more) {
  auto ticket = send_about_task(method, more);
  waiting_ = ticket.answer;
  session_->calls.in_flight[ticket.id] = entry_;
  Answer answer = co_await ticket.answer;
  session_->calls.in_flight.erase(ticket.id);
  co_return answer;
}

// Until the task is over, whoever asked for the call: its record is open as long.
Task<Outcome> UpstreamCall::follow(ServerTask task) {
  entry_->server_task = task.id;
  task_ends_ = session_->loop.now() + session_->spec.call_deadline;
  watch_task();
  session_->tasks.show(entry_);
  // It was cancelled before anybody knew that it is a task.
  if (cancelled_) stop("cancelled");
  const bool older = session_->handshake.server_era != Era::stateless;
  for (;;) {
    if (older && !stopping_) {
      auto end = co_await result_of_task();
      if (end) co_return *std::move(end);
    }
    if (!stopping_) {
      auto end = co_await look_at_task(task);
      if (end) co_return *std::move(end);
    }
    if (!stopping_) co_await nap(task.poll);
    if (stopping_) co_return co_await stopped();
  }
}

// Of the older era: it waits for the end, and carries what the server asks meanwhile.
Task<std::optional<Outcome>> UpstreamCall::result_of_task() {
  Answer answer = co_await ask_about_task("tasks/result");
  if (stopping_) co_return std::nullopt;
  if (answer.kind == Answer::Kind::result) {
    answer.text = without_related_task(answer.text);
    co_return outcome_of(std::move(answer));
  }
  last_error_ = answer.kind == Answer::Kind::error ? std::move(answer.text) : std::string();
  ++failed_results_;
  co_return std::nullopt;
}

// How it stands, and what its server wants to know.
Task<std::optional<Outcome>> UpstreamCall::look_at_task(ServerTask& task) {
  const Answer said = co_await ask_about_task("tasks/get");
  if (stopping_) co_return std::nullopt;
  const auto document = json::parse(said.kind == Answer::Kind::result ? said.text : "", as_it_came);
  const auto seen = document ? read_server_task(document->root()) : std::nullopt;
  if (session_->server_gone || entry_->incarnation != session_->restart.incarnation) {
    co_return sent({Outcome::Kind::lost, {}, "the tool server ended, and its task with it"});
  }
  if (!seen || seen->id != entry_->server_task) {
    if (++failed_looks_ < looks_failed_max) co_return std::nullopt;
    co_return sent(
        {Outcome::Kind::lost, {}, "the tool server does not say what became of its task"});
  }
  failed_looks_ = 0;
  task = *seen;
  const bool modern = session_->handshake.server_era == Era::stateless;
  // In the older era the result itself is asked for, some times.
  const bool again =
      !modern && task.status == TaskStatus::completed && failed_results_ < results_failed_max;
  if (is_over(task.status) && !again) co_return end_of_task(task.status, document->root());
  const json::View asked = document->root()["inputRequests"];
  const bool asks = modern && task.status == TaskStatus::input_required && asked.size() > 0;
  std::string which = asks ? json::write(asked) : std::string();
  if (!asks || which == answered_) co_return std::nullopt;
  const std::string more = co_await fulfil(said.text);
  if (stopping_) co_return std::nullopt;
  if (more.empty()) {
    // For what it is not told it would wait without end.
    stop("it asked for what it is not granted");
    co_return std::nullopt;
  }
  answered_ = std::move(which);
  (void)co_await ask_about_task("tasks/update", more);
  co_return std::nullopt;
}

Task<void> UpstreamCall::nap(Duration time) {
  nap_ = {};
  const net::Timer enough =
      session_->loop.after(time, [waiting = nap_]() mutable { waiting.deliver(true); });
  (void)co_await nap_;
}

Outcome UpstreamCall::end_of_task(TaskStatus status, json::View task) {
  switch (status) {
    case TaskStatus::completed: {
      const json::View result = task["result"];
      if (!result.is_object()) break;
      const std::string plain = without_lookalikes(result);
      FromModern said = from_modern(plain.empty() ? json::write(result) : plain);
      if (said.kind != FromModern::Kind::complete) break;
      return outcome_of({Answer::Kind::result, std::move(said.text)});
    }
    case TaskStatus::failed: {
      const json::View error = task["error"];
      if (error.is_object()) return outcome_of({Answer::Kind::error, json::write(error)});
      if (!last_error_.empty()) return outcome_of({Answer::Kind::error, last_error_});
      const std::string words(task.text("statusMessage").value_or(""));
      // Its words, so not under the code that only pawl's have.
      return failed("the task of the tool server failed" + (words.empty() ? "" : ": " + words),
                    internal_error);
    }
    case TaskStatus::cancelled:
      return failed("the tool server cancelled its task");
    case TaskStatus::working:
    case TaskStatus::input_required:
      break;
  }
  // It came to an end, and nobody knows to which.
  return sent({Outcome::Kind::lost, {}, "the tool server does not tell the result of its task"});
}

// The deadline of a call counts for all of it, and nothing of a run outlives the run.
void UpstreamCall::watch_task() {
  watch_ = session_->loop.after(watched_every, [this] {
    if (session_->loop.now() >= task_ends_) return stop("it did not come to its end in time");
    const Run* run = session_->gate.state().run(session_->spec.run);
    if (run == nullptr || run->phase == RunPhase::closed || run->phase == RunPhase::killed) {
      return stop("the run is over");
    }
    const auto policy = session_->gate.policy_of(session_->spec.run);
    const auto& most = policy ? policy->ceilings.wall_clock : std::optional<Duration>();
    if (most && session_->spec.now && run->clock(session_->spec.now()) > *most) {
      return stop("the time of the run is over");
    }
    watch_task();
  });
}

void UpstreamCall::stop(const std::string& why) {
  if (stopping_) return;
  stopping_ = std::make_shared<Stopping>();
  stopped_because_ = why;
  auto ticket = send_about_task("tasks/cancel");
  start(session_,
        [](std::shared_ptr<Session::Impl> session, Requests::Ticket open,
           std::shared_ptr<Stopping> stopping,
           Duration within) -> Task<void> {
          const net::Timer enough = session->loop.after(within, [answer = open.answer]() mutable {
            answer.deliver({Answer::Kind::lost, "it did not answer"});
          });
          const Answer answer = co_await open.answer;
          const auto document =
              json::parse(answer.kind == Answer::Kind::result ? answer.text : "", as_it_came);
          if (document) {
            if (const auto task = read_server_task(document->root())) stopping->said = task->status;
          }
          stopping->over.deliver(true);
        }(session_, std::move(ticket), stopping_,
                            entry_->cancelled ? cancelled_task_within : stopped_within));
  // Last, and by copies: whoever waits goes on inside, and this object may be gone afterwards.
  const auto session = session_;
  const auto entry = entry_;
  Completion<Answer> waiting = waiting_;
  Completion<bool> napping = nap_;
  if (asking_) session->elicitation.withdraw_all(*entry, "cancelled");
  waiting.deliver({Answer::Kind::lost, "cancelled"});
  napping.deliver(true);
}

// What the server made of it is asked once more: a task may have ended before it heard.
Task<Outcome> UpstreamCall::stopped() {
  const auto stopping = stopping_;
  (void)co_await stopping->over;
  std::optional<TaskStatus> status = stopping->said;
  if (status != TaskStatus::cancelled) {
    const net::Timer enough = session_->loop.after(
        stopped_within, [this] { waiting_.deliver({Answer::Kind::lost, "it did not answer"}); });
    const Answer said = co_await ask_about_task("tasks/get");
    const auto document =
        json::parse(said.kind == Answer::Kind::result ? said.text : "", as_it_came);
    const auto seen = document ? read_server_task(document->root()) : std::nullopt;
    if (seen) status = seen->status;
    const bool ended =
        seen && (seen->status == TaskStatus::completed || seen->status == TaskStatus::failed);
    if (ended && session_->handshake.server_era == Era::stateless) {
      co_return end_of_task(seen->status, document->root());
    }
    if (ended) {
      Answer result = co_await ask_about_task("tasks/result");
      if (result.kind == Answer::Kind::result) result.text = without_related_task(result.text);
      if (result.kind != Answer::Kind::lost) co_return outcome_of(std::move(result));
    }
  }
  const bool confirmed = status == TaskStatus::cancelled;
  (void)session_->gate.note(
      session_->spec.run, confirmed ? "task cancelled" : "task not confirmed as cancelled",
      fmt::format("{}: {}; {}", escape_untrusted(session_->spec.server), stopped_because_,
                  confirmed ? "the server confirms that its task is cancelled"
                            : "the server was told, and does not say that its task has ended"));
  // Who cancelled knows; of what ran out of time and may go on, nobody does.
  const bool known = confirmed || cancelled_;
  co_return sent({known ? Outcome::Kind::cancelled : Outcome::Kind::lost,
                  {},
                  stopped_because_ + ", and the server does not say what became of its task"});
}

}  // namespace pawl::mcp
