#include "gate/call/hold.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/approval/access_requests.h"
#include "gate/approval/approval_rules.h"
#include "gate/approval/approvals.h"
#include "gate/approval/clarification.h"
#include "gate/approval/lifecycle.h"
#include "gate/call/decide.h"
#include "gate/call/execute.h"
#include "gate/call/sub_run_limits.h"
#include "gate/decision/facts.h"
#include "kernel/admit/explain.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// Questions of the run that people could still answer, or whose answer is not used yet.
std::uint32_t questions(const Run& run) {
  return run.live - run.executing;
}

Next too_many(CallContext& context) {
  context.approval.clear();
  end_unsent(context);  // no person was asked
  return refuse(context, denial(context, Code::ceiling,
                                std::to_string(context.gate_state.limits.questions_per_run_max) +
                                    " approval requests of this run wait for people already"));
}

Next tell_pending(CallContext& context, const Approval& asked) {
  Verdict verdict(Effect::hold, context.tool ? context.tool->action_class : kMostDangerous);
  verdict.reason.code = Code::approval_pending;
  verdict.reason.says = asked.asked.terms->why;
  verdict.retry = true;
  context.phase = CallContext::Phase::over;
  Settled& reply = context.reply();
  reply.kind = Settled::Kind::pending;
  reply.code = Code::approval_pending;
  reply.call = context.call;
  reply.approval = context.approval;
  const Duration open{(context.gate_state.log.now() - asked.opened).ns / 1'000'000'000 *
                      1'000'000'000};
  reply.text = "waiting for a person: approval " + context.approval + " (open for " +
               (open.ns > 0 ? to_string(open) : "0s");
  if (const auto end = ends_at(asked)) {
    reply.text += "; until " + to_string(Instant{end->ns - end->ns % 1'000'000'000});
  }
  reply.text += "). call again with the same arguments to get the result; other work may continue.";
  reply.decision = decision_json(verdict, context.policy(), context.call, context.approval);
  const ClarificationText told = tell_clarification(context.gate_state, asked);
  if (!told.text.empty()) {
    reply.text += told.text;
    reply.decision.pop_back();
    reply.decision += R"(,"asks":)" + told.decision + '}';
    reply.asks = told.first;
  }
  return Next::reply;
}

void next_sign(CallContext& context) {
  GateState& gate_state = context.gate_state;
  gate_state.timers.at(
      std::min(context.sign, context.until), context.approval,
      [&gate_state](const std::string& approval) { keep_patient(gate_state, approval); });
}

// Where the tool says itself what this argument is, it is the tool's.
bool owns_reply_argument(const BoundTool& tool) {
  const Shape* shape = tool.shape();
  if (shape != nullptr && shape->find(reply_argument) != nullptr) return true;
  return std::ranges::any_of(tool.arguments, [](const ArgumentRule& rule) {
    return rule.path.size() == 1 && rule.path.front().name == reply_argument;
  });
}

// The call without the words: what is judged, shown and sent from here on.
bool without_reply(CallContext& context) {
  json::Writer out;
  out.object();
  for (const auto& [name, value] : context.asked.call.arguments.members()) {
    if (name != reply_argument) out.key(name).value(value);
  }
  auto document = json::parse(out.end().take());
  if (!document) return false;
  context.without_reply = std::make_unique<json::Document>(std::move(*document));
  context.asked.call.arguments = context.without_reply->root();
  return true;
}

bool write_reply(GateState& gate_state, const Approval& asked, const std::string& words) {
  const PayloadRef payload = payload_of(gate_state, asked.asked.run, words);
  const ApprovalReplied record{asked.asked.approval, payload.commitment.text()};
  const std::string person = asked.talk->remarks.back().person;
  if (!gate_state.log.append(record, {.payloads = {&payload, 1}})) return false;
  gate_state.notifier.news(
      {QuestionNews::Kind::replied,
       record.approval,
       "the agent said something to what `" + escape_untrusted(person) + "` asked",
       {person}});
  return true;
}

}  // namespace

std::optional<Next> take_reply(CallContext& context) {
  const json::View arguments = context.asked.call.arguments;
  if (!arguments.exists() || !arguments.is_object() || !context.tool) return std::nullopt;
  const json::View given = arguments[reply_argument];
  if (!given.exists() || owns_reply_argument(*context.tool)) return std::nullopt;
  if (context.state().phase != RunPhase::open) return std::nullopt;  // which is what is said
  GateState& gate_state = context.gate_state;
  const bool fits = given.is_string() && given.string().size() <= reply_bytes_max &&
                    !trim(given.string()).empty();
  if (!fits) {
    return refuse_uncharged(context, Code::constraint,
                            "`" + std::string(reply_argument) + "` is a text of at most " +
                                std::to_string(reply_bytes_max) + " bytes");
  }
  const std::string words(given.string());
  const Approval* asked = nullptr;
  if (without_reply(context)) {
    const Facts facts = gather(context);
    asked = gate_state.state.asked_back(
        context.state().id, to_string(binding_of(context.policy(), *context.tool, context.state(),
                                                 context.asked.call, facts)));
  }
  if (asked == nullptr) {
    return refuse_uncharged(context, Code::constraint,
                            "no reviewer is asked about this call; make it without `" +
                                std::string(reply_argument) + "`");
  }
  const std::string id = asked->asked.approval;
  if (asked->talk->unanswered() && !write_reply(gate_state, *asked, words)) {
    return refuse(context, denial(context, Code::audit_unavailable, gate_state.log.fault()));
  }
  context.asked.resumes = id;
  return std::nullopt;
}

Next ask(CallContext& context, const Verdict& verdict, About about) {
  GateState& gate_state = context.gate_state;
  const Run& run = context.state();
  if (questions(run) > gate_state.limits.questions_per_run_max) return too_many(context);
  const Question& question = *verdict.question;
  ApprovalOpened opened;
  opened.approval = context.approval;
  opened.call = context.call;
  opened.run = run.id;
  opened.binding = std::move(about.binding);
  opened.args = std::move(about.args);
  opened.agent = run.agent;
  opened.sponsor = run.sponsor;
  opened.tool = context.asked.call.name();
  opened.quorum = question.quorum;
  opened.typed = question.typed;
  opened.typed_of = question.typed_of;
  opened.deny_on_timeout = question.deny_on_timeout;
  if (verdict.credential != nullptr) opened.credential = *verdict.credential;
  opened.reviewers = question.reviewers;
  opened.expires = gate_state.log.now() + question.within;
  // With what the policy says to reviewers (`say`): reasons that a later look names stay in it.
  opened.why = verdict.reason.says.starts_with(question.why) ? verdict.reason.says : question.why;
  opened.class_text = to_string(verdict.action_class);
  opened.apart = question.apart;
  opened.identical = question.identical;
  opened.for_run = question.for_run;
  opened.likeness = std::move(about.likeness);
  if (!gate_state.log.append(std::move(opened))) {
    context.approval.clear();
    end_unsent(context);
    return refuse(context, denial(context, Code::audit_unavailable, gate_state.log.fault()));
  }
  remember_tool_context(context);
  remember_asking(context);
  gate_state.notifier.question(context.approval, reason_text(verdict, context.asked.call));
  return wait(context);
}

void remember_tool_context(CallContext& context) {
  const Proposal& asked = context.asked;
  context.run->tool_contexts[tool_key(asked.call.server, asked.call.tool)] = {
      asked.pin, asked.definition, asked.resolve, asked.read_sql, asked.find_program};
}

bool attach(CallContext& context, const Approval& asked) {
  ApprovalAttached back{asked.asked.approval, asked.call, true};
  context.call = asked.call;
  context.approval = asked.asked.approval;
  if (context.gate_state.log.append(std::move(back))) {
    remember_tool_context(context);
    return true;
  }
  context.call.clear();
  context.approval.clear();
  return false;
}

bool still_open(const CallContext& context) {
  const Approval* asked = context.gate_state.state.approval(context.approval);
  return asked != nullptr && asked->phase == ApprovalPhase::open &&
         !time_is_over(context.gate_state, *asked);
}

Next wait(CallContext& context) {
  GateState& gate_state = context.gate_state;
  const Approval& asked = *gate_state.state.approval(context.approval);
  const Duration left = time_until(gate_state, asked.asked.expires);
  const auto end = ends_at(asked);
  context.phase = CallContext::Phase::waiting;
  context.woken.emplace();
  context.since = gate_state.clock.boot();
  context.until = context.since + context.caller.patience(left);
  if (end) context.until = std::min(context.until, context.since + time_until(gate_state, *end));
  if (has_untold_remarks(gate_state, asked))
    context.until = context.since;  // its agent reads first what it is asked
  context.sign = context.since + gate_state.limits.progress_every;
  gate_state.waiting[context.approval] = &context;
  context.caller.waiting(context.approval, {}, left);
  next_sign(context);
  return Next::wait;
}

Next after_waiting(CallContext& context) {
  GateState& gate_state = context.gate_state;
  if (context.caller.gone()) {
    leave_alone(context);
    context.reply().kind = Settled::Kind::gone;
    return Next::reply;
  }
  if (const auto over = sub_run_is_over(context)) return *over;
  const Approval* asked = gate_state.state.approval(context.approval);
  if (still_open(context)) {
    leave_alone(context);
    return tell_pending(context, *asked);
  }
  if (const std::string fault = gate_state.log.fault(); !fault.empty()) {
    // The answer is kept for when there is room again; nothing is granted now.
    leave_alone(context);
    return refuse(context, denial(context, Code::audit_unavailable, fault));
  }
  gate_state.waiting.erase(context.approval);
  context.phase = CallContext::Phase::fresh;
  return look_again(context);
}

void keep_patient(GateState& gate_state, const std::string& approval) {
  const auto waiting = gate_state.waiting.find(approval);
  if (waiting == gate_state.waiting.end()) return;
  CallContext& context = *waiting->second;
  const Duration now = gate_state.clock.boot();
  // An entry of an earlier wait for the same question: the present one has its own.
  if (now < std::min(context.sign, context.until)) return;
  const Approval& asked = *gate_state.state.approval(approval);
  if (time_is_over(gate_state, asked)) return expire(gate_state, approval);
  if (now >= context.until) return wake(context);
  context.caller.waiting(approval, Duration{now.ns - context.since.ns},
                         time_until(gate_state, asked.asked.expires));
  context.sign = now + gate_state.limits.progress_every;
  next_sign(context);
}

}  // namespace pawl
