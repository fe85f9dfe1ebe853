// The state as one JSON object, and back. The members of every part are described once, in byte
// order of their names, as those of records are (base/members.h); lists are sorted by id, so that
// equal states give equal bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/members.h"
#include "kernel/state/state.h"
#include "model/spend_members.h"

namespace pawl {

inline constexpr int snapshot_format = 1;

// One way to reach what State keeps to itself.
struct Snapshot {
  static std::string write(const State& state);
  static Status read(json::View root, State& into);

 private:
  static Status read_runs(json::View list, State& into);
  static Status read_calls(json::View list, State& into);
  static Status read_approvals(json::View list, State& into);
  static Status read_agents(json::View list, State& into);
  static Status read_budgets(json::View list, State& into);
  static Status read_escalations(MemberReader& member, State& into);
  static Status read_people(MemberReader& member, State& into);
};

// snapshot.cpp
void write_repeats(const Repeats& repeats, json::Writer& out);
Status read_repeats(json::View object, Repeats& into);
void write_sums(const Sums& sums, json::Writer& out);
Status read_sums(json::View list, Sums& into);

// Phases by their words; the number of phases is the word `last` plus one.
template <class V, class Phase>
void phase_member(V& v, Phase& value, std::remove_const_t<Phase> last) {
  if constexpr (V::writes) {
    v.need("phase", std::string(to_string(value)));
  } else {
    std::string word;
    v.need("phase", word);
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      value = static_cast<Phase>(i);
      if (to_string(value) == word) return;
    }
    v.refuse("phase", "is not a phase");
  }
}

// A time that may not be there is an empty list or a list of one.
template <class V>
void time_member(V& v, std::string_view name, Part<V, std::optional<Instant>>& at) {
  if constexpr (V::writes) {
    if (at) v.need(name, *at);
  } else {
    at.reset();
    if (!v.has(name)) return;
    v.need(name, at.emplace());
  }
}

template <class V>
void members(V& v, Part<V, Spending>& s) {
  v.may("cache_read", s.used.cache_read);
  v.may("cache_write", s.used.cache_write);
  v.may("cache_write_long", s.used.cache_write_long);
  v.may("calls", s.calls.settled);
  v.may("calls_reserved", s.calls.reserved);
  v.may("input", s.input.settled);
  v.may("input_reserved", s.input.reserved);
  v.may("input_uncached", s.used.input);
  v.may("money", s.money.settled);
  v.may("money_reserved", s.money.reserved);
  v.may("output", s.output.settled);
  v.may("output_plain", s.used.output);
  v.may("output_reserved", s.output.reserved);
  v.may("reasoning", s.used.reasoning);
  v.may("searches", s.used.searches);
}

template <class V>
void members(V& v, Part<V, Repeats::Step>& s) {
  v.need("call", s.call);
  v.need("result", s.result);
}

template <class V>
void members(V& v, Part<V, LiveCall>& c) {
  v.may("abi", c.abi, std::int64_t{all_denials_count_abi});
  v.may("approval", c.approval);
  v.list("budgets", c.budgets);
  v.may("calls", c.calls);
  v.may("effect", c.has_effect);
  v.may("entry", c.entry);
  v.need("id", c.id);
  v.may("mark", c.mark);
  phase_member(v, c.phase, CallPhase::indeterminate);
  v.may("records", c.records);
  v.need("run", c.run);
  v.need("since", c.since);
  v.part("spend", c.spend);
  v.list("sums", c.sums);
  v.may("tool", c.tool);
  v.may("waits", c.waits);
}

template <class V>
void members(V& v, Part<V, Run>& r) {
  v.may("agent", r.agent);
  v.may("ahead", r.ahead);
  v.may("bytes", r.journal_bytes);
  v.may("caller", r.caller);
  v.may("counted_ns", r.counted);
  v.may("denial_minute", r.denial_minute);
  v.may("denial_records", r.denial_records);
  v.may("denials", r.denials.settled);
  v.may("executing", r.executing);
  time_member(v, "first_call", r.first_call);
  v.may("halted", r.halted);
  v.need("id", r.id);
  v.may("identity", r.identity);
  v.need("key", r.key);
  v.may("live", r.live);
  v.need("opened", r.opened);
  v.may("payload_key", r.payload_key);
  phase_member(v, r.phase, RunPhase::closed);
  v.may("policy", r.policy);
  time_member(v, "revoked", r.revoked);
  time_member(v, "running_since", r.running_since);
  v.may("sponsor", r.sponsor);
  v.may("steps", r.steps.settled);
  v.may("waiting", r.waiting);
  v.may("why", r.why);
}

template <class V>
void members(V& v, Part<V, Grant>& g) {
  v.may("approval", g.approval);
  v.list("arguments", g.arguments);
  v.may("before", g.before);
  v.may("calls", g.calls);
  v.need("id", g.id);
  v.need("line", g.line);
  v.need("tool", g.tool);
  v.need("until", g.until);
}

template <class V>
void members(V& v, Part<V, EntryCounts>& e) {
  v.may("calls_reserved", e.calls.reserved);
  v.may("calls_settled", e.calls.settled);
  v.may("records_reserved", e.records.reserved);
  v.may("records_settled", e.records.settled);
}

template <class V>
void members(V& v, Part<V, Starts>& s) {
  v.need("count", s.count);
  v.need("second", s.second);
}

template <class V>
void members(V& v, Part<V, Approval>& a) {
  v.may("attached", a.attached);
  v.may("call", a.call);
  v.need("opened", a.opened);
  phase_member(v, a.phase, ApprovalPhase::consumed);
}

template <class V>
void members(V& v, Part<V, ChangedQuestion>& c) {
  v.need("args", c.args);
  v.need("binding", c.binding);
  v.need("person", c.person);
}

template <class V>
void members(V& v, Part<V, Talk>& t) {
  v.may("passed_because", t.passed_because);
  v.may("passed_by", t.passed_by);
  v.may("passed_to", t.passed_to);
  v.may("passes", t.passes);
}

template <class V>
void members(V& v, Part<V, Remark>& r) {
  v.need("at", r.at);
  v.may("person", r.person);
  v.need("text", r.text);
}

template <class V>
void members(V& v, Part<V, Answer>& a) {
  v.need("answer", a.answer);
  v.need("at", a.at);
  v.may("automatic", a.automatic);
  v.may("counts", a.counts);
  v.may("for_run", a.for_run);
  v.may("identical", a.identical);
  v.need("person", a.person);
  v.may("reason", a.reason);
}

template <class V>
void members(V& v, Part<V, Standing>& s) {
  v.need("approval", s.approval);
  v.may("for_run", s.for_run);
  v.may("left", s.left);
  v.need("tool", s.tool);
  time_member(v, "until", s.until);
}

template <class V>
void members(V& v, Part<V, Escalation>& e) {
  v.need("at", e.at);
  v.may("person", e.person);
  phase_member(v, e.phase, Escalation::Phase::acknowledged);
  v.may("told", e.told);
}

template <class V>
void members(V& v, Part<V, Kill>& k) {
  v.need("at", k.at);
  v.need("id", k.id);
  v.may("name", k.name);
  v.may("person", k.person);
  v.may("reason", k.reason);
  v.need("scope", k.scope);
}

template <class V>
void members(V& v, Part<V, Reviewer>& r) {
  v.may("by", r.by);
  v.need("person", r.person);
  v.may("proof", r.proof);
  v.may("verifier", r.verifier);
}

}  // namespace pawl
