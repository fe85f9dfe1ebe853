#include "gate/decide.h"

#include <utility>
#include <vector>

#include "gate/bounds.h"
#include "gate/candidates.h"
#include "gate/change.h"
#include "gate/escalation.h"
#include "gate/facts.h"
#include "gate/flood.h"
#include "gate/grants.h"
#include "gate/hold.h"
#include "gate/near.h"
#include "gate/observe.h"
#include "gate/said.h"
#include "gate/talk.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/let_through.h"
#include "kernel/state/vigilance.h"
#include "model/access.h"

namespace pawl {
namespace {

// One look: what was known, what was decided, and when.
struct Evaluation {
  Facts facts;
  Verdict verdict;
  Look look;
  Instant at;
  std::string args = {};  // commitment to the arguments, once it is recorded
  // The verdict stands and is not enforced: what the call runs under all the same.
  std::optional<LetThrough> passing = {};

  bool runs() const { return verdict.runs() || passing.has_value(); }
};

// What was found out ahead, where it is about what is judged now: the tool may be bound anew, the
// arguments be others, a link lead elsewhere.
const ArgumentFindings* findings_for(const CallContext& context, const Facts& facts) {
  const ArgumentFindings* found = context.findings.get();
  const bool fits =
      found != nullptr && found->about(context.tool.get(), context.asked.call.arguments, facts);
  return fits ? found : nullptr;
}

Situation situation_of(const CallContext& context, const Facts& facts, Instant now, Look look) {
  return {.policy = context.policy(),
          .state = context.gate_state.state,
          .run = context.state(),
          .call = context.asked.call,
          .tool = context.tool.get(),
          .facts = facts,
          .now = now,
          .look = look,
          .findings = findings_for(context, facts)};
}

Evaluation judge(const CallContext& context, Facts facts, Look look) {
  const Instant now = context.gate_state.log.now();
  Verdict verdict = admit(situation_of(context, facts, now, look));
  if (verdict.runs() && is_vigilance(context.state())) {  // recorded as a fact, for replay
    facts.fault = "this call was made to see whether people read, and never runs";
    verdict = admit(situation_of(context, facts, now, look));
  }
  return {std::move(facts), std::move(verdict), look, now};
}

// Where the role is watched and not stopped, what is neither dangerous nor forbidden runs.
void watch(const CallContext& context, Evaluation& looked) {
  if (looked.verdict.runs() || is_vigilance(context.state())) return;
  if (enforcement(context.gate_state, context.state().agent) == Enforcement::enforced) return;
  looked.passing = let_through(situation_of(context, looked.facts, looked.at, looked.look),
                               looked.verdict, context.asked.definition);
}

void describe_passing(const LetThrough& passing, CallDecided& record) {
  record.enforced = false;
  record.class_text = to_string(passing.action_class);
  record.grant.clear();  // it runs because its role is watched, and uses nothing that was granted
  record.credential = passing.credential == nullptr ? std::string() : *passing.credential;
  record.steps = passing.reservation.steps;
  record.calls = passing.reservation.calls;
  record.records = passing.reservation.records;
  record.sums = passing.reservation.sums;
}

CallDecided describe(const CallContext& context, const Evaluation& looked) {
  const Verdict& verdict = looked.verdict;
  CallDecided record;
  record.call = context.call;
  record.run = context.asked.run;
  record.round = looked.look == Look::proposal ? 1 : 2;
  record.server = context.asked.call.server;
  record.tool = context.asked.call.tool;
  record.policy = context.run->policy->digest();
  record.definition = looked.facts.definition;
  record.facts = to_json(looked.facts);
  record.effect = to_string(verdict.effect);
  record.code = to_string(verdict.reason.code);
  if (verdict.reason.rule != nullptr) {
    record.rule = verdict.reason.rule->path;
    record.rule_at = to_string(verdict.reason.rule->at);
  }
  record.reason = reason_text(verdict, context.asked.call);
  record.class_text = to_string(verdict.action_class);
  if (verdict.effect != Effect::deny && verdict.credential != nullptr) {
    record.credential = *verdict.credential;
  }
  record.grant = verdict.grant;
  record.halt = verdict.halt;
  record.notify = verdict.notify;
  record.retry = verdict.retry;
  record.steps = verdict.reservation.steps;
  record.calls = verdict.reservation.calls;
  record.records = verdict.reservation.records;
  record.sums = verdict.reservation.sums;
  if (context.tool) record.entry = context.tool->entry->key;
  record.call_note = note_of(context.asked);
  if (looked.passing) describe_passing(*looked.passing, record);
  record.candidate = ask_candidate(context, looked.facts, verdict, looked.look, looked.at);
  return record;
}

std::string binding(const CallContext& context, const Facts& facts) {
  return to_string(
      binding_of(context.policy(), *context.tool, context.state(), context.asked.call, facts));
}

std::string likeness(const CallContext& context, const Evaluation& looked) {
  return to_string(
      likeness_of(situation_of(context, looked.facts, looked.at, looked.look), looked.verdict));
}

// Writes the decision with the payloads that it commits to. A grant is refused room on a full disk;
// a denial is not. What lets the call run is kept in `context.forwarded`.
Result<std::uint64_t> write(CallContext& context, Evaluation& looked, CallDecided record) {
  const bool denied = looked.verdict.effect == Effect::deny && !looked.passing;
  const std::vector<Rewrite>& rewrites =
      looked.passing ? looked.passing->rewrites : looked.verdict.rewrites;
  const json::View arguments = context.asked.call.arguments;
  std::string received = arguments.exists() ? json::write(arguments) : "{}";
  record.args_bytes = received.size();
  std::string sent;
  std::vector<PayloadRef> payloads;
  if (denied && received.size() > context.gate_state.limits.denied_payload_bytes_max) {
    record.args = to_string(sha256(received));
  } else {
    payloads.push_back({context.gate_state.journal.commit_to(received), received});
    record.args = payloads.back().commitment.text();
  }
  if (!denied && !rewrites.empty()) {
    auto rewritten = forwarded_arguments(arguments, rewrites);
    if (!rewritten) return std::unexpected(rewritten.error());
    sent = std::move(*rewritten);
    payloads.push_back({context.gate_state.journal.commit_to(sent), sent});
    record.forwarded = payloads.back().commitment.text();
  }
  looked.args = record.args;
  const auto said = record.candidate ? candidate_kind(record) : std::nullopt;
  const std::string unsaid = said == CandidateKind::error ? record.candidate->why : std::string();
  const auto seq = context.gate_state.log.append(
      std::move(record), {.payloads = payloads,
                          .urgency = denied ? Urgency::reserve : Urgency::ordinary,
                          .at = looked.at});
  if (seq && said) count_candidate(context, *said, unsaid);
  if (seq && looked.runs()) {
    context.forwarded = sent.empty() ? std::move(received) : std::move(sent);
  }
  return seq;
}

// Records a look. False: it could not be written, and it was not a denial.
bool record(CallContext& context, Evaluation& looked) {
  GateState& gate_state = context.gate_state;
  const Verdict& verdict = looked.verdict;
  const bool proposal = looked.look == Look::proposal;
  if (proposal && verdict.effect == Effect::deny && !verdict.halt && !looked.passing &&
      !written_out(gate_state, context.state(), looked.at)) {
    count_refusal(gate_state, *context.run, context.asked.run, verdict.reason.code);
    return true;
  }
  if (proposal) context.call = call_id(gate_state);
  CallDecided decided = describe(context, looked);
  const bool holds = verdict.effect == Effect::hold && !looked.passing;
  if (holds) {
    context.approval = new_id(gate_state, "a");
    decided.args_digest = binding(context, looked.facts);
  }
  if (holds || (!proposal && looked.facts.approval)) {
    decided.approval = context.approval;
  }
  const auto& answer = looked.facts.approval;
  if (proposal && verdict.runs() && answer) decided.approval = answer->approval;  // it stands
  const auto seq = write(context, looked, std::move(decided));
  if (seq) {
    context.decided = *seq;
    return true;
  }
  if (proposal) context.call.clear();
  if (holds) context.approval.clear();
  return verdict.effect == Effect::deny && !looked.passing;
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
Next act(CallContext& context, Evaluation looked) {
  if (!record(context, looked)) {
    // Not written, so not granted: the same call is judged again with the fault as a fact.
    looked.facts.fault = context.gate_state.log.fault();
    if (looked.facts.fault.empty()) looked.facts.fault = "the decision could not be written";
    looked = judge(context, std::move(looked.facts), looked.look);
    (void)record(context, looked);
  }
  const Verdict& verdict = looked.verdict;
  if (context.times) context.times->action_class = verdict.action_class;
  tell(context, verdict);
  if (verdict.runs()) return let_run(context, verdict);
  if (looked.passing) {
    // Still a verdict that refuses; only what the call runs under is another.
    Verdict stands = verdict;
    stands.action_class = looked.passing->action_class;
    stands.credential = looked.passing->credential;
    context.watched = true;
    if (context.times) {
      context.times->action_class = stands.action_class;
      context.times->not_enforced = verdict.effect;
    }
    count_passed(context.gate_state, context.state().agent);
    return let_run(context, stands);
  }
  if (verdict.effect == Effect::hold && verdict.question) {
    About about{binding(context, looked.facts), std::move(looked.args), {}};
    if (verdict.question->for_run.ns > 0) about.likeness = likeness(context, looked);
    return ask(context, verdict, std::move(about));
  }
  return refuse(context, verdict);
}

std::string take(CallContext& context, const Evaluation& looked) {
  const Situation about = situation_of(context, looked.facts, looked.at, looked.look);
  return take_from_part(context, about, looked.verdict, looked.runs());
}

// People are not asked once more for what they rejected.
void ask_once(CallContext& context, Evaluation& looked) {
  if (looked.verdict.effect != Effect::hold) return;
  if (auto fact = said_no_to_the_like(context)) {
    looked.facts.approval = std::move(fact);
    looked = judge(context, std::move(looked.facts), Look::proposal);
  }
}

// People are not asked for what they made an earlier approval of this run good for.
void let_stand(const CallContext& context, Evaluation& looked) {
  if (looked.verdict.effect != Effect::hold || !looked.verdict.question) return;
  for (ApprovalFact& fact : standing_approvals(context)) {
    Facts facts = looked.facts;
    facts.approval = std::move(fact);
    Evaluation again = judge(context, std::move(facts), Look::proposal);
    if (!again.verdict.runs()) continue;
    looked = std::move(again);
    return;
  }
}

// A proposal that would ask people, while too many questions of this run wait. Nothing: it may ask.
std::optional<Next> ask_nobody(CallContext& context, const Evaluation& looked) {
  if (looked.verdict.effect != Effect::hold || looked.passing) return std::nullopt;
  const Run& run = context.state();
  const std::uint32_t most = context.gate_state.limits.questions_per_run_max;
  if (run.live - run.executing < most) return std::nullopt;
  return refuse_early(
      context, refusal_of(context, Code::ceiling,
                          std::to_string(most) + " questions of this run wait for people already"));
}

// A request for access that no door made, and a second one while people think about the first.
std::optional<Next> ask_no_more(CallContext& context) {
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
  const std::string bound = binding(context, facts);
  if (context.asked.resumes.empty()) return context.gate_state.state.detached(run.id, bound);
  const Approval* own = context.gate_state.state.approval(context.asked.resumes);
  const bool usable = own != nullptr && !own->attached && own->asked.run == run.id &&
                      own->asked.binding == bound &&
                      (own->phase == ApprovalPhase::open || own->phase == ApprovalPhase::approved);
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
  const Evaluation looked = judge(context, gather(context, std::move(fact)), Look::after_hold);
  if (looked.verdict.effect != Effect::deny || looked.verdict.halt) return std::nullopt;
  context.approval = context.asked.resumes;
  return refuse(context, looked.verdict);
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
  if (const auto over = outside_part(context)) return *over;
  if (const auto over = take_reply(context)) return *over;
  Facts facts = gather(context);
  if (const Approval* asked = open_question(context, facts)) {
    if (attach(context, *asked)) return still_open(context) ? wait(context) : look_again(context);
  }
  if (const auto over = ended_meanwhile(context)) return *over;
  if (const auto over = charge_part(context)) return *over;
  if (context.state().phase == RunPhase::open &&
      quota_spent(gate_state, context.state(), call.arguments)) {
    GateRefusal refusal =
        refusal_of(context, Code::ceiling, "this run has written as much as one run may");
    refusal.halts = true;
    return refuse_early(context, refusal);
  }
  if (const auto over = ask_no_more(context)) return *over;
  if (context.tool && !context.run->rejected.empty()) {
    facts.approval = said_no(context, binding(context, facts));
  }
  Evaluation looked = judge(context, std::move(facts), Look::proposal);
  ask_once(context, looked);
  let_stand(context, looked);
  watch(context, looked);
  if (const auto over = ask_nobody(context, looked)) return *over;
  if (std::string none = take(context, looked); !none.empty()) return refuse_full(context, none);
  return act(context, std::move(looked));
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
  Evaluation looked = judge(context, std::move(facts), Look::after_hold);
  const std::string none = take(context, looked);
  const Next next = act(context, std::move(looked));
  return next == Next::execute && !none.empty() ? refuse_unsent(context, none) : next;
}

void halt(GateState& gate_state, const std::string& run, Code code, const std::string& why) {
  const std::string word(to_string(code));
  const auto seq = gate_state.log.append(RunHalted{run, word, why}, {.urgency = Urgency::reserve});
  if (seq) gate_state.journal.request_sync(*seq);
  alert_people(gate_state, run, word, why);
  end_held(gate_state, run);
}

}  // namespace pawl
