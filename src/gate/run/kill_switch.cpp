#include "gate/run/kill_switch.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"
#include "gate/alert/escalation.h"
#include "gate/approval/lifecycle.h"
#include "gate/state/call_context.h"

namespace pawl {

namespace {

Status check_scope(const State& state, const std::string& scope, const std::string& name) {
  if (!is_scope(scope)) {
    return fail(ErrorKind::usage, "`" + escape_untrusted(scope) +
                                      "` is not one of `all`, `role`, `agent`, `run`, `tool`, "
                                      "`upstream`");
  }
  if (scope == "all") {
    return name.empty() ? Status{} : fail(ErrorKind::usage, "the scope `all` has no name");
  }
  if (name.empty()) return fail(ErrorKind::usage, "the scope `" + scope + "` needs a name");
  if (scope == "run" && state.run(name) == nullptr) {
    return fail(ErrorKind::missing, "there is no run `" + escape_untrusted(name) + "`");
  }
  return {};
}

// The server may answer at once, and the call be gone before the next one is looked at: so first
// who, then each one that is still there.
std::vector<std::string> cancel_covered(GateState& gate_state, const Kill& kill) {
  std::vector<std::pair<std::string, std::string>> calls;  // run, call
  for (const auto& [id, run] : gate_state.runs) {
    for (const CallContext* context : run.live) {
      if (context->phase != CallContext::Phase::executing) continue;
      if (covers(kill, context->state()) || covers_tool(kill, context->asked.call.name())) {
        calls.emplace_back(id, context->call);
      }
    }
  }
  std::vector<std::string> cancelled;
  for (const auto& [run, call] : calls) {
    const auto& live = gate_state.runs.at(run).live;
    const auto found = std::ranges::find(live, call, &CallContext::call);
    if (found == live.end()) continue;
    cancelled.push_back(call);
    cancel(**found);
  }
  std::ranges::sort(cancelled);
  return cancelled;
}

std::string about_of(const std::string& scope, const std::string& name) {
  return name.empty() ? scope : scope + " " + name;
}

bool stops_something(const State& state, const std::string& scope, const std::string& name) {
  const auto set = [&](const Kill& kill) { return kill.scope == scope && kill.name == name; };
  if (std::ranges::any_of(state.kills(), set)) return true;
  return std::ranges::any_of(state.runs(), [&](const auto& entry) {
    return resumes(scope, name, entry.second) && !entry.second.halted.empty();
  });
}

// What could be meant instead: `; stopped there: `a`, `b``.
std::string stopped_names(const State& state, const std::string& scope) {
  std::set<std::string> names;
  for (const Kill& kill : state.kills()) {
    if (kill.scope == scope && !kill.name.empty()) names.insert(kill.name);
  }
  for (const auto& [id, run] : state.runs()) {
    if (run.halted.empty()) continue;
    if (scope == "run") names.insert(id);
    if (scope == "agent" || scope == "role") names.insert(run.agent);
  }
  constexpr std::size_t shown_max = 5;
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "; killed there: `" : ", `") + escape_untrusted(name) + "`";
    if (&name == &*std::next(names.begin(), std::min(names.size(), shown_max) - 1)) break;
  }
  return names.size() > shown_max ? text + " and others" : text;
}

// Whatever the resumption ends of what people had to answer for is over, and they hear so.
Status go_on(GateState& gate_state, const Resumed& record) {
  const auto before = gate_state.state.escalations();
  const auto seq = gate_state.log.append(record);
  PAWL_TRY(seq);
  gate_state.journal.request_sync(*seq);
  for (const auto& [id, escalation] : before) {
    if (gate_state.state.escalations().contains(id)) continue;
    gate_state.notifier.changed(escalation.opened, "resolved");
  }
  return {};
}

}  // namespace

KillSwitch::KillSwitch(GateState& gate_state) : gate_state_(gate_state) {}

Result<Stopped> KillSwitch::kill(const std::string& scope, const std::string& name,
                                 const std::string& person, const std::string& reason,
                                 KillAlarm alarm) {
  GateState& gate_state = gate_state_;
  PAWL_TRY(check_scope(gate_state.state, scope, name));
  const KillSet set{.id = new_id(gate_state, "k"),
                    .scope = scope,
                    .name = name,
                    .person = person,
                    .reason = reason};
  const Kill kill{set.id, scope, name, person, reason, {}};
  Stopped stopped;
  stopped.kill = set.id;
  for (const auto& [id, run] : gate_state.state.runs()) {
    if (run.phase != RunPhase::closed && covers(kill, run)) stopped.runs.push_back(id);
  }
  std::ranges::sort(stopped.runs);
  if (scope == "run" && stopped.runs.empty()) {
    return fail(ErrorKind::missing, "the run `" + escape_untrusted(name) + "` is over");
  }
  const auto before = usable_questions(gate_state.state);
  const auto seq = gate_state.log.append(set, {.urgency = Urgency::reserve});
  stopped.cancelled = cancel_covered(gate_state, kill);
  if (!seq) {
    return fail(seq.error().fault,
                "open calls were asked to stop, and nothing is granted, but "
                "the kill could not be recorded: " +
                    seq.error().message);
  }
  gate_state.journal.request_sync(*seq);
  stopped.withdrawn = end_withdrawn(gate_state, before);
  if (alarm == KillAlarm::none) return stopped;
  alert_people(
      gate_state, scope == "run" ? name : std::string{}, "killed",
      "the kill switch was set for " +
          (scope == "all" ? "everything" : scope + " `" + escape_untrusted(name) + "`") +
          (alarm == KillAlarm::exercise ? ", in an exercise: " + escape_untrusted(reason) : ""),
      about_of(scope, name));
  return stopped;
}

Status KillSwitch::resume(const std::string& scope, const std::string& name,
                          const std::string& person, const std::string& reason) {
  PAWL_TRY(gate_state_.people.may_decide(person));
  if (!stops_something(gate_state_.state, scope, name)) {
    return fail(ErrorKind::missing,
                "the kill switch is not set for the scope `" + escape_untrusted(scope) + "`" +
                    (name.empty() ? "" : " and the name `" + escape_untrusted(name) + "`") +
                    stopped_names(gate_state_.state, scope));
  }
  return go_on(gate_state_, {scope, name, person, reason});
}

Status KillSwitch::lift(const std::string& kill, const std::string& person,
                        const std::string& reason) {
  PAWL_TRY(gate_state_.people.may_decide(person));
  if (std::ranges::find(gate_state_.state.kills(), kill, &Kill::id) ==
      gate_state_.state.kills().end()) {
    return fail(ErrorKind::missing, "the kill `" + escape_untrusted(kill) + "` is lifted already");
  }
  return go_on(gate_state_, {"kill", kill, person, reason});
}

}  // namespace pawl
