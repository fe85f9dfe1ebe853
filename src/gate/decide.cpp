#include "gate/decide.h"

#include <utility>
#include <vector>

#include "gate/bounds.h"
#include "gate/candidates.h"
#include "gate/change.h"
#include "gate/facts.h"
#include "gate/flood.h"
#include "gate/grants.h"
#include "gate/hold.h"
#include "gate/ladder.h"
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
const ArgumentFindings* findings_for(const Ticket& ticket, const Facts& facts) {
  const ArgumentFindings* found = ticket.findings.get();
  const bool fits =
      found != nullptr && found->about(ticket.tool.get(), ticket.asked.call.arguments, facts);
  return fits ? found : nullptr;
}

Situation situation_of(const Ticket& ticket, const Facts& facts, Instant now, Look look) {
  return {.policy = ticket.policy(),
          .state = ticket.gate_state.state,
          .run = ticket.state(),
          .call = ticket.asked.call,
          .tool = ticket.tool.get(),
          .facts = facts,
          .now = now,
          .look = look,
          .findings = findings_for(ticket, facts)};
}

Evaluation judge(const Ticket& ticket, Facts facts, Look look) {
  const Instant now = ticket.gate_state.now();
  Verdict verdict = admit(situation_of(ticket, facts, now, look));
  if (verdict.runs() && is_vigilance(ticket.state())) {  // recorded as a fact, for replay
    facts.fault = "this call was made to see whether people read, and never runs";
    verdict = admit(situation_of(ticket, facts, now, look));
  }
  return {std::move(facts), std::move(verdict), look, now};
}

// Where the role is watched and not stopped, what is neither dangerous nor forbidden runs.
void watch(const Ticket& ticket, Evaluation& looked) {
  if (looked.verdict.runs() || is_vigilance(ticket.state())) return;
  if (enforcement(ticket.gate_state, ticket.state().agent) == Enforcement::enforced) return;
  looked.passing = let_through(situation_of(ticket, looked.facts, looked.at, looked.look),
                               looked.verdict, ticket.asked.definition);
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

CallDecided describe(const Ticket& ticket, const Evaluation& looked) {
  const Verdict& verdict = looked.verdict;
  CallDecided record;
  record.call = ticket.call;
  record.run = ticket.asked.run;
  record.round = looked.look == Look::proposal ? 1 : 2;
  record.server = ticket.asked.call.server;
  record.tool = ticket.asked.call.tool;
  record.policy = ticket.run->policy->digest();
  record.definition = looked.facts.definition;
  record.facts = to_json(looked.facts);
  record.effect = to_string(verdict.effect);
  record.code = to_string(verdict.reason.code);
  if (verdict.reason.rule != nullptr) {
    record.rule = verdict.reason.rule->path;
    record.rule_at = to_string(verdict.reason.rule->at);
  }
  record.reason = reason_text(verdict, ticket.asked.call);
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
  if (ticket.tool) record.entry = ticket.tool->entry->key;
  record.call_note = note_of(ticket.asked);
  if (looked.passing) describe_passing(*looked.passing, record);
  record.candidate = ask_candidate(ticket, looked.facts, verdict, looked.look, looked.at);
  return record;
}

std::string binding(const Ticket& ticket, const Facts& facts) {
  return to_string(
      binding_of(ticket.policy(), *ticket.tool, ticket.state(), ticket.asked.call, facts));
}

std::string likeness(const Ticket& ticket, const Evaluation& looked) {
  return to_string(
      likeness_of(situation_of(ticket, looked.facts, looked.at, looked.look), looked.verdict));
}

// Writes the decision with the payloads that it commits to. A grant is refused room on a full disk;
// a denial is not. What lets the call run is kept in `ticket.forwarded`.
Result<std::uint64_t> write(Ticket& ticket, Evaluation& looked, CallDecided record) {
  const bool denied = looked.verdict.effect == Effect::deny && !looked.passing;
  const std::vector<Rewrite>& rewrites =
      looked.passing ? looked.passing->rewrites : looked.verdict.rewrites;
  const json::View arguments = ticket.asked.call.arguments;
  std::string received = arguments.exists() ? json::write(arguments) : "{}";
  record.args_bytes = received.size();
  std::string sent;
  std::vector<PayloadRef> payloads;
  if (denied && received.size() > ticket.gate_state.limits.denied_payload_bytes_max) {
    record.args = to_string(sha256(received));
  } else {
    payloads.push_back({ticket.gate_state.journal.commit_to(received), received});
    record.args = payloads.back().commitment.text();
  }
  if (!denied && !rewrites.empty()) {
    auto rewritten = forwarded_arguments(arguments, rewrites);
    if (!rewritten) return std::unexpected(rewritten.error());
    sent = std::move(*rewritten);
    payloads.push_back({ticket.gate_state.journal.commit_to(sent), sent});
    record.forwarded = payloads.back().commitment.text();
  }
  looked.args = record.args;
  const auto said = record.candidate ? candidate_kind(record) : std::nullopt;
  const std::string unsaid = said == CandidateKind::error ? record.candidate->why : std::string();
  const auto seq = ticket.gate_state.append(std::move(record),
                                      {.payloads = payloads,
                                       .urgency = denied ? Urgency::reserve : Urgency::ordinary,
                                       .at = looked.at});
  if (seq && said) count_candidate(ticket, *said, unsaid);
  if (seq && looked.runs()) {
    ticket.forwarded = sent.empty() ? std::move(received) : std::move(sent);
  }
  return seq;
}

// Records a look. False: it could not be written, and it was not a denial.
bool record(Ticket& ticket, Evaluation& looked) {
  GateState& gate_state = ticket.gate_state;
  const Verdict& verdict = looked.verdict;
  const bool proposal = looked.look == Look::proposal;
  if (proposal && verdict.effect == Effect::deny && !verdict.halt && !looked.passing &&
      !written_out(gate_state, ticket.state(), looked.at)) {
    count_refusal(gate_state, *ticket.run, ticket.asked.run, verdict.reason.code);
    return true;
  }
  if (proposal) ticket.call = gate_state.call_id();
  CallDecided decided = describe(ticket, looked);
  const bool holds = verdict.effect == Effect::hold && !looked.passing;
  if (holds) {
    ticket.approval = gate_state.new_id("a");
    decided.args_digest = binding(ticket, looked.facts);
  }
  if (holds || (!proposal && looked.facts.approval)) {
    decided.approval = ticket.approval;
  }
  const auto& answer = looked.facts.approval;
  if (proposal && verdict.runs() && answer) decided.approval = answer->approval;  // it stands
  const auto seq = write(ticket, looked, std::move(decided));
  if (seq) {
    ticket.decided = *seq;
    return true;
  }
  if (proposal) ticket.call.clear();
  if (holds) ticket.approval.clear();
  return verdict.effect == Effect::deny && !looked.passing;
}

void tell(Ticket& ticket, const Verdict& verdict) {
  if (!verdict.halt && !verdict.notify) return;
  const std::string sentence = reason_text(verdict, ticket.asked.call);
  if (verdict.halt) halt(ticket.gate_state, ticket.asked.run, verdict.reason.code, sentence);
  if (verdict.notify && verdict.runs()) {
    alert_people(ticket.gate_state, ticket.asked.run, "notify", sentence);
  }
}

Next let_run(Ticket& ticket, const Verdict& verdict) {
  ticket.phase = Ticket::Phase::granted;
  ticket.grant = ticket.watched ? std::string() : verdict.grant;
  ticket.decided_under = ticket.run->policy.get();
  ticket.effect = verdict.action_class.has_effect();
  const std::string* const credential = verdict.credential;
  ticket.upstream.entitle(credential == nullptr ? std::string_view() : *credential);
  ticket.caller.granted(ticket.call, verdict);
  return Next::execute;
}

// What was decided, put into effect.
Next act(Ticket& ticket, Evaluation looked) {
  if (!record(ticket, looked)) {
    // Not written, so not granted: the same call is judged again with the fault as a fact.
    looked.facts.fault = ticket.gate_state.fault();
    if (looked.facts.fault.empty()) looked.facts.fault = "the decision could not be written";
    looked = judge(ticket, std::move(looked.facts), looked.look);
    (void)record(ticket, looked);
  }
  const Verdict& verdict = looked.verdict;
  if (ticket.times) ticket.times->action_class = verdict.action_class;
  tell(ticket, verdict);
  if (verdict.runs()) return let_run(ticket, verdict);
  if (looked.passing) {
    // Still a verdict that refuses; only what the call runs under is another.
    Verdict stands = verdict;
    stands.action_class = looked.passing->action_class;
    stands.credential = looked.passing->credential;
    ticket.watched = true;
    if (ticket.times) {
      ticket.times->action_class = stands.action_class;
      ticket.times->not_enforced = verdict.effect;
    }
    count_passed(ticket.gate_state, ticket.state().agent);
    return let_run(ticket, stands);
  }
  if (verdict.effect == Effect::hold && verdict.question) {
    About about{binding(ticket, looked.facts), std::move(looked.args), {}};
    if (verdict.question->for_run.ns > 0) about.likeness = likeness(ticket, looked);
    return ask(ticket, verdict, std::move(about));
  }
  return refuse(ticket, verdict);
}

std::string take(Ticket& ticket, const Evaluation& looked) {
  const Situation about = situation_of(ticket, looked.facts, looked.at, looked.look);
  return take_from_part(ticket, about, looked.verdict, looked.runs());
}

// People are not asked once more for what they rejected.
void ask_once(Ticket& ticket, Evaluation& looked) {
  if (looked.verdict.effect != Effect::hold) return;
  if (auto fact = said_no_to_the_like(ticket)) {
    looked.facts.approval = std::move(fact);
    looked = judge(ticket, std::move(looked.facts), Look::proposal);
  }
}

// People are not asked for what they made an earlier approval of this run good for.
void let_stand(const Ticket& ticket, Evaluation& looked) {
  if (looked.verdict.effect != Effect::hold || !looked.verdict.question) return;
  for (ApprovalFact& fact : standing_approvals(ticket)) {
    Facts facts = looked.facts;
    facts.approval = std::move(fact);
    Evaluation again = judge(ticket, std::move(facts), Look::proposal);
    if (!again.verdict.runs()) continue;
    looked = std::move(again);
    return;
  }
}

// A proposal that would ask people, while too many questions of this run wait. Nothing: it may ask.
std::optional<Next> ask_nobody(Ticket& ticket, const Evaluation& looked) {
  if (looked.verdict.effect != Effect::hold || looked.passing) return std::nullopt;
  const Run& run = ticket.state();
  const std::uint32_t most = ticket.gate_state.limits.questions_per_run_max;
  if (run.live - run.executing < most) return std::nullopt;
  return refuse_early(
      ticket, refusal_of(ticket, Code::ceiling,
                         std::to_string(most) + " questions of this run wait for people already"));
}

// A request for access that no door made, and a second one while people think about the first.
std::optional<Next> ask_no_more(Ticket& ticket) {
  const Call& call = ticket.asked.call;
  if (!asked_for(call.tool)) return std::nullopt;
  GateRefusal refusal =
      refusal_of(ticket, Code::not_granted, "nothing can be asked for at this door");
  if (ticket.asked.own) {
    const std::string asked = asks_already(ticket);
    if (asked.empty()) return std::nullopt;
    refusal.code = Code::approval_pending;
    refusal.says = "it is being asked for already: approval " + asked;
  }
  return refuse_early(ticket, refusal);
}

// The open question of an identical call whose caller is gone, if there is one. A later leg of a
// call goes on with its own.
const Approval* open_question(const Ticket& ticket, const Facts& facts) {
  const Run& run = ticket.state();
  const bool held = run.live > run.executing;
  if (!held || !ticket.tool || run.phase != RunPhase::open || !facts.fault.empty()) return nullptr;
  const std::string bound = binding(ticket, facts);
  if (ticket.asked.resumes.empty()) return ticket.gate_state.state.detached(run.id, bound);
  const Approval* own = ticket.gate_state.state.approval(ticket.asked.resumes);
  const bool usable = own != nullptr && !own->attached && own->asked.run == run.id &&
                      own->asked.binding == bound &&
                      (own->phase == ApprovalPhase::open || own->phase == ApprovalPhase::approved);
  return usable ? own : nullptr;
}

// A later leg of a call whose question ended meanwhile, with the end of the call: what became of it
// is in the journal already, and the client is told. Nothing: this is to be judged as a new call.
std::optional<Next> ended_meanwhile(Ticket& ticket) {
  if (ticket.asked.resumes.empty() || !ticket.tool) return std::nullopt;
  const Approval* own = ticket.gate_state.state.approval(ticket.asked.resumes);
  if (own == nullptr || own->asked.run != ticket.asked.run) return std::nullopt;
  const bool ended = own->phase == ApprovalPhase::rejected ||
                     own->phase == ApprovalPhase::expired || own->phase == ApprovalPhase::withdrawn;
  auto fact = ended ? approval_fact(ticket.gate_state, *own) : std::nullopt;
  if (!ended || (fact && fact->granted)) return std::nullopt;
  const Evaluation looked = judge(ticket, gather(ticket, std::move(fact)), Look::after_hold);
  if (looked.verdict.effect != Effect::deny || looked.verdict.halt) return std::nullopt;
  ticket.approval = ticket.asked.resumes;
  return refuse(ticket, looked.verdict);
}

}  // namespace

Next begin(Ticket& ticket) {
  GateState& gate_state = ticket.gate_state;
  if (ticket.run == nullptr) {
    ticket.reply() = refuse_here(gate_state, {.run = ticket.asked.run,
                                        .tool = std::string(ticket.asked.call.tool),
                                        .code = Code::identity,
                                        .says = "this connection belongs to no run"});
    return Next::reply;
  }
  const Call& call = ticket.asked.call;
  ticket.tool =
      ticket.run->policy->bound(call.server, call.tool, ticket.asked.definition, gate_state.now());
  settle_counts(gate_state, *ticket.run, ticket.state());  // no ceiling is judged with a count missing
  if (const auto over = outside_part(ticket)) return *over;
  if (const auto over = take_reply(ticket)) return *over;
  Facts facts = gather(ticket);
  if (const Approval* asked = open_question(ticket, facts)) {
    if (attach(ticket, *asked)) return still_open(ticket) ? wait(ticket) : look_again(ticket);
  }
  if (const auto over = ended_meanwhile(ticket)) return *over;
  if (const auto over = charge_part(ticket)) return *over;
  if (ticket.state().phase == RunPhase::open && quota_spent(gate_state, ticket.state(), call.arguments)) {
    GateRefusal refusal =
        refusal_of(ticket, Code::ceiling, "this run has written as much as one run may");
    refusal.halts = true;
    return refuse_early(ticket, refusal);
  }
  if (const auto over = ask_no_more(ticket)) return *over;
  if (ticket.tool && !ticket.run->rejected.empty()) {
    facts.approval = said_no(ticket, binding(ticket, facts));
  }
  Evaluation looked = judge(ticket, std::move(facts), Look::proposal);
  ask_once(ticket, looked);
  let_stand(ticket, looked);
  watch(ticket, looked);
  if (const auto over = ask_nobody(ticket, looked)) return *over;
  if (std::string none = take(ticket, looked); !none.empty()) return refuse_full(ticket, none);
  return act(ticket, std::move(looked));
}

Next look_again(Ticket& ticket) {
  GateState& gate_state = ticket.gate_state;
  const Call& call = ticket.asked.call;
  ticket.tool =
      ticket.run->policy->bound(call.server, call.tool, ticket.asked.definition, gate_state.now());
  const Approval* asked = gate_state.state.approval(ticket.approval);
  const Status changed = asked ? take_change(ticket, *asked) : Status{};
  Facts facts = gather(ticket, asked ? approval_fact(gate_state, *asked) : std::nullopt);
  if (!changed && facts.fault.empty()) facts.fault = changed.error().message;
  Evaluation looked = judge(ticket, std::move(facts), Look::after_hold);
  const std::string none = take(ticket, looked);
  const Next next = act(ticket, std::move(looked));
  return next == Next::execute && !none.empty() ? refuse_unsent(ticket, none) : next;
}

void halt(GateState& gate_state, const std::string& run, Code code, const std::string& why) {
  const std::string word(to_string(code));
  const auto seq = gate_state.append(RunHalted{run, word, why}, {.urgency = Urgency::reserve});
  if (seq) gate_state.journal.request_sync(*seq);
  alert_people(gate_state, run, word, why);
  end_held(gate_state, run);
}

}  // namespace pawl
