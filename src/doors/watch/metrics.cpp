#include "doors/watch/metrics.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "kernel/policy/policy.h"

namespace pawl::watch {
namespace {

constexpr double kDecidingBounds[] = {0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005,
                                      0.001,   0.002,   0.005,   0.01,   0.05,   0.25};
constexpr double kSyncBounds[] = {0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01,
                                  0.02,   0.05,   0.1,   0.25,  1,     5};
constexpr double kUpstreamBounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                      0.5,   1,      2.5,   5,    10,    30,   60,  300};
constexpr double kPeopleBounds[] = {1, 5, 15, 60, 300, 900, 3600, 14400, 86400};

constexpr std::string_view kNone = "none";

double seconds_between(Duration from, Duration to) {
  return static_cast<double>(to.ns - from.ns) / 1e9;
}

std::string_view word(bool value) {
  return value ? "true" : "false";
}

std::string_view outcome_of(const CallOver& call) {
  if (call.kind == Settled::Kind::result) return call.times.is_error ? "tool_error" : "result";
  if (call.kind == Settled::Kind::error) return "error";
  return call.kind == Settled::Kind::gone ? "left" : "lost";
}

}  // namespace

Metrics::Metrics(const Gate& gate)
    : gate_(gate),
      deciding_("pawl_decision_seconds",
                "From a call's arrival at the gate to its verdict, with facts and record.",
                kDecidingBounds, {"role"}),
      syncing_("pawl_durable_seconds",
               "From the verdict that lets a call run until its record is where it has to be.",
               kSyncBounds),
      upstream_("pawl_upstream_seconds", "What a server took for a call.", kUpstreamBounds,
                {"server", "outcome"}),
      people_("pawl_people_seconds", "How long a call waited for people in one request.",
              kPeopleBounds, {"role"}) {}

void Metrics::know(const std::vector<std::string>& roles, const std::vector<std::string>& servers) {
  roles_.insert(roles.begin(), roles.end());
  servers_.insert(servers.begin(), servers.end());
}

std::string_view Metrics::role(std::string_view name) const {
  return roles_.contains(name) ? name : beyond_bounds;
}

std::string_view Metrics::server(std::string_view name) const {
  if (name.empty()) return kNone;
  return servers_.contains(name) ? name : beyond_bounds;
}

std::string_view Metrics::role_of_run(std::string_view run) const {
  const Run* known = gate_.state().run(run);
  return known == nullptr ? kNone : role(known->agent);
}

struct Metrics::Counting {
  Metrics& to;

  void operator()(const CallDecided& b) const {
    to.decisions_.add({to.role_of_run(b.run), to.server(b.server), b.class_text, b.effect, b.code},
                      1);
    if (const auto kind = candidate_kind(b)) {
      to.candidates_.add({to.role_of_run(b.run), to_string(*kind)}, 1);
    }
    if (!b.enforced) to.passed_.add({to.role_of_run(b.run), b.effect, b.code}, 1);
  }
  void operator()(const DenialsCounted& b) const {
    if (b.count == 0) return;
    to.decisions_.add({to.role_of_run(b.run), beyond_bounds, kNone, "deny",
                       b.code.empty() ? beyond_bounds : std::string_view(b.code)},
                      static_cast<double>(b.count));
  }
  void operator()(const CallEnded& b) const {
    to.ended_.add({to.role_of_run(b.run), b.outcome, word(b.is_error)}, 1);
  }
  void operator()(const RunOpened& b) const { to.opened_.add({to.role(b.agent)}, 1); }
  void operator()(const RunHalted& b) const { to.halted_.add({to.role_of_run(b.run), b.code}, 1); }
  void operator()(const ApprovalOpened& b) const { to.asked_.add({to.role(b.agent)}, 1); }
  void operator()(const ApprovalAnswered& b) const { to.answers_.add({b.answer}, 1); }
  void operator()(const ApprovalChanged&) const { to.answers_.add({"change"}, 1); }
  void operator()(const KillSet& b) const { to.kills_.add({b.scope}, 1); }
  void operator()(const Noted& b) const { to.notes_.add({b.topic}, 1); }
  void operator()(const Escalated& b) const { to.told_.add({b.event}, 1); }
  // Nothing is counted of the others.
  template <class T>
  void operator()(const T&) const {}
};

void Metrics::note(const Record& record) {
  std::visit(Counting{*this}, record.body);
}

void Metrics::over(const CallOver& call) {
  const CallTimes& times = call.times;
  const std::string_view who = role(call.role);
  if (times.decided.ns == 0) return;
  deciding_.observe({who}, seconds_between(times.asked, times.decided));
  if (!call.approval.empty() && times.released.ns != 0) {
    people_.observe({who}, seconds_between(times.decided, times.released));
  }
  if (times.sent.ns == 0) return;
  syncing_.observe({}, seconds_between(times.released, times.sent));
  const Duration answered = times.answered.ns == 0 ? times.over : times.answered;
  upstream_.observe({server(call.asked.call.server), outcome_of(call)},
                    seconds_between(times.sent, answered));
}

void Metrics::measure_runs(Instant now) {
  for (Family* family : {&runs_, &waiting_, &executing_, &spent_}) family->forget();
  const State& state = gate_.state();
  std::map<std::pair<std::string_view, std::string_view>, double> nearest;
  const auto near = [&nearest](std::string_view who, std::string_view what, double used,
                               double most) {
    double& so_far = nearest[{who, what}];
    so_far = std::max(so_far, most <= 0 ? 1 : used / most);
  };
  for (const auto& [id, run] : state.runs()) {
    const std::string_view who = role(run.agent);
    if (run.phase == RunPhase::closed && run.halted.empty()) continue;
    runs_.add({who, to_string(run.phase)}, 1);
    if (run.phase == RunPhase::closed) continue;
    executing_.add({who}, run.executing);
    const auto policy = gate_.runs.policy_of(id);
    if (!policy || run.phase != RunPhase::open) continue;
    const Ceilings& ceilings = policy->ceilings;
    const auto of = [](const Count& count) { return static_cast<double>(count.total()); };
    if (ceilings.steps) near(who, "steps", of(run.steps), static_cast<double>(*ceilings.steps));
    if (ceilings.denials) {
      near(who, "denials", of(run.denials), static_cast<double>(*ceilings.denials));
    }
    const Spending& spent = run.spending;
    const auto near_use = [&](std::string_view name, std::uint64_t used,
                              const std::optional<std::uint64_t>& most) {
      if (most) near(who, name, static_cast<double>(used), static_cast<double>(*most));
    };
    near_use("repeats", run.repeats.now(), ceilings.repeats);
    near_use("model_calls", spent.calls.total(), ceilings.model_calls);
    near_use("tokens", spent.tokens(), ceilings.tokens);
    near_use("input_tokens", spent.input.total(), ceilings.input_tokens);
    near_use("output_tokens", spent.output.total(), ceilings.output_tokens);
    near_use("cost", spent.money.total(), ceilings.cost_nano_usd);
    if (ceilings.wall_clock) {
      near(who, "wall_clock", static_cast<double>(run.clock(now).ns),
           static_cast<double>(ceilings.wall_clock->ns));
    }
    for (const ToolRule& entry : policy->tools) {
      const auto counts = run.entries.find(entry.key);
      if (counts == run.entries.end()) continue;
      if (entry.max_records_per_run) {
        near(who, "records", of(counts->second.records),
             static_cast<double>(*entry.max_records_per_run));
      }
      if (entry.max_calls_per_run) {
        near(who, "calls", of(counts->second.calls), static_cast<double>(*entry.max_calls_per_run));
      }
    }
  }
  for (const auto& [labels, ratio] : nearest) spent_.set({labels.first, labels.second}, ratio);
  for (const auto& [id, approval] : state.approvals()) {
    if (approval.phase == ApprovalPhase::open) {
      waiting_.add({role(approval.asked.terms->agent)}, 1);
    }
  }
}

void Metrics::measure_rollout(Instant now) {
  usable_.forget();
  observing_.forget();
  for (const CandidateNow& one : gate_.policies.candidates()) {
    usable_.set({role(one.agent)}, one.why.empty() ? 1 : 0);
  }
  for (const ObservationNow& one : gate_.policies.observations()) {
    if (one.waits) continue;
    observing_.set({role(one.what.agent)}, static_cast<double>((one.what.until - now).ns) / 1e9);
  }
}

void Metrics::measure_node(const NodeNow& node, std::string& out) {
  const auto single = [&out](std::string_view name, std::string_view help, Family::Kind kind,
                             double value) {
    Family family(name, help, kind);
    family.set({}, value);
    family.write(out);
  };
  const auto natural = [](std::uint64_t value) { return static_cast<double>(value); };
  Family version("pawl_version", "Always 1.", gauge, {"version"});
  version.set({node.version}, 1);
  version.write(out);
  const bool grants = gate_.fault().empty();
  single("pawl_granting", "1 while calls can be granted, 0 while the gate fails closed.", gauge,
         grants ? 1 : 0);
  const auto unanswered = std::ranges::count_if(gate_.state().escalations(), [](const auto& one) {
    return one.second.phase == Escalation::Phase::unanswered;
  });
  single("pawl_ready", "1 while `/readyz` says so: calls are granted, and people hear of things.",
         gauge, grants && !node.ending && unanswered == 0 ? 1 : 0);
  measure_people(node, out);
  single("pawl_kills_in_force", "Kills in force.", gauge, natural(gate_.state().kills().size()));
  single("pawl_sessions", "Sessions of clients over HTTP.", gauge, natural(node.sessions));
  single("pawl_local_clients", "Clients that joined on this machine.", gauge, natural(node.joined));
  single("pawl_connections", "Open connections of clients.", gauge, natural(node.connections));
  single("pawl_server_processes", "Processes of servers.", gauge, natural(node.server_processes));
  single("pawl_journal_records", "Records of the journal.", gauge, natural(node.journal_records));
  single("pawl_journal_unsynced_records", "Records that a power cut would lose.", gauge,
         natural(node.journal_records - node.journal_synced));
  single("pawl_journal_written_bytes_total", "Bytes appended by this node.", counter,
         natural(node.journal_bytes));
  if (!node.traces) return;
  single("pawl_spans_sent_total", "Spans that the collector took.", counter,
         natural(node.spans_sent));
  single("pawl_spans_lost_total", "Spans that found no room or no collector.", counter,
         natural(node.spans_lost));
  single("pawl_spans_waiting", "Spans that wait to be sent.", gauge, natural(node.spans_waiting));
}

void Metrics::measure_people(const NodeNow& node, std::string& out) const {
  Family waiting("pawl_escalations", "Escalations that are open.", gauge, {"phase"});
  for (const char* phase : {"open", "unanswered", "acknowledged"}) waiting.set({phase}, 0);
  for (const auto& [id, escalation] : gate_.state().escalations()) {
    waiting.add({to_string(escalation.phase)}, 1);
  }
  waiting.write(out);
  if (gate_.state().last_drill()) {
    Family drill("pawl_last_drill_timestamp_seconds",
                 "When the kill switch last passed an exercise, in seconds since 1970.", gauge);
    drill.set({}, static_cast<double>(gate_.state().last_drill()->at.ns) / 1e9);
    drill.write(out);
  }
  if (node.ways.empty()) return;
  Family up("pawl_notifier_up", "1 while notices get through this way.", gauge, {"way"});
  Family notices("pawl_notices_total", "Notices, by how they ended.", counter, {"way", "outcome"});
  for (const NodeNow::Way& way : node.ways) {
    up.set({way.name}, way.up ? 1 : 0);
    notices.set({way.name, "told"}, static_cast<double>(way.told));
    notices.set({way.name, "failed"}, static_cast<double>(way.failed));
  }
  up.write(out);
  notices.write(out);
}

std::string Metrics::write(const NodeNow& node) {
  measure_runs(node.now);
  measure_rollout(node.now);
  std::string out;
  measure_node(node, out);
  for (const Family* family :
       {&decisions_, &ended_, &opened_, &halted_, &asked_, &answers_, &kills_, &notes_, &told_,
        &candidates_, &passed_, &usable_, &observing_, &runs_, &waiting_, &executing_, &spent_}) {
    family->write(out);
  }
  for (const Times* times : {&deciding_, &syncing_, &upstream_, &people_}) times->write(out);
  return out;
}

}  // namespace pawl::watch
