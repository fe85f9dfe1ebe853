#include "doors/mcp/session/upstream_call.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "gate/state/ports.h"
#include "kernel/policy/policy.h"

namespace pawl::mcp {
namespace {

// How often a stateless server may ask for more within one call.
constexpr unsigned rounds_max = 10;
constexpr Duration pace = Duration::milliseconds(250);
// After a cancellation a server need not answer; what it does not say in this time is not known.
constexpr Duration answer_after_cancel_max = Duration::seconds(2);

// From here on something of the call is at the server.
void goes_out(Pending& entry, Pass* pass, std::string_view tool, std::string_view arguments) {
  entry.sent = true;
  if (pass == nullptr) return;
  pass->tool = std::string(tool);
  pass->arguments = std::string(arguments);
}

}  // namespace

void UpstreamCall::entitle(std::string_view credential) {
  if (!session_->transports.server->carries_secrets()) return;
  pass_ = std::make_shared<Pass>();
  pass_->credential = std::string(credential);
}

Task<Outcome> UpstreamCall::execute(std::string_view tool, std::string_view arguments) {
  if (session_->server_gone || entry_->incarnation != session_->restart.incarnation) {
    const std::string why = co_await returned(tool);
    if (!why.empty()) co_return failed(why);
  }
  goes_out(*entry_, pass_.get(), tool, arguments);
  if (method_ == "resources/subscribe") session_->subscriptions.remember(*entry_, arguments);
  std::string params = params_for(tool, arguments);
  tasked_ = wants_server_task();
  if (tasked_) {
    const auto most = session_->spec.call_deadline.ns / 1'000'000;
    params = with_members(params, fmt::format(R"("task":{{"ttl":{}}})", most));
  }
  const bool stateless = session_->handshake.server_era == Era::stateless;
  if (stateless && method_ == "logging/setLevel") co_return keep_level(arguments);
  if (stateless && method_.starts_with("resources/") && method_.ends_with("subscribe")) {
    co_return co_await subscription(arguments);
  }
  std::string more;  // members of a retry at a stateless server
  const auto decided_under = stateless ? session_->gate.runs.policy_of(session_->spec.run)
                                       : std::shared_ptr<const Policy>();
  for (unsigned round = 1;; ++round) {
    auto ticket = more.empty() ? send(params) : send(with_members(params, more));
    Answer answer = co_await ticket.answer;
    timer_.reset();
    if (session_->handshake.server_era != Era::stateless || answer.kind != Answer::Kind::result) {
      const bool may = tasked_ && answer.kind == Answer::Kind::result;
      const auto task = may ? read_made_task(answer.text) : std::nullopt;
      if (task) co_return co_await follow(*task);
      co_return outcome_of(std::move(answer));
    }
    FromStateless said = from_stateless(answer.text);
    if (said.kind == FromStateless::Kind::complete) {
      answer.text = std::move(said.text);
      co_return outcome_of(std::move(answer));
    }
    if (said.kind == FromStateless::Kind::task) {
      const auto document = json::parse(answer.text, as_it_came);
      const auto task = document ? read_server_task(document->root()) : std::nullopt;
      if (task && method_ == "tools/call") co_return co_await follow(*task);
    }
    const bool asks = said.kind == FromStateless::Kind::input_required && round < rounds_max;
    if (!asks) co_return failed("the tool server did not come to a result");
    session_->calls.in_flight.erase(entry_->server_id);
    session_->calls.by_server_id.erase(entry_->server_id);
    entry_->server_id = 0;
    more = co_await fulfil(std::move(answer.text));
    if (cancelled_) co_return sent({Outcome::Kind::cancelled, {}, "cancelled by the client"});
    if (more.empty()) co_return failed("the tool server asked for what it is not granted");
    // The last look again: what was let run is not let run for ever.
    const Call call{session_->spec.server, tool, {}};
    if (!session_->goes_on(call, decided_under.get())) {
      co_return failed("the run was stopped, or its policy changed, before it was over");
    }
    if (session_->server_gone)
      co_return failed("the tool server ended after it had asked for more");
  }
}

Task<std::string> UpstreamCall::returned(std::string_view tool) {
  const auto decided_under = session_->gate.runs.policy_of(session_->spec.run);
  const bool there =
      co_await session_->restart.ensure_running() && co_await session_->lists.tools_known();
  if (!there) co_return session_->restart.why_unavailable();
  if (method_ == "tools/call") {
    const CatalogEntry& now = session_->lists.catalog.find(tool);
    const bool same = now.definition && entry_->definition &&
                      now.definition->digest == entry_->definition->digest &&
                      (now.pin == PinState::accepted || now.pin == PinState::first_use);
    if (!same) {
      co_return std::string(
          "the tool server was started again and offers this tool no more as it was judged; "
          "nothing was sent");
    }
  }
  // The last look again: starting a server took its time.
  const Call call{session_->spec.server, tool, {}};
  if (entry_->gone || entry_->cancelled || !session_->goes_on(call, decided_under.get())) {
    co_return std::string("the call was stopped before its server was there; nothing was sent");
  }
  entry_->incarnation = session_->restart.incarnation;
  co_return std::string();
}

void UpstreamCall::cancel() {
  if (cancelled_) return;
  if (!entry_->server_task.empty()) {
    cancelled_ = true;
    return stop("cancelled");
  }
  cancelled_ = entry_->server_id != 0 || asking_;
  if (asking_) return session_->elicitation.withdraw_all(*entry_, "cancelled");
  if (entry_->server_id == 0) return;
  // Where the server makes a task of it, the task is what ends it, once its id is known.
  if (!tasked_) tell_server("cancelled by the client");
  const Duration within = entry_->cancelled ? cancelled_task_within : answer_after_cancel_max;
  timer_ = session_->loop.after(within, [this] {
    if (tasked_) tell_server("cancelled by the client");
    waiting_.deliver({Answer::Kind::lost, "cancelled; the server did not say what became of it"});
  });
}

Requests::Ticket UpstreamCall::send(std::string_view params) {
  session_->transports.server->entitle(pass_);
  const std::string meta = session_->calls.meta_for(*entry_);
  auto ticket = meta.empty() ? session_->server_requests->send(method_, params)
                             : session_->server_requests->send(method_, with_meta(params, meta));
  entry_->server_id = ticket.id;
  if (!entry_->token.empty()) session_->calls.by_server_id[ticket.id] = entry_;
  session_->calls.in_flight[ticket.id] = entry_;
  waiting_ = ticket.answer;
  timer_ = session_->loop.after(session_->spec.call_deadline, [this] {
    const std::string why = "the tool server did not answer in time";
    tell_server(why);
    // Last: the call that waits goes on inside, and this object may be gone afterwards.
    waiting_.deliver({Answer::Kind::lost, why});
  });
  return ticket;
}

Outcome UpstreamCall::outcome_of(Answer answer) const {
  switch (answer.kind) {
    case Answer::Kind::result: {
      std::string clean = without_reserved(answer.text);
      if (!clean.empty()) session_->server.note_reserved();
      return sent(
          {Outcome::Kind::result, clean.empty() ? std::move(answer.text) : std::move(clean), {}});
    }
    case Answer::Kind::error: {
      std::string text = session_->server.filtered_error(std::move(answer.text));
      // The gate keeps back the words; a number holds as much.
      if (session_->calls.withholds(*entry_)) text = error_under_scope(text);
      return sent({Outcome::Kind::error, std::move(text), {}});
    }
    case Answer::Kind::lost:
      break;
  }
  return sent({cancelled_ ? Outcome::Kind::cancelled : Outcome::Kind::lost, {}, answer.text});
}

Outcome UpstreamCall::failed(std::string_view why, int code) const {
  return sent({Outcome::Kind::error, error_object(code, why), {}});
}

Outcome UpstreamCall::sent(Outcome outcome) const {
  if (pass_) outcome.sent_with = pass_->used;
  return outcome;
}

// A stateless server has no such method: it reads the level in each request.
Outcome UpstreamCall::keep_level(std::string_view arguments) {
  const auto document = json::parse(arguments);
  const auto level = document ? document->root().text("level") : std::nullopt;
  if (!level || gravity(*level) < 0) {
    return {Outcome::Kind::error, error_object(invalid_params, "no such level"), {}};
  }
  session_->subscriptions.log_level = std::string(*level);
  return {Outcome::Kind::result, "{}", {}};
}

// A stateless server is told where it is heard.
Task<Outcome> UpstreamCall::subscription(std::string_view arguments) {
  if (method_ == "resources/subscribe")
    co_return co_await session_->subscriptions.subscribe(arguments);
  const auto document = json::parse(arguments);
  session_->subscriptions.unsubscribe(
      std::string(document ? document->root().text("uri").value_or("") : ""));
  co_return Outcome{Outcome::Kind::result, "{}", {}};
}

Task<std::string> UpstreamCall::fulfil(std::string asked) {
  const auto document = json::parse(asked, as_it_came);
  if (!document) co_return std::string();
  const json::View root = document->root();
  if (root["inputRequests"].size() > questions_of_a_call_max) co_return std::string();
  asking_ = true;
  std::vector<std::pair<std::string, Completion<std::string>>> open;
  for (auto [key, request] : root["inputRequests"].members()) {
    open.emplace_back(std::string(key), Completion<std::string>());
    start(session_, respond(open.back().first, request, open.back().second));
  }
  bool all = true;
  std::string responses;
  for (auto& [key, answered] : open) {
    const std::string response = co_await answered;
    all = all && !response.empty();
    responses += responses.empty() ? "{" : ",";
    json::write_string(key, responses);
    responses += ':' + response;
  }
  asking_ = false;
  if (!all || cancelled_) co_return std::string();
  std::string members;
  if (!responses.empty()) members = R"("inputResponses":)" + responses + '}';
  if (const auto state = root.text("requestState")) {
    members += members.empty() ? R"("requestState":)" : R"(,"requestState":)";
    json::write_string(*state, members);
  }
  // Nothing but a state: the server wants to be asked again a little later.
  if (responses.empty()) co_await session_->loop.sleep(pace);
  co_return members;
}

Task<void> UpstreamCall::respond(std::string key, json::View request,
                                 Completion<std::string> answered) {
  const std::string method(request.text("method").value_or(""));
  const json::View params = request["params"];
  const Offers& offered = entry_->stateless ? entry_->offers : session_->client.offers;
  const bool known = server_request(method) == ServerAsks::decide_before ||
                     server_request(method) == ServerAsks::decide_answer;
  std::string response;
  if (known && session_->elicitation.may_ask(method, params, offered)) {
    const PassAnswer pass = [&response](std::string_view answer) {
      response = std::string(answer);
      return true;
    };
    const std::string text = params.exists() ? without_meta(params) : "{}";
    (void)co_await session_->elicitation.decide(entry_, {}, method, text, pass, key);
  } else {
    (void)session_->gate.alerts.note(
        session_->spec.run, "server request refused",
        "`" + escape_untrusted(method.substr(0, 64)) + "` in a result");
  }
  // A form can be turned down in the protocol itself; for the others there is no such answer.
  if (response.empty() && method == "elicitation/create") response = R"({"action":"cancel"})";
  answered.deliver(std::move(response));
}

std::string UpstreamCall::params_for(std::string_view tool, std::string_view arguments) const {
  if (method_ != "tools/call") return std::string(arguments);
  std::string params;
  params.reserve(tool.size() + arguments.size() + 40);
  params += R"({"name":)";
  json::write_string(tool, params);
  if (!without_arguments_ || arguments != "{}") {
    params += R"(,"arguments":)";
    params += arguments;
  }
  params += '}';
  return params;
}

void UpstreamCall::tell_server(const std::string& reason) {
  session_->server.cancel(entry_->server_id, reason);
}

namespace {

constexpr Duration stopped_within = Duration::seconds(2);
constexpr Duration watched_every = Duration::seconds(1);
// In a row without an answer: what becomes of it is not known any more.
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
      session_->handshake.server_hello.root()["capabilities"]["tasks"]["requests"]["tools"];
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
  return session_->server_requests->send(method, text);
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

// Until the task is over, even where the client has gone: its record is open as long.
Task<Outcome> UpstreamCall::follow(ServerTask task) {
  entry_->server_task = task.id;
  task_ends_ = session_->loop.now() + session_->spec.call_deadline;
  watch_task();
  session_->tasks.show(entry_);
  // It was cancelled before it was known to be a task.
  if (cancelled_) stop("cancelled");
  const bool stateful = session_->handshake.server_era != Era::stateless;
  for (;;) {
    if (stateful && !stopping_) {
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

// Of the stateful era: it waits for the end, and carries what the server asks meanwhile.
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
  const bool stateless = session_->handshake.server_era == Era::stateless;
  // In the stateful era the result itself is asked for, some times.
  const bool again =
      !stateless && task.status == TaskStatus::completed && failed_results_ < results_failed_max;
  if (is_over(task.status) && !again) co_return end_of_task(task.status, document->root());
  const json::View asked = document->root()["inputRequests"];
  const bool asks = stateless && task.status == TaskStatus::input_required && asked.size() > 0;
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
      FromStateless said = from_stateless(plain.empty() ? json::write(result) : plain);
      if (said.kind != FromStateless::Kind::complete) break;
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
  // It ended, and how is not known.
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
    const auto policy = session_->gate.runs.policy_of(session_->spec.run);
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
  // Last, and by copies: the call that waits goes on inside, and this object may be gone
  // afterwards.
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
  (void)session_->gate.alerts.note(
      session_->spec.run, confirmed ? "task cancelled" : "task not confirmed as cancelled",
      fmt::format("{}: {}; {}", escape_untrusted(session_->spec.server), stopped_because_,
                  confirmed ? "the server confirms that its task is cancelled"
                            : "the server was told, and does not say that its task has ended"));
  // A client that cancelled knows; what ran out of time may go on unnoticed.
  const bool known = confirmed || cancelled_;
  co_return sent({known ? Outcome::Kind::cancelled : Outcome::Kind::lost,
                  {},
                  stopped_because_ + ", and the server does not say what became of its task"});
}

}  // namespace pawl::mcp
