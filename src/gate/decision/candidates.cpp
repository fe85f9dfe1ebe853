#include "gate/decision/candidates.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "gate/decision/facts.h"
#include "kernel/admit/explain.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr std::size_t why_bytes_max = 300;

std::string shortened(const Error& error) {
  return escape_untrusted(error.message.substr(0, why_bytes_max));
}

// As the run's own task narrows it: made once for a run, and again when either is another one.
const CandidateOfRun& narrow(const std::shared_ptr<PolicyInUse>& candidate, GateRun& run) {
  CandidateOfRun& known = run.candidate;
  const std::string& task = run.policy->policy().task;
  if (known.from == candidate && known.task == task) return known;
  known = {.from = candidate, .policy = candidate, .task = task, .mistake = {}};
  if (task.empty()) return known;
  const auto with_task = narrowed(candidate->shared(), task, {});
  known.policy = with_task ? std::make_shared<PolicyInUse>(*with_task) : nullptr;
  if (!with_task) {
    known.mistake = "the task of its run does not fit it: " + shortened(with_task.error());
  }
  return known;
}

void compare(const Verdict& verdict, const Verdict& would, CandidateSaid& said) {
  if (would.effect == verdict.effect && would.reason.code == verdict.reason.code) return;
  said.effect = to_string(would.effect);
  said.code = to_string(would.reason.code);
  if (would.reason.rule == nullptr) return;
  said.rule = would.reason.rule->path;
  said.rule_at = to_string(would.reason.rule->at);
}

}  // namespace

std::optional<CandidateSaid> ask_candidate(const CallContext& context, const Facts& facts,
                                           const Verdict& verdict, Look look, Instant now) {
  const auto found = context.gate_state.candidates.find(context.state().agent);
  if (found == context.gate_state.candidates.end() || !found->second.policy) return std::nullopt;
  CandidateSaid said{.policy = found->second.policy->digest()};
  const CandidateOfRun& candidate = narrow(found->second.policy, *context.run);
  said.why = candidate.mistake;
  if (!candidate.policy) return said;
  const Call& call = context.asked.call;
  const Policy& policy = candidate.policy->policy();
  const auto tool = candidate.policy->bound(call.server, call.tool, context.asked.definition, now);
  if (tool && !tool->misfits.empty()) {
    said.why = "its entry does not fit the tool: " + shortened(tool->misfits.front());
    return said;
  }
  const auto own = gather_for_candidate(context, tool.get(), policy, facts);
  if (!own) {
    said.why = own.error().message;
    return said;
  }
  const Verdict would = admit({.policy = policy,
                               .state = context.gate_state.state,
                               .run = context.state(),
                               .call = call,
                               .tool = tool.get(),
                               .facts = *own,
                               .now = now,
                               .look = look});
  // What people answered to the question that was asked is an answer to this one too.
  const bool answered = look == Look::after_hold || facts.approval.has_value();
  if (!answered || would.effect != Effect::hold) compare(verdict, would, said);
  return said;
}

void count_candidate(const CallContext& context, CandidateKind kind, std::string_view why) {
  const auto found = context.gate_state.candidates.find(context.state().agent);
  if (found == context.gate_state.candidates.end()) return;
  found->second.counts.add(kind);
  if (why.empty()) return;
  found->second.last_error =
      "`" + escape_untrusted(context.asked.call.name().substr(0, shown_name_bytes_max)) + "`: ";
  found->second.last_error += why;
}

}  // namespace pawl
