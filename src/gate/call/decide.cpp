#include "gate/call/decide.h"

#include <utility>
#include <vector>

#include "gate/alert/escalation.h"
#include "gate/approval/access_requests.h"
#include "gate/approval/change.h"
#include "gate/approval/clarification.h"
#include "gate/approval/lifecycle.h"
#include "gate/approval/prior_decisions.h"
#include "gate/call/circles.h"
#include "gate/call/hold.h"
#include "gate/call/sub_run_limits.h"
#include "gate/decision/pipeline.h"
#include "gate/run/denial_throttle.h"
#include "gate/run/observation.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/let_through.h"
#include "kernel/policy/policy.h"
#include "kernel/state/live.h"
#include "kernel/state/vigilance.h"
#include "model/access.h"

namespace pawl {
namespace {

// Where the role is watched and not stopped, what is neither dangerous nor forbidden runs.
void watch(const CallContext& context, Evaluation& evaluation) {
  if (evaluation.verdict.runs() || is_vigilance(context.state())) return;
  if (enforcement(context.gate_state, context.state().agent) == Enforcement::enforced) return;
  evaluation.passing =
      let_through(situation_of(context, evaluation.facts, evaluation.at, evaluation.look),
                  evaluation.verdict, context.asked.definition);
}

// Writes the decision with the payloads that it commits to. A grant is refused room on a full disk;
// a denial is not. What lets the call run is kept in `context.forwarded`.
Result<std::uint64_t> write(CallContext& context, Evaluation& evaluation, CallDecided record) {
  const bool denied = evaluation.verdict.effect == Effect::deny && !evaluation.passing;
  const std::vector<Rewrite>& rewrites =
      evaluation.passing ? evaluation.passing->rewrites : evaluation.verdict.rewrites;
  const json::View arguments = context.asked.call.arguments;
  std::string received = arguments.exists() ? json::write(arguments) : "{}";
  record.args_bytes = received.size();
  std::string sent;
  std::vector<PayloadRef> payloads;
  if (denied && received.size() > context.gate_state.limits.denied_payload_bytes_max) {
    record.args = to_string(sha256(received));
  } else {
    payloads.push_back(payload_of(context.gate_state, context.asked.run, received));
    record.args = payloads.back().commitment.text();
  }
  if (!denied && !rewrites.empty()) {
    auto rewritten = forwarded_arguments(arguments, rewrites);
    PAWL_TRY(rewritten);
    sent = std::move(*rewritten);
    payloads.push_back(payload_of(context.gate_state, context.asked.run, sent));
    record.forwarded = payloads.back().commitment.text();
  }
  evaluation.args = record.args;
  const auto said = record.candidate ? candidate_kind(record) : std::nullopt;
  const std::string unsaid = said == CandidateKind::error ? record.candidate->why : std::string();
  const auto seq = context.gate_state.log.append(
      std::move(record), {.payloads = payloads,
                          .urgency = denied ? Urgency::reserve : Urgency::ordinary,
                          .at = evaluation.at});
  if (seq && said) count_candidate(context, *said, unsaid);
  if (seq && evaluation.runs()) {
    context.forwarded = sent.empty() ? std::move(received) : std::move(sent);
  }
  return seq;
}

// Records a look. False: it could not be written, and it was not a denial.
bool record(CallContext& context, Evaluation& evaluation) {
  GateState& gate_state = context.gate_state;
  const Verdict& verdict = evaluation.verdict;
  const bool proposal = evaluation.look == Look::proposal;
  if (proposal && verdict.effect == Effect::deny && !verdict.halt && !evaluation.passing &&
      !written_out(gate_state, context.state(), evaluation.at)) {
    count_refusal(gate_state, *context.run, context.asked.run, verdict.reason.code);
    return true;
  }
  if (proposal) context.call = call_id(gate_state);
  CallDecided decided = to_record(context, evaluation);
  const bool holds = verdict.effect == Effect::hold && !evaluation.passing;
  if (holds) {
    context.approval = new_id(gate_state, "a");
    decided.args_digest = binding_text(context, evaluation.facts);
  }
  if (holds || (!proposal && evaluation.facts.approval)) {
    decided.approval = context.approval;
  }
  const auto& answer = evaluation.facts.approval;
  if (proposal && verdict.runs() && answer) decided.approval = answer->approval;  // it stands
  const auto seq = write(context, evaluation, std::move(decided));
  if (seq) {
    context.decided = *seq;
    return true;
  }
  if (proposal) context.call.clear();
  if (holds) context.approval.clear();
  return verdict.effect == Effect::deny && !evaluation.passing;
}

void tell(CallContext& context, const Verdict& verdict) {
  if (!verdict.halt && !verdict.notify) return;
  const std::string sentence = reason_text(verdict, context.asked.call);
  if (verdict.halt) halt(context.gate_state, context.asked.run, verdict.reason.code, sentence);
  if (verdict.notify && verdict.runs()) {
    alert_people(context.gate_state, context.asked.run, "notify", sentence);
  }
}

Next let_run(CallContext& context, const Verdict& verdict) {
  context.phase = CallContext::Phase::granted;
  context.grant = context.watched ? std::string() : verdict.grant;
  context.decided_under = context.run->policy.get();
  context.effect = verdict.action_class.has_effect();
  const std::string* const credential = verdict.credential;
  context.upstream.entitle(credential == nullptr ? std::string_view() : *credential);
  context.caller.granted(context.call, verdict);
  return Next::execute;
}

// What was decided, put into effect.
Next act(CallContext& context, Evaluation evaluation) {
  if (!record(context, evaluation)) {
    // Not written, so not granted: the same call is judged again with the fault as a fact.
    evaluation.facts.fault = context.gate_state.log.fault();
    if (evaluation.facts.fault.empty())
      evaluation.facts.fault = "the decision could not be written";
    evaluation = evaluate(context, std::move(evaluation.facts), evaluation.look);
    (void)record(context, evaluation);
  }
  const Verdict& verdict = evaluation.verdict;
  if (context.times) context.times->action_class = verdict.action_class;
  tell(context, verdict);
  if (verdict.runs()) return let_run(context, verdict);
  if (evaluation.passing) {
    // Still a verdict that refuses; only what the call runs under is another.
    Verdict stands = verdict;
    stands.action_class = evaluation.passing->action_class;
    stands.credential = evaluation.passing->credential;
    context.watched = true;
    if (context.times) {
      context.times->action_class = stands.action_class;
      context.times->not_enforced = verdict.effect;
    }
    count_passed(context.gate_state, context.state().agent);
    return let_run(context, stands);
  }
  if (verdict.effect == Effect::hold && verdict.question) {
    About about{binding_text(context, evaluation.facts), std::move(evaluation.args), {}};
    if (verdict.question->for_run.ns > 0) about.likeness = likeness_text(context, evaluation);
    return ask(context, verdict, std::move(about));
  }
  const Next next = refuse(context, verdict);
  if (!verdict.halt) warn_of_denial(context);
  return next;
}

std::string take(CallContext& context, const Evaluation& evaluation) {
  const Situation about = situation_of(context, evaluation.facts, evaluation.at, evaluation.look);
  return take_from_sub_run(context, about, evaluation.verdict, evaluation.runs());
}

// People are not asked once more for what they rejected.
void apply_prior_rejection(CallContext& context, Evaluation& evaluation) {
  if (evaluation.verdict.effect != Effect::hold) return;
  if (auto fact = near_duplicate_rejection(context)) {
    evaluation.facts.approval = std::move(fact);
    evaluation = evaluate(context, std::move(evaluation.facts), Look::proposal);
  }
}

// People are not asked for what they made an earlier approval of this run good for.
void apply_standing_approval(const CallContext& context, Evaluation& evaluation) {
  if (evaluation.verdict.effect != Effect::hold || !evaluation.verdict.question) return;
  for (ApprovalFact& fact : standing_approvals(context)) {
    Facts facts = evaluation.facts;
    facts.approval = std::move(fact);
    Evaluation again = evaluate(context, std::move(facts), Look::proposal);
    if (!again.verdict.runs()) continue;
    evaluation = std::move(again);
    return;
  }
}

// A proposal that would ask people, while too many questions of this run wait. Nothing: it may ask.
std::optional<Next> refuse_too_many_questions(CallContext& context, const Evaluation& evaluation) {
  if (evaluation.verdict.effect != Effect::hold || evaluation.passing) return std::nullopt;
  const Run& run = context.state();
  const std::uint32_t most = context.gate_state.limits.questions_per_run_max;
  if (run.live - run.executing < most) return std::nullopt;
  return refuse_early(
      context,
      refusal_of(context, Code::ceiling,
                 std::to_string(most) + " approval requests of this run wait for people already"));
}

// A request for access that no door made, and a second one while people think about the first.
std::optional<Next> refuse_repeated_access_request(CallContext& context) {
  const Call& call = context.asked.call;
  if (!asked_for(call.tool)) return std::nullopt;
  GateRefusal refusal =
      refusal_of(context, Code::not_granted, "nothing can be asked for at this door");
  if (context.asked.own) {
    const std::string asked = asks_already(context);
    if (asked.empty()) return std::nullopt;
    refusal.code = Code::approval_pending;
    refusal.says = "it is being asked for already: approval " + asked;
  }
  return refuse_early(context, refusal);
}

// The open question of an identical call whose caller is gone, if there is one. A later
// continuation of a call goes on with its own.
const Approval* open_question(const CallContext& context, const Facts& facts) {
  const Run& run = context.state();
  const bool held = run.live > run.executing;
  if (!held || !context.tool || run.phase != RunPhase::open || !facts.fault.empty()) return nullptr;
  const std::string bound = binding_text(context, facts);
  if (context.asked.resumes.empty()) return context.gate_state.state.detached(run.id, bound);
  const Approval* own = context.gate_state.state.approval(context.asked.resumes);
  const bool usable = own != nullptr && !own->attached && own->asked.run == run.id &&
                      own->asked.binding == bound && is_live(*own);
  return usable ? own : nullptr;
}

// A later continuation of a call whose question ended meanwhile, with the end of the call: what
// became of it is in the journal already, and the client is told. Nothing: this is to be judged as
// a new call.
std::optional<Next> ended_meanwhile(CallContext& context) {
  if (context.asked.resumes.empty() || !context.tool) return std::nullopt;
  const Approval* own = context.gate_state.state.approval(context.asked.resumes);
  if (own == nullptr || own->asked.run != context.asked.run) return std::nullopt;
  const bool ended = own->phase == ApprovalPhase::rejected ||
                     own->phase == ApprovalPhase::expired || own->phase == ApprovalPhase::withdrawn;
  auto fact = ended ? approval_fact(context.gate_state, *own) : std::nullopt;
  if (!ended || (fact && fact->granted)) return std::nullopt;
  const Evaluation evaluation =
      evaluate(context, gather(context, std::move(fact)), Look::after_hold);
  if (evaluation.verdict.effect != Effect::deny || evaluation.verdict.halt) return std::nullopt;
  context.approval = context.asked.resumes;
  return refuse(context, evaluation.verdict);
}

}  // namespace

Next begin(CallContext& context) {
  GateState& gate_state = context.gate_state;
  if (context.run == nullptr) {
    context.reply() = refuse_here(gate_state, {.run = context.asked.run,
                                               .tool = std::string(context.asked.call.tool),
                                               .code = Code::identity,
                                               .says = "this connection belongs to no run"});
    return Next::reply;
  }
  const Call& call = context.asked.call;
  context.tool = context.run->policy->bound(call.server, call.tool, context.asked.definition,
                                            gate_state.log.now());
  settle_counts(gate_state, *context.run,
                context.state());  // no ceiling is judged with a count missing
  if (const auto over = outside_sub_run(context)) return *over;
  if (const auto over = take_reply(context)) return *over;
  mark_call(context);
  Facts facts = gather(context);
  if (const Approval* asked = open_question(context, facts)) {
    if (attach(context, *asked)) return still_open(context) ? wait(context) : look_again(context);
  }
  if (const auto over = ended_meanwhile(context)) return *over;
  if (const auto over = charge_sub_run(context)) return *over;
  if (context.state().phase == RunPhase::open &&
      quota_spent(gate_state, context.state(), call.arguments)) {
    GateRefusal refusal =
        refusal_of(context, Code::ceiling, "this run has written as much as one run may");
    refusal.halts = true;
    return refuse_early(context, refusal);
  }
  if (const auto over = refuse_repeated_access_request(context)) return *over;
  if (context.tool && !context.run->rejected.empty()) {
    facts.approval = prior_rejection(context, binding_text(context, facts));
  }
  Evaluation evaluation = evaluate(context, std::move(facts), Look::proposal);
  apply_prior_rejection(context, evaluation);
  apply_standing_approval(context, evaluation);
  watch(context, evaluation);
  if (const auto over = refuse_too_many_questions(context, evaluation)) return *over;
  if (std::string none = take(context, evaluation); !none.empty())
    return refuse_full(context, none);
  return act(context, std::move(evaluation));
}

Next look_again(CallContext& context) {
  GateState& gate_state = context.gate_state;
  const Call& call = context.asked.call;
  context.tool = context.run->policy->bound(call.server, call.tool, context.asked.definition,
                                            gate_state.log.now());
  const Approval* asked = gate_state.state.approval(context.approval);
  const Status changed = asked ? take_change(context, *asked) : Status{};
  Facts facts = gather(context, asked ? approval_fact(gate_state, *asked) : std::nullopt);
  if (!changed && facts.fault.empty()) facts.fault = changed.error().message;
  Evaluation evaluation = evaluate(context, std::move(facts), Look::after_hold);
  const std::string none = take(context, evaluation);
  const Next next = act(context, std::move(evaluation));
  return next == Next::execute && !none.empty() ? refuse_unsent(context, none) : next;
}

}  // namespace pawl
