#include <algorithm>
#include <limits>

#include "base/sum.h"
#include "base/text.h"
#include "kernel/state/fold.h"

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
  return wrong_call(b.call, "joins a question that is not free");
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
  if (event != CallEvent::admit && (b.records != 0 || b.calls != 0 || !b.sums.empty())) {
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
    if (Status fine = check_sums(b, run); !fine) return fine;
  }
  return check_question(b, event);
}

Status Fold::operator()(const CallDecided& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return wrong_call(b.call, "belongs to no run");
  const std::optional<CallEvent> event = event_of(b);
  if (!event && !b.enforced) return wrong_call(b.call, "cannot have been let through");
  if (!event) return wrong_call(b.call, "was decided with an unknown effect");
  if (Status fine = check_decision(b, *run, *event); !fine) return fine;

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
  if (event == CallEvent::deny) return;
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
  if (event == CallEvent::admit) return admit(b, call, run);
  if (event == CallEvent::hold) hold(b, call, run);
  if (event == CallEvent::deny) end_call(call);
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
  if (event == CallEvent::abort) {  // it never left: everything but the step comes back
    if (const auto seen = run.seen.find(call.tool); seen != run.seen.end() && seen->second > 0) {
      --seen->second;
    }
    return;
  }
  counts.records.settled = sum_of(counts.records.settled, std::max(call.records, b.records));
  counts.calls.settled = sum_of(counts.calls.settled, call.calls);
}

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
  const bool excess = !was_held && *event != CallEvent::abort && b.records > call.records;
  if (was_held) {
    const auto asked = state.approvals_.find(call.approval);
    const bool known = asked != state.approvals_.end();
    // That nobody answered, or that its caller left, is no denial of what was asked.
    const bool withdrawn = known && asked->second.phase == ApprovalPhase::withdrawn;
    if (!withdrawn && call.abi <= all_denials_count_abi) charge_denial(run, 1);
    if (known && next(asked->second.phase, ApprovalEvent::withdraw)) {
      end_approval(asked->second, ApprovalPhase::withdrawn);
    }
  } else {
    settle(b, call, run, *event);
  }
  keep_time(run);
  const std::string id = run.id;
  end_call(call);
  if (!excess) return {};
  if (Run* still = find(state.runs_, id)) {
    halt(*still, "ceiling", "a call touched more records than it had reserved");
  }
  return {};
}

}  // namespace pawl
