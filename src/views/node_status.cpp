#include "views/node_status.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "kernel/policy/policy.h"
#include "views/cards.h"
#include "views/runs.h"

namespace pawl::views {

void write_rollout(json::Writer& out, const Gate& gate) {
  out.key("candidates").array();
  for (const CandidateNow& one : gate.policies.candidates()) {
    out.object().key("agent").string(one.agent).key("digest").string(one.digest);
    out.key("file").string(one.file).key("last_error").string(one.last_error);
    out.key("looks").object();
    for (const CandidateKind kind : candidate_kinds) {
      out.key(to_string(kind)).natural(one.counts.of(kind));
    }
    out.end().key("why").string(one.why).end();
  }
  out.end().key("observing").array();
  for (const ObservationNow& one : gate.policies.observations()) {
    out.object().key("agent").string(one.what.agent).key("passed").natural(one.passed);
    out.key("reason").string(one.what.reason);
    out.key("until").string(to_string(one.what.until)).key("waits").boolean(one.waits).end();
  }
  out.end();
}

namespace {

void write_drill(json::Writer& out, const State::LastDrill& last) {
  const Drilled& drill = last.drill;
  out.key("last_drill").string(to_string(last.at)).key("drilled_by").string(drill.person);
  out.key("drill").object().key("alive").natural(drill.alive).key("calls").natural(drill.calls);
  out.key("dead_us").integer(drill.dead.ns / 1000);
  out.key("decided_us").integer(drill.decided.ns / 1000).key("drill").string(drill.drill);
  out.key("processes").natural(drill.processes).key("role").string(drill.role).end();
}

void write_escalation(json::Writer& out, const Escalation& escalation) {
  const EscalationOpened& opened = escalation.opened;
  out.object().key("escalation").string(opened.escalation).key("event").string(opened.event);
  out.key("run").string(opened.run).key("why").string(opened.why);
  out.key("phase").string(to_string(escalation.phase)).key("person").string(escalation.person);
  out.key("opened").string(to_string(escalation.at)).key("ends").string(to_string(opened.ends));
  out.key("told").natural(escalation.told).key("contacts").array();
  for (const LadderContact& contact : opened.contacts) out.string(contact.name);
  out.end().end();
}

void write_run(json::Writer& out, const Gate& gate, const Run& run, Instant now,
               const ActivityFeed* activity) {
  out.object().key("run").string(run.id).key("agent").string(run.agent);
  out.key("sponsor").string(run.sponsor).key("phase").string(to_string(run.phase));
  if (!run.halted.empty()) out.key("halted").string(run.halted);
  const auto policy = gate.runs.policy_of(run.id);
  const std::optional<std::uint64_t> most =
      policy == nullptr ? std::nullopt : policy->ceilings.steps;
  // What is refused after the last one is charged too.
  out.key("why").string(run.why);
  out.key("steps").natural(std::min(run.steps.total(), most.value_or(run.steps.total())));
  out.key("denials").natural(run.denials.total());
  out.key("clock_ms").integer(run.clock(now).ns / 1'000'000);
  out.key("opened").string(to_string(run.opened));
  if (activity != nullptr) write_budgets(out, gate, run, now, *activity);
  out.end();
}

}  // namespace

std::string reviewers_json(const State& state, const std::string& config) {
  json::Writer out;
  out.object().key("ok").boolean(true).key("config").string(config).key("reviewers").array();
  for (const auto& [name, reviewer] : state.reviewers()) {
    out.object().key("person").string(name).key("proof").string(reviewer.proof);
    out.key("by").string(reviewer.by).key("verifier").string(reviewer.verifier).end();
  }
  out.end().end();
  return out.take();
}

std::string status_json(const Gate& gate, const Journal& journal, Instant now,
                        const std::string& version, const ActivityFeed* activity,
                        const std::string& notices, const std::string& deployments,
                        const std::map<std::string, std::string>& failing) {
  const State& state = gate.state();
  json::Writer out;
  out.object().key("ok").boolean(true);
  out.key("version").string(version);
  out.key("node").string(journal.public_key());
  out.key("records").natural(journal.next());
  out.key("synced").natural(journal.synced());
  out.key("fault").string(gate.fault());
  out.key("now").string(to_string(now));
  out.key("kills").array();
  for (const Kill& kill : state.kills()) {
    out.object().key("scope").string(kill.scope).key("name").string(kill.name);
    out.key("person").string(kill.person).key("reason").string(kill.reason);
    out.key("at").string(to_string(kill.at)).end();
  }
  out.end().key("escalations").array();
  for (const auto& [id, escalation] : state.escalations()) write_escalation(out, escalation);
  out.end().key("notices").raw(notices);
  if (state.last_drill()) write_drill(out, *state.last_drill());
  out.key("policies_waiting").array();
  for (const WaitingPolicy& waiting : gate.policies.waiting_policies()) {
    out.object().key("agent").string(waiting.agent).key("file").string(waiting.file);
    out.key("digest").string(waiting.digest).key("laxer").string(waiting.laxer).end();
  }
  out.end();
  out.key("deployments_waiting").raw(deployments);
  out.key("policies_failing").array();
  for (const auto& [file, why] : failing) {
    out.object().key("file").string(file).key("why").string(escape_untrusted(why)).end();
  }
  out.end();
  write_rollout(out, gate);
  write_grants(out, gate, now);
  out.key("runs").array();
  for (const auto& [id, run] : state.runs()) {
    // A halt outlives its run: it stops every further run of the agent for that sponsor.
    if (run.phase == RunPhase::closed && run.halted.empty()) continue;
    write_run(out, gate, run, now, activity);
  }
  out.end();
  write_alarms(out, gate);
  std::size_t open = 0;
  for (const auto& [id, approval] : state.approvals()) {
    open += approval.phase == ApprovalPhase::open ? 1 : 0;
  }
  out.key("questions").natural(open);
  out.end();
  return out.take();
}

}  // namespace pawl::views
