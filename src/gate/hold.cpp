#include "gate/hold.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gate/bounds.h"
#include "gate/decide.h"
#include "gate/execute.h"
#include "gate/grants.h"
#include "gate/people.h"
#include "gate/talk.h"
#include "kernel/admit/explain.h"

namespace pawl {

namespace {

Duration until(const GateState& gate_state, Instant end) {
  return {std::max<std::int64_t>(0, (end - gate_state.clock.now()).ns)};
}

// Questions of the run that people could still answer, or whose answer nobody used yet.
std::uint32_t questions(const Run& run) {
  return run.live - run.executing;
}

Next too_many(CallContext& context) {
  context.approval.clear();
  end_unsent(context);  // nobody was asked
  return refuse(context, denial(context, Code::ceiling,
                                std::to_string(context.gate_state.limits.questions_per_run_max) +
                                    " questions of this run wait for people already"));
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
  const ToldTalk told = tell_talk(context.gate_state, asked);
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

}  // namespace

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
  opened.why = question.why;
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
  remember_means(context);
  remember_asking(context);
  gate_state.notifier.question(context.approval, reason_text(verdict, context.asked.call));
  return wait(context);
}

void remember_means(CallContext& context) {
  const Proposal& asked = context.asked;
  std::string key(asked.call.server);
  key.append("\n").append(asked.call.tool);
  context.run->means[std::move(key)] = {asked.pin, asked.definition, asked.resolve, asked.read_sql,
                                        asked.find_program};
}

void schedule_end(GateState& gate_state, const Approval& approval) {
  const auto end = ends_at(approval);
  if (!end) return;
  gate_state.timers.at(gate_state.clock.boot() + until(gate_state, *end), approval.asked.approval,
                       [&gate_state](const std::string& id) { expire(gate_state, id); });
}

bool attach(CallContext& context, const Approval& asked) {
  ApprovalAttached back{asked.asked.approval, asked.call, true};
  context.call = asked.call;
  context.approval = asked.asked.approval;
  if (context.gate_state.log.append(std::move(back))) {
    remember_means(context);
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
  const Duration left = until(gate_state, asked.asked.expires);
  const auto end = ends_at(asked);
  context.phase = CallContext::Phase::waiting;
  context.woken.emplace();
  context.since = gate_state.clock.boot();
  context.until = context.since + context.caller.patience(left);
  if (end) context.until = std::min(context.until, context.since + until(gate_state, *end));
  if (untold(gate_state, asked))
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
  if (const auto over = part_is_over(context)) return *over;
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

void leave_alone(CallContext& context) {
  GateState& gate_state = context.gate_state;
  context.phase = CallContext::Phase::over;
  gate_state.waiting.erase(context.approval);
  const Approval* asked = gate_state.state.approval(context.approval);
  const bool usable = asked != nullptr && (asked->phase == ApprovalPhase::open ||
                                           asked->phase == ApprovalPhase::approved);
  if (!usable) return end_unsent(context);  // answered no, or withdrawn, and nobody to tell
  (void)gate_state.log.append(ApprovalAttached{context.approval, context.call, false},
                              {.urgency = Urgency::reserve});
  schedule_end(gate_state, *gate_state.state.approval(context.approval));
}

void expire(GateState& gate_state, const std::string& approval) {
  const Approval* asked = gate_state.state.approval(approval);
  if (asked == nullptr || !time_is_over(gate_state, *asked)) return;
  if (asked->phase != ApprovalPhase::open && asked->phase != ApprovalPhase::approved) return;
  const std::string call = asked->call;
  (void)gate_state.log.append(ApprovalEnded{approval, "expired", call},
                              {.urgency = Urgency::reserve});
  wake_or_end(gate_state, approval, call);
}

void wake_or_end(GateState& gate_state, const std::string& approval, const std::string& call) {
  gate_state.remarks_told.erase(approval);
  const auto waiting = gate_state.waiting.find(approval);
  if (waiting != gate_state.waiting.end()) return wake(*waiting->second);
  // The state forgets questions that ended long ago, but not the calls that they held.
  const Approval* asked = gate_state.state.approval(approval);
  const bool usable = asked != nullptr && (asked->phase == ApprovalPhase::open ||
                                           asked->phase == ApprovalPhase::approved);
  const LiveCall* held = gate_state.state.call(call);
  if (usable || held == nullptr || held->phase != CallPhase::held) return;
  if (held->approval == approval)
    abort_call(gate_state, std::string(held->id), std::string(held->run));
}

void end_held(GateState& gate_state, const std::string& run) {
  std::vector<UsableQuestion> held;
  for (const auto& [id, call] : gate_state.state.calls()) {
    if (call.run == run && call.phase == CallPhase::held) held.push_back({call.approval, id});
  }
  std::ranges::sort(held);
  for (const auto& [approval, call] : held) wake_or_end(gate_state, approval, call);
}

std::vector<UsableQuestion> usable_questions(const State& state) {
  std::vector<UsableQuestion> usable;
  for (const auto& [id, approval] : state.approvals()) {
    if (approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved) {
      usable.push_back({id, approval.call});
    }
  }
  std::ranges::sort(usable);
  return usable;
}

std::vector<std::string> end_withdrawn(GateState& gate_state,
                                       const std::vector<UsableQuestion>& before) {
  std::vector<std::string> gone;
  for (const auto& [approval, call] : before) {
    const Approval* asked = gate_state.state.approval(approval);
    if (asked != nullptr && asked->phase != ApprovalPhase::withdrawn) continue;
    gone.push_back(approval);
    wake_or_end(gate_state, approval, call);
  }
  return gone;
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
                         until(gate_state, asked.asked.expires));
  context.sign = now + gate_state.limits.progress_every;
  next_sign(context);
}

}  // namespace pawl
