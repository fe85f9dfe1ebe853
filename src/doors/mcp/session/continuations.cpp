#include "doors/mcp/session/continuations.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"
#include "model/trace.h"

namespace pawl::mcp {

// The results of these methods may say that more is to come.
bool may_continue(std::string_view method) {
  return method == "tools/call" || method == "resources/read" || method == "prompts/get";
}

Continuations::Continuations(Session::Impl& session)
    : session_(session), request_states_(session.spec.random(key_bytes)) {}

Bound Continuations::binding(const Pending& entry) const {
  return {session_.spec.run, session_.spec.server, entry.method, entry.params};
}

bool Continuations::redeem(const PendingPtr& entry, const Message& message) {
  const auto text = message.params.text("requestState");
  auto continuation = text && may_continue(entry->method)
                          ? request_states_.redeem(*text, binding(*entry), session_.loop.now())
                          : std::nullopt;
  if (!continuation) {
    const Settled settled = session_.refuse(
        Code::ambiguous_request, entry->method,
        "`requestState` is not one that waits for this request: it was changed, used "
        "before, is too old, or belongs to another");
    session_.calls.settle(
        entry, {Reply::Kind::error, error_object(invalid_params, settled.text, settled.decision)});
    return false;
  }
  if (continuation->parked) {
    resume(continuation->parked, entry, message.params["inputResponses"]);
    return false;
  }
  entry->resumes = std::move(continuation->approval);
  entry->round = continuation->round;
  return true;
}

// Answers without a state are no answer: only a state says to which call they belong. Where the
// same request is open, or waits, they must not make a second one of it, with a second
// question. Where it is the first, the protocol has them ignored; the record says that they were.
bool Continuations::refuse_stray_answers(const PendingPtr& entry, const Message& message) {
  const json::View responses = message.params["inputResponses"];
  if (!responses.exists() || message.params["requestState"].exists()) return false;
  if (responses.is_object() && responses.size() == 0) return false;
  const auto same = [&entry](const PendingPtr& one) {
    return one != entry && one->method == entry->method && one->params == entry->params;
  };
  const bool waits =
      request_states_.wait_for(binding(*entry), session_.loop.now()) ||
      std::ranges::any_of(parked, same) ||
      std::ranges::any_of(session_.calls.pending, same, [](const auto& one) { return one.second; });
  if (responses.is_object() && !waits) return false;
  const Settled settled = session_.refuse(
      Code::ambiguous_request, entry->method,
      responses.is_object()
          ? "`inputResponses` came without a `requestState`, so it is not known what they answer; "
            "the same request waits already, and nothing was asked again"
          : "`inputResponses` is not an object");
  session_.calls.settle(
      entry, {Reply::Kind::error, error_object(invalid_params, settled.text, settled.decision)});
  return true;
}

bool Continuations::hold(const PendingPtr& entry, const std::string& approval) {
  if (!entry->stateless || entry->gone || approval.empty() || !may_continue(entry->method))
    return false;
  if (entry->task) return true;
  if (entry->tasks && session_.tasks.hold_as_task(entry, approval)) return true;
  if (entry->round >= continuations_of_a_call_max) return false;
  Continuation continuation;
  continuation.round = entry->round + 1;
  continuation.approval = approval;
  const std::string state =
      request_states_.issue(session_.spec.random(state_name_bytes), binding(*entry),
                            std::move(continuation), session_.loop.now());
  if (state.empty()) return false;
  session_.calls.pending.erase(entry->key);
  session_.calls.in_flight.erase(entry->server_id);
  session_.to_client(result_line(entry->id, fmt::format(R"({{"resultType":"input_required",)"
                                                        R"("requestState":"{}"}})",
                                                        state)),
                     entry->id);
  return true;
}

void Continuations::send_questions(const PendingPtr& entry) {
  if (entry->parked || entry->gone || entry->over || entry->questions.empty()) return;
  if (entry->task) {
    for (Question& question : entry->questions) question.shown = true;
    for (auto& waiting : std::exchange(entry->task->watching, {})) waiting.deliver(true);
    return;
  }
  if (session_.client_gone || !session_.calls.pending.contains(entry->key)) return;
  std::string requests;
  for (Question& question : entry->questions) {
    if (!requests.empty()) requests += ',';
    requests += fmt::format(R"("{}":{{"method":"{}")", question.key, question.method);
    if (!question.params.empty()) requests += fmt::format(R"(,"params":{})", question.params);
    requests += '}';
    question.shown = true;
  }
  Continuation continuation;
  continuation.round = ++entry->round;
  continuation.parked = entry;
  const std::string state =
      entry->round > continuations_of_a_call_max
          ? std::string()
          : request_states_.issue(session_.spec.random(state_name_bytes), binding(*entry),
                                  std::move(continuation), session_.loop.now());
  if (state.empty())
    return session_.elicitation.withdraw_all(*entry, "the client cannot be asked any more");
  session_.calls.pending.erase(entry->key);
  entry->parked = true;
  parked.push_back(entry);
  const std::weak_ptr<Session::Impl> self = session_.weak_from_this();
  entry->patience = session_.loop.after(continuation_lifetime, [self, entry] {
    if (auto session = self.lock()) session->continuations.abandon(entry);
  });
  session_.to_client(
      result_line(entry->id, fmt::format(R"({{"resultType":"input_required",)"
                                         R"("inputRequests":{{{}}},"requestState":"{}"}})",
                                         requests, state)),
      entry->id);
}

void Continuations::resume(const PendingPtr& entry, const PendingPtr& retry, json::View responses) {
  std::erase(parked, entry);
  entry->patience.reset();
  entry->parked = false;
  entry->id = retry->id;
  entry->key = retry->key;
  entry->token = retry->token;
  entry->shift = 0;
  entry->last_progress = -1;
  entry->offers = retry->offers;
  session_.calls.pending.insert_or_assign(entry->key, entry);
  if (entry->over) return session_.calls.settle(entry, std::move(entry->kept));
  std::vector<std::pair<Completion<Answer>, std::string>> answered;
  for (const Question& question : entry->questions) {
    const json::View response = responses[question.key];
    if (!question.shown || !response.is_object()) continue;
    answered.emplace_back(question.answer, json::write(response));
  }
  std::erase_if(entry->questions, [&](const Question& question) {
    return question.shown && responses[question.key].is_object();
  });
  // Who waits goes on inside, and may end the call.
  for (auto& [waiting, text] : answered) {
    waiting.deliver({Answer::Kind::result, std::move(text)});
  }
  // What was not answered is asked again.
  send_questions(entry);
}

void Continuations::abandon(const PendingPtr& entry) {
  std::erase(parked, entry);
  request_states_.forget(*entry);
  if (entry->over) {
    (void)session_.gate.alerts.note(session_.spec.run, "result dropped",
                                    "the client did not come back for it");
    return;
  }
  entry->gone = true;
  session_.elicitation.withdraw_all(*entry, "the client did not come back");
  if (entry->caller != nullptr && entry->caller->on_gone) entry->caller->on_gone();
}

}  // namespace pawl::mcp
