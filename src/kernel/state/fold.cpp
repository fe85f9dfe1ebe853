#include <algorithm>
#include <limits>
#include <utility>

#include "base/sum.h"
#include "base/text.h"
#include "kernel/state/eyes.h"
#include "kernel/state/fold.h"
#include "kernel/state/live.h"
#include "model/access.h"

namespace pawl {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;

Status wrong_call(std::string_view call, std::string_view what) {
  return fail(ErrorKind::corrupt, "the call `" + escape_untrusted(call) + "` " + std::string(what));
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

bool has_effect(std::string_view class_text) {
  const std::optional<Class> c = parse_class(class_text);
  return !c || c->has_effect();  // what cannot be told has one
}

// Nothing where it cannot be. A decision that is not enforced lets its call run: never one that
// follows a hold, asks people, halts its run, or cannot be undone.
std::optional<CallEvent> event_of(const CallDecided& b) {
  const std::optional<CallEvent> event = decision_event(b.effect);
  if (b.enforced || !event) return event;
  const std::optional<Class> c = parse_class(b.class_text);
  const bool undone = c && c->reversibility != Reversibility::irreversible;
  const bool plain = b.round == 1 && b.approval.empty() && !b.halt;
  return undone && plain && *event != CallEvent::admit ? std::optional(CallEvent::admit)
                                                       : std::nullopt;
}

void count_start(EntryCounts& counts, Instant at, std::uint64_t calls) {
  const std::int64_t now = floor_divide(at.ns, second_ns);
  std::erase_if(counts.recent, [&](const Starts& s) { return s.second < now - 60; });
  const auto place = std::ranges::lower_bound(counts.recent, now, {}, &Starts::second);
  if (place != counts.recent.end() && place->second == now) {
    place->count = sum_of(place->count, calls);
  } else {
    counts.recent.insert(place, Starts{now, calls});
  }
}

}  // namespace

std::uint64_t EntryCounts::last_minute(Instant now) const {
  const std::int64_t second = floor_divide(now.ns, second_ns);
  std::uint64_t sum = 0;
  for (const Starts& starts : recent) {
    if (starts.second >= second - 60) sum = sum_of(sum, starts.count);
  }
  return sum;
}

// Saturating: a caller of `decide` may name any two times of five centuries.
Duration Run::clock(Instant now) const {
  if (!running_since || now <= *running_since) return counted;
  Duration sum;
  const bool too_long = __builtin_sub_overflow(now.ns, running_since->ns, &sum.ns) ||
                        __builtin_add_overflow(sum.ns, counted.ns, &sum.ns);
  return too_long ? Duration{std::numeric_limits<std::int64_t>::max()} : sum;
}

std::uint32_t Run::denials_written(Instant now) const {
  const bool counting = !halted.empty() || denial_minute == floor_divide(now.ns, minute_ns);
  return counting ? denial_records : 0;
}

Status Fold::check_question(const CallDecided& b, CallEvent event) const {
  if (b.approval.empty() || event == CallEvent::deny) return {};
  const Approval* asked = state.approval(b.approval);
  if (event == CallEvent::admit) {
    const bool mine = asked != nullptr && asked->asked.run == b.run;
    const Run* run = state.run(b.run);
    const bool stands = b.round == 1 && run != nullptr && run->stands(b.approval, at) != nullptr;
    const bool usable = mine && (asked->phase == ApprovalPhase::approved ||
                                 (asked->phase == ApprovalPhase::consumed && stands));
    return usable ? Status{} : wrong_call(b.call, "uses an approval that is not there to be used");
  }
  if (asked == nullptr) return {};  // opened by the record that follows
  const bool unused = next(asked->phase, ApprovalEvent::withdraw).has_value();
  const bool mine = asked->call == b.call || !asked->attached;
  if (unused && mine && asked->asked.run == b.run) return {};
  return wrong_call(b.call, "joins an approval request that is not free");
}

Status Fold::check_decision(const CallDecided& b, const Run& run, CallEvent event) const {
  const LiveCall* live = state.call(b.call);
  if (b.round != 1 && b.round != 2) return wrong_call(b.call, "was looked at in no known round");
  if (b.round == 1 && live != nullptr) return wrong_call(b.call, "was proposed before");
  if (b.round == 2) {
    if (live == nullptr || live->run != b.run) return wrong_call(b.call, "was not held");
    if (!next(live->phase, event)) return wrong_call(b.call, "cannot be decided any more");
  }
  if (b.steps > (b.round == 1 ? 1U : 0U)) return wrong_call(b.call, "charges more than its step");
  if (event != CallEvent::deny && run.phase != RunPhase::open) {
    return wrong_call(b.call, "was let through although its run is not open");
  }
  const bool reserves = b.records != 0 || b.calls != 0 || !b.sums.empty() || b.spend;
  if (event != CallEvent::admit && reserves) {
    return wrong_call(b.call, "reserves something although it does not run");
  }
  if (b.halt && event != CallEvent::deny)
    return wrong_call(b.call, "halts its run and is not denied");
  if (event == CallEvent::admit) {
    const auto entry = run.entries.find(b.entry);
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / 2;
    if (b.records > most || (entry != run.entries.end() && entry->second.records.total() > most)) {
      return wrong_call(b.call, "touches more records than can be counted");
    }
    PAWL_TRY(check_sums(b, run));
    PAWL_TRY(check_spend(b, run));
  }
  return check_question(b, event);
}

Status Fold::check_spend(const CallDecided& b, const Run& run) const {
  if (!b.spend) {
    return b.budgets.empty() ? Status{} : wrong_call(b.call, "takes nothing out of a budget");
  }
  bool fits = run.spending.can_reserve(*b.spend);
  for (const BudgetWindow& window : b.budgets) {
    const Spending* spent = state.spending(window);
    fits = fits && (spent == nullptr || spent->can_reserve(*b.spend));
  }
  return fits ? Status{} : wrong_call(b.call, "reserves more than can be counted");
}

Status Fold::operator()(const CallDecided& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return wrong_call(b.call, "belongs to no run");
  const std::optional<CallEvent> event = event_of(b);
  if (!event && !b.enforced) return wrong_call(b.call, "cannot have been let through");
  if (!event) return wrong_call(b.call, "was decided with an unknown effect");
  PAWL_TRY(check_decision(b, *run, *event));

  run->journal_bytes = sum_of(run->journal_bytes, record_charge_bytes);
  if (!b.args.empty()) run->journal_bytes = sum_of(run->journal_bytes, b.args_bytes);
  if (b.round == 1) {
    propose(b, *run, *event);
  } else {
    look_again(b, *run, *event);
  }
  if (*event == CallEvent::deny) {
    const std::int64_t minute = floor_divide(at.ns, minute_ns);
    run->denial_records = run->denials_written(at) + 1;
    run->denial_minute = minute;
    if (is_denial(b.abi, b.code)) charge_denial(*run, 1);
  }
  if (b.halt) halt(*run, b.code, b.reason);
  keep_time(*run);
  retire(*run);
  return {};
}

void Fold::propose(const CallDecided& b, Run& run, CallEvent event) {
  if (!run.first_call) run.first_call = at;
  run.steps.settled = sum_of(run.steps.settled, b.steps);
  if (event == CallEvent::deny) return mark_denied(b, run);
  LiveCall& call = begin_call(b, run);
  if (event == CallEvent::admit) {
    admit(b, call, run);
  } else {
    hold(b, call, run);
  }
}

void Fold::look_again(const CallDecided& b, Run& run, CallEvent event) {
  LiveCall& call = state.calls_.at(b.call);
  stop_waiting(call);
  call.abi = b.abi;
  const std::string asked = call.approval;
  if (event == CallEvent::admit) {
    if (!b.approval.empty()) run.repeats.clear();  // a person has looked at it
    return admit(b, call, run);
  }
  if (event == CallEvent::hold) hold(b, call, run);
  if (event == CallEvent::deny) {
    if (!call.mark.empty()) run.repeats.add_unlearned(call.mark, b.code);
    end_call(call);
  }
  // The question that no call will use any more.
  const auto old = state.approvals_.find(asked);
  if (old == state.approvals_.end() || (event == CallEvent::hold && asked == b.approval)) return;
  if (next(old->second.phase, ApprovalEvent::withdraw)) {
    end_approval(old->second, ApprovalPhase::withdrawn);
  }
}

LiveCall& Fold::begin_call(const CallDecided& b, Run& run) {
  LiveCall call;
  call.id = b.call;
  call.run = b.run;
  call.since = at;
  call.abi = b.abi;
  call.mark = b.mark;
  ++run.live;
  return state.calls_[b.call] = std::move(call);
}

void Fold::admit(const CallDecided& b, LiveCall& call, Run& run) {
  call.phase = CallPhase::admitted;
  call.entry = b.entry;
  call.tool = b.server.empty() ? b.tool : b.server + "/" + b.tool;
  call.has_effect = has_effect(b.class_text);
  call.records = b.records;
  call.calls = b.calls;
  call.sums = b.sums;
  for (const SumCharge& charge : call.sums) sums_of(charge, run).reserve(charge, at);
  if (b.spend) reserve_spend(b, call, run);
  call.since = at;
  EntryCounts& counts = run.entries[b.entry];
  counts.records.reserved += b.records;
  counts.calls.reserved += b.calls;
  count_start(counts, at, b.calls);
  std::uint64_t& seen = run.seen[call.tool];
  seen = sum_of(seen, 1);
  ++run.executing;
  const std::string used = b.approval.empty() ? call.approval : b.approval;
  call.approval = used;
  const auto approval = state.approvals_.find(used);
  if (approval == state.approvals_.end()) return;
  if (approval->second.phase == ApprovalPhase::consumed) return use_standing(run, used);
  // Single use: the same record that admits the call consumes the answer. An answer that was not
  // needed after all (nothing holds the call any more) is withdrawn.
  const std::optional<ApprovalPhase> to =
      next(approval->second.phase,
           b.approval.empty() ? ApprovalEvent::withdraw : ApprovalEvent::consume);
  if (!to) return;
  if (approval->second.call != b.call) {
    const auto other = state.calls_.find(approval->second.call);
    if (other != state.calls_.end() && other->second.phase == CallPhase::held) {
      end_call(other->second);
    }
    approval->second.call = b.call;
  }
  if (*to == ApprovalPhase::consumed) let_stand(approval->second, run);
  end_approval(approval->second, *to);
}

void Fold::reserve_spend(const CallDecided& b, LiveCall& call, Run& run) {
  call.spend = b.spend;
  call.budgets = b.budgets;
  run.spending.reserve(*b.spend);
  for (const BudgetWindow& window : b.budgets) {
    state.budgets_.forget_before(window);
    state.budgets_.at(window).reserve(*b.spend);
  }
}

// An error is the same where it has the same code and comes from the same line.
void Fold::mark_denied(const CallDecided& b, Run& run) {
  if (b.mark.empty()) return;
  run.repeats.add(b.mark, hex(sha256({b.code, " ", b.rule})));
}

void Fold::mark_ended(const CallEnded& b, const LiveCall& call, Run& run, bool was_held) {
  if (call.mark.empty()) return;
  if (was_held) return run.repeats.add_unlearned(call.mark, b.outcome);
  run.repeats.add(call.mark, b.mark.empty() ? b.call : b.mark);
}

void Fold::settle_spend(const CallEnded& b, const LiveCall& call, Run& run, CallEvent event) {
  const bool measured = b.spent && b.spent->measured;
  const auto end = [&](Spending& spending) {
    if (event == CallEvent::abort) return spending.release(*call.spend);
    spending.settle(*call.spend, measured ? &*b.spent : nullptr);
  };
  end(run.spending);
  for (const BudgetWindow& window : call.budgets) end(state.budgets_.at(window));
}

void Fold::hold(const CallDecided& b, LiveCall& call, Run& run) {
  call.phase = CallPhase::held;
  call.entry = b.entry;
  call.tool = b.server.empty() ? b.tool : b.server + "/" + b.tool;
  call.has_effect = has_effect(b.class_text);
  call.approval = b.approval;
  const auto asked = state.approvals_.find(b.approval);
  const bool open = asked == state.approvals_.end() || asked->second.phase == ApprovalPhase::open;
  call.waits = open && !b.approval.empty();
  if (call.waits) ++run.waiting;
  if (asked == state.approvals_.end() || asked->second.call == b.call) return;
  const auto before = state.calls_.find(asked->second.call);
  if (before != state.calls_.end()) end_call(before->second);
  asked->second.call = b.call;
  index_detached(asked->second, true);
}

void Fold::stop_waiting(LiveCall& call) {
  if (!call.waits) return;
  call.waits = false;
  Run& run = state.runs_.at(call.run);
  --run.waiting;
  keep_time(run);
}

void Fold::end_call(LiveCall& call) {
  stop_waiting(call);
  Run& run = state.runs_.at(call.run);
  --run.live;
  const std::string id = call.id;
  state.calls_.erase(id);
  retire(run);
}

void Fold::settle(const CallEnded& b, const LiveCall& call, Run& run, CallEvent event) {
  EntryCounts& counts = run.entries.at(call.entry);
  counts.records.reserved -= call.records;
  counts.calls.reserved -= call.calls;
  --run.executing;
  settle_sums(call, run, event);
  if (call.spend) settle_spend(b, call, run, event);
  if (event == CallEvent::abort) {  // it never left: everything but the step comes back
    if (const auto seen = run.seen.find(call.tool); seen != run.seen.end() && seen->second > 0) {
      --seen->second;
    }
    return;
  }
  counts.records.settled = sum_of(counts.records.settled, std::max(call.records, b.records));
  counts.calls.settled = sum_of(counts.calls.settled, call.calls);
}

namespace {

// Why the end of this call halts its run; empty: it used no more than it had reserved.
std::string_view excess_of(const CallEnded& b, const LiveCall& call) {
  if (b.records > call.records) return "a call touched more records than it had reserved";
  const bool measured = call.spend && b.spent && b.spent->measured;
  if (measured && exceeds(*call.spend, *b.spent)) return more_than_reserved;
  return {};
}

}  // namespace

Status Fold::operator()(const CallEnded& b) {
  const auto found = state.calls_.find(b.call);
  if (found == state.calls_.end()) return wrong_call(b.call, "ended without being admitted");
  LiveCall& call = found->second;
  if (call.run != b.run) return wrong_call(b.call, "belongs to another run");
  const std::optional<CallEvent> event = outcome_event(b.outcome);
  if (!event) return wrong_call(b.call, "ended with an unknown outcome");
  if (!next(call.phase, *event)) return wrong_call(b.call, "was held and cannot have run");

  Run& run = state.runs_.at(call.run);
  run.journal_bytes = sum_of(run.journal_bytes, sum_of(record_charge_bytes, b.result_bytes));
  const bool was_held = call.phase == CallPhase::held;
  const std::string_view excess =
      was_held || *event == CallEvent::abort ? std::string_view() : excess_of(b, call);
  if (was_held) {
    const auto asked = state.approvals_.find(call.approval);
    const bool known = asked != state.approvals_.end();
    // That no one answered, or that its caller left, is not a denial of what was asked.
    const bool withdrawn = known && asked->second.phase == ApprovalPhase::withdrawn;
    if (!withdrawn && call.abi <= all_denials_count_abi) charge_denial(run, 1);
    if (known && next(asked->second.phase, ApprovalEvent::withdraw)) {
      end_approval(asked->second, ApprovalPhase::withdrawn);
    }
  } else {
    settle(b, call, run, *event);
  }
  mark_ended(b, call, run, was_held);
  keep_time(run);
  const std::string id = run.id;
  end_call(call);
  if (excess.empty()) return {};
  if (Run* still = find(state.runs_, id)) halt(*still, "ceiling", excess);
  return {};
}

namespace {

Status wrong_approval(std::string_view approval, std::string_view what) {
  return fail(ErrorKind::corrupt,
              "the approval request `" + escape_untrusted(approval) + "` " + std::string(what));
}

// Whether one more approval by `person` is a further pair of eyes. What programs said before takes
// no place from the sponsor of the run.
bool counts(const Approval& approval, const Run* run, std::string_view person) {
  if (same_person(person, approval.asked.terms->agent)) return false;
  if (run != nullptr && (same_person(person, run->identity) || same_person(person, run->agent))) {
    return false;
  }
  std::size_t earlier = 0;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts || answer.answer != "approve") continue;
    if (same_person(answer.person, person)) return false;
    if (!answer.automatic) ++earlier;
  }
  return earlier == 0 || !same_person(person, approval.asked.terms->sponsor);
}

}  // namespace

Status Fold::operator()(const ApprovalOpened& b) {
  if (state.approvals_.contains(b.approval)) return wrong_approval(b.approval, "was opened before");
  const auto call = state.calls_.find(b.call);
  const bool held = call != state.calls_.end() && call->second.phase == CallPhase::held &&
                    call->second.approval == b.approval && call->second.run == b.run;
  if (!held) return wrong_approval(b.approval, "belongs to no held call");
  if (b.quorum == 0) return wrong_approval(b.approval, "asks no one");
  Approval approval;
  approval.asked = OpenedQuestion(b);
  approval.asked.expires = whole_microseconds(b.expires);
  approval.opened = at;
  approval.call = b.call;
  state.put_question(std::move(approval));
  return {};
}

Status Fold::operator()(const ApprovalAnswered& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  if (b.answer != "approve" && b.answer != "reject")
    return wrong_approval(b.approval, "got no answer");
  if (!next(approval.phase, ApprovalEvent::reject)) return wrong_approval(b.approval, "is over");
  PAWL_TRY(check_reach(b, approval));

  const Run* run = state.run(approval.asked.run);
  Answer answer{.person = b.person,
                .answer = b.answer,
                .reason = b.reason,
                .at = at,
                .automatic = b.proof == automatic_proof,
                .identical = b.identical,
                .for_run = b.for_run};
  const bool late = approval.asked.terms->deny_on_timeout && at > approval.asked.expires;
  const bool own = same_person(b.person, approval.asked.terms->agent) ||
                   (run != nullptr && same_person(b.person, run->identity));
  answer.counts = !late && !own && (b.answer == "reject" || counts(approval, run, b.person));
  approval.answers.push_back(std::move(answer));
  count_answers(approval);
  return {};
}

Status Fold::operator()(const ApprovalChanged& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  if (approval.phase != ApprovalPhase::open) return wrong_approval(b.approval, "is over");
  if (b.args.empty() || b.binding.empty()) return wrong_approval(b.approval, "got no change");

  const bool late = approval.asked.terms->deny_on_timeout && at > approval.asked.expires;
  Answer answer{.person = b.person, .answer = "approve", .reason = b.reason, .at = at};
  if (!late) {
    // Looked at without the answers to what would not run any more.
    std::vector<Answer> before = approval.answers;
    for (Answer& earlier : approval.answers) earlier.counts = false;
    answer.counts = counts(approval, state.run(approval.asked.run), b.person);
    if (!answer.counts) approval.answers = std::move(before);
  }
  if (answer.counts) {
    approval.changed =
        std::make_shared<const ChangedQuestion>(ChangedQuestion{b.args, b.binding, b.person});
  }
  approval.answers.push_back(std::move(answer));
  count_answers(approval);
  return {};
}

// One rejection ends it; distinct persons make the quorum, as far as they are enough (eyes.h).
void Fold::count_answers(Approval& approval) {
  std::vector<const Answer*> approvals;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts) continue;
    if (answer.answer == "reject") return end_approval(approval, ApprovalPhase::rejected);
    approvals.push_back(&answer);
  }
  if (approval.phase != ApprovalPhase::open) return;
  if (!enough_eyes(*approval.asked.terms, approvals)) return;
  approval.phase = ApprovalPhase::approved;
  const auto call = state.calls_.find(approval.call);
  if (call != state.calls_.end()) stop_waiting(call->second);
}

Status Fold::operator()(const ApprovalEnded& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  const std::optional<ApprovalEvent> event = ending_event(b.how);
  if (!event) return wrong_approval(b.approval, "ended in an unknown way");
  // Answers, halts, kills and the admitted call end a question by themselves; the record that says
  // so for readers may follow.
  if (to_string(approval.phase) == b.how) return {};
  const bool by_time = *event == ApprovalEvent::expire || *event == ApprovalEvent::withdraw;
  const std::optional<ApprovalPhase> to = next(approval.phase, *event);
  if (!by_time || !to) {
    return wrong_approval(b.approval, "is " + std::string(to_string(approval.phase)) + ", not " +
                                          escape_untrusted(b.how));
  }
  end_approval(approval, *to);
  return {};
}

Status Fold::operator()(const ApprovalAttached& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  if (!next(approval.phase, ApprovalEvent::withdraw)) return wrong_approval(b.approval, "is over");
  if (approval.attached == b.attached) {
    return wrong_approval(b.approval,
                          b.attached ? "has a caller already" : "has no caller to lose");
  }
  const auto live = state.calls_.find(approval.call);
  if (live == state.calls_.end()) return wrong_approval(b.approval, "has lost its call");
  const bool other = !b.call.empty() && b.call != approval.call;
  if (other && (!b.attached || state.calls_.contains(b.call))) {
    return wrong_approval(b.approval, "belongs to another call");
  }
  if (other) {
    // The identical call came back under a new id and goes on where the first one stopped.
    LiveCall moved = std::move(live->second);
    state.calls_.erase(live);
    moved.id = b.call;
    approval.call = b.call;
    state.calls_.emplace(b.call, std::move(moved));
  }
  set_attached(approval, b.attached);
  return {};
}

void Fold::index_detached(Approval& approval, bool attached) {
  approval.attached = attached;
  const std::string& id = approval.asked.approval;
  const std::string binding = approval.asked.binding.text();
  if (!attached) {
    state.detached_[binding].insert(id);
    return;
  }
  const auto index = state.detached_.find(binding);
  if (index != state.detached_.end() && index->second.erase(id) > 0 && index->second.empty()) {
    state.detached_.erase(index);
  }
}

void Fold::set_attached(Approval& approval, bool attached) {
  index_detached(approval, attached);
  LiveCall& call = state.calls_.at(approval.call);
  if (!attached) return stop_waiting(call);
  if (approval.phase != ApprovalPhase::open) return;
  Run& run = state.runs_.at(call.run);
  call.waits = true;
  ++run.waiting;
  keep_time(run);
}

// The held call stays until its second look denies it or it is aborted; it waits for no one any
// more.
void Fold::end_approval(Approval& approval, ApprovalPhase how) {
  index_detached(approval, true);  // no caller can come back to it
  approval.phase = how;
  const auto call = state.calls_.find(approval.call);
  if (call != state.calls_.end()) stop_waiting(call->second);
  state.ended_.push_back(approval.asked.approval);
  if (state.ended_.size() <= ended_approvals_max) return;
  state.forget_question(state.ended_.front());
  state.ended_.pop_front();
}

// Escalations: who was told, who answers for it, and that no one did.

namespace {

std::string about_of(const Resumed& b) {
  return b.name.empty() ? b.scope : b.scope + " " + b.name;
}

}  // namespace

std::string_view to_string(Escalation::Phase phase) {
  switch (phase) {
    case Escalation::Phase::open:
      return "open";
    case Escalation::Phase::unanswered:
      return "unanswered";
    case Escalation::Phase::acknowledged:
      return "acknowledged";
  }
  return "open";
}

Status Fold::operator()(const Escalated& b) {
  const auto found = state.escalations_.find(b.escalation);
  if (found != state.escalations_.end()) found->second.told = std::max(found->second.told, b.step);
  return {};
}

Status Fold::operator()(const EscalationOpened& b) {
  if (state.escalations_.contains(b.escalation)) {
    return fail(ErrorKind::corrupt,
                "the escalation `" + escape_untrusted(b.escalation) + "` was opened before");
  }
  if (state.escalations_.size() >= escalations_max) {
    // An acknowledged one makes room; an open one stays.
    auto oldest = state.escalations_.end();
    for (auto at_one = state.escalations_.begin(); at_one != state.escalations_.end(); ++at_one) {
      if (at_one->second.phase != Escalation::Phase::acknowledged) continue;
      if (oldest == state.escalations_.end() || at_one->second.at < oldest->second.at) {
        oldest = at_one;
      }
    }
    if (oldest == state.escalations_.end()) {
      return fail(ErrorKind::refused, "too many escalations wait for an answer");
    }
    state.escalations_.erase(oldest);
  }
  state.escalations_.emplace(b.escalation, Escalation{b, at, Escalation::Phase::open, 0, {}});
  return {};
}

Status Fold::operator()(const EscalationChanged& b) {
  const auto found = state.escalations_.find(b.escalation);
  if (found == state.escalations_.end()) {
    return fail(ErrorKind::corrupt,
                "there is no escalation `" + escape_untrusted(b.escalation) + "`");
  }
  Escalation& escalation = found->second;
  if (b.how == "unanswered") {
    if (escalation.phase != Escalation::Phase::open) {
      return fail(ErrorKind::corrupt,
                  "an escalation is unanswered once, and never after an answer");
    }
    escalation.phase = Escalation::Phase::unanswered;
    return {};
  }
  if (b.person.empty()) return fail(ErrorKind::corrupt, "a person answers for an escalation");
  if (b.how == "resolved") {
    state.escalations_.erase(found);
    return {};
  }
  if (b.how != "acknowledged" || escalation.phase == Escalation::Phase::acknowledged) {
    return fail(ErrorKind::corrupt, "an escalation is acknowledged once");
  }
  escalation.phase = Escalation::Phase::acknowledged;
  escalation.person = b.person;
  return {};
}

Status Fold::operator()(const Drilled& b) {
  if (b.passed) state.last_drill_ = State::LastDrill{at, b};
  return {};
}

void Fold::end_escalations(const Resumed& b, const std::vector<std::string>& runs) {
  const std::string about = about_of(b);
  std::erase_if(state.escalations_, [&](const auto& entry) {
    const EscalationOpened& opened = entry.second.opened;
    if (!opened.about.empty()) return opened.about == about;
    return !opened.run.empty() && std::ranges::find(runs, opened.run) != runs.end();
  });
}

// What people let a run use for a while.

namespace {

Status wrong_grant(std::string_view grant, std::string_view what) {
  return fail(ErrorKind::corrupt,
              "the grant `" + escape_untrusted(grant) + "` " + std::string(what));
}

// `server/pawl:access:tool` -> `server/tool`.
std::string target_of(std::string_view request) {
  const std::size_t at = request.find(access_prefix);
  if (at == std::string_view::npos) return {};
  return std::string(request.substr(0, at)) +
         std::string(request.substr(at + access_prefix.size()));
}

}  // namespace

// Only a request that people have answered, and that is open, makes a grant.
Status Fold::operator()(const GrantMade& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return wrong_grant(b.grant, "belongs to no run");
  if (run->phase != RunPhase::open) return wrong_grant(b.grant, "is for a run that is not open");
  const LiveCall* call = state.call(b.call);
  if (call == nullptr || call->run != b.run || call->phase != CallPhase::admitted) {
    return wrong_grant(b.grant, "was asked for by no call that was let through");
  }
  if (!asks_for_access(call->tool) || target_of(call->tool) != b.tool) {
    return wrong_grant(b.grant, "is for another tool than was asked for");
  }
  const Approval* asked = state.approval(b.approval);
  if (b.approval != call->approval || asked == nullptr || asked->phase != ApprovalPhase::consumed ||
      asked->call != b.call) {
    return wrong_grant(b.grant, "has no giver");
  }
  const auto over = [this](const Grant& one) { return one.until <= at; };
  const bool twice = std::ranges::any_of(run->grants, [&](const Grant& one) {
    return one.id == b.grant || one.approval == b.approval;
  });
  if (twice) return wrong_grant(b.grant, "was given before");
  const auto ended = std::ranges::count_if(run->grants, over);
  if (run->grants.size() - static_cast<std::size_t>(ended) >= grants_per_run_max) {
    return wrong_grant(b.grant, "is one too many");
  }
  std::erase_if(run->grants, over);
  run->grants.push_back({b.grant, b.tool, b.line, b.approval, whole_microseconds(b.until), b.calls,
                         b.before, b.arguments});
  run->journal_bytes = sum_of(run->journal_bytes, record_charge_bytes);
  return {};
}

Status Fold::operator()(const GrantEnded& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return wrong_grant(b.grant, "belongs to no run");
  // An approval that stands for more calls is taken back by its own name.
  const auto lent = std::erase_if(run->grants, [&](const Grant& one) { return one.id == b.grant; });
  const auto stood =
      std::erase_if(run->standing, [&](const Standing& one) { return one.approval == b.grant; });
  if (lent + stood == 0) return wrong_grant(b.grant, "is not there");
  return {};
}

// What is said about a question besides its answers. None of it decides anything: a record that
// changed who may answer, what is answered or until when would have to be another one.

namespace {

Status wrong_talk(std::string_view approval, std::string_view what) {
  return fail(ErrorKind::corrupt,
              "the approval request `" + escape_untrusted(approval) + "` " + std::string(what));
}

std::shared_ptr<Talk> talk_of(const Approval& approval) {
  return approval.talk ? std::make_shared<Talk>(*approval.talk) : std::make_shared<Talk>();
}

}  // namespace

std::size_t Talk::asked() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(remarks, [](const Remark& remark) { return !remark.person.empty(); }));
}

Status Fold::operator()(const ApprovalAsked& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_talk(b.approval, "was never opened");
  Approval& approval = found->second;
  if (approval.phase != ApprovalPhase::open) return wrong_talk(b.approval, "is over");
  auto talk = talk_of(approval);
  if (talk->asked() >= asked_back_max) return wrong_talk(b.approval, "was asked about too often");
  talk->remarks.push_back({b.person, b.text, at});
  approval.talk = std::move(talk);
  return {};
}

Status Fold::operator()(const ApprovalReplied& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_talk(b.approval, "was never opened");
  Approval& approval = found->second;
  const bool usable = is_live(approval);
  if (!usable) return wrong_talk(b.approval, "is over");
  if (!approval.talk || !approval.talk->unanswered()) {
    return wrong_talk(b.approval, "was not asked about");
  }
  auto talk = talk_of(approval);
  talk->remarks.push_back({{}, b.words, at});
  approval.talk = std::move(talk);
  return {};
}

Status Fold::operator()(const ApprovalPassed& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_talk(b.approval, "was never opened");
  Approval& approval = found->second;
  if (approval.phase != ApprovalPhase::open) return wrong_talk(b.approval, "is over");
  auto talk = talk_of(approval);
  if (talk->passes >= passes_max) return wrong_talk(b.approval, "was passed on too often");
  ++talk->passes;
  talk->passed_to = b.to;
  talk->passed_by = b.person;
  talk->passed_because = b.reason;
  approval.talk = std::move(talk);
  return {};
}

}  // namespace pawl
