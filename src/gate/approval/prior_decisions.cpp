#include "gate/approval/prior_decisions.h"

#include <utility>

#include "gate/approval/approval_rules.h"
#include "gate/state/near_duplicates.h"

namespace pawl {

std::optional<ApprovalFact> approval_fact(const GateState& gate_state, const Approval& approval) {
  ApprovalFact fact;
  fact.approval = approval.asked.approval;
  fact.binding = approval.binding();
  fact.expired = approval.phase == ApprovalPhase::expired || time_is_over(gate_state, approval);
  switch (approval.phase) {
    case ApprovalPhase::open:
    case ApprovalPhase::expired:
      if (!fact.expired) return std::nullopt;
      return fact;
    case ApprovalPhase::approved:
      if (fact.expired) return fact;
      if (const std::string missing = no_longer_entitled(gate_state, approval); !missing.empty()) {
        fact.rejected_by = missing;
        fact.reason =
            "`" + missing + "` approved it and may not answer such an approval request any more";
        return fact;
      }
      fact.granted = true;
      return fact;
    case ApprovalPhase::rejected:
      for (const Answer& answer : approval.answers) {
        if (answer.answer != "reject") continue;
        fact.rejected_by = answer.person;
        fact.reason = answer.reason;
      }
      return fact;
    case ApprovalPhase::withdrawn:
    case ApprovalPhase::consumed:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ApprovalFact> prior_rejection(const CallContext& context,
                                            const std::string& binding) {
  const auto found = context.run->rejected.find(binding);
  if (found == context.run->rejected.end()) return std::nullopt;
  const Approval* asked = context.gate_state.state.approval(found->second);
  return asked == nullptr ? std::nullopt : approval_fact(context.gate_state, *asked);
}

std::optional<ApprovalFact> near_duplicate_rejection(const CallContext& context) {
  const auto& like = context.run->rejected_near;
  if (like.empty()) return std::nullopt;
  const json::View arguments = context.asked.call.arguments;
  const std::string text = arguments.exists() ? json::write(arguments) : "{}";
  const auto found = like.find(near_duplicate_form(context.asked.call.name(), text));
  if (found == like.end()) return std::nullopt;
  const Approval* asked = context.gate_state.state.approval(found->second);
  auto fact = asked == nullptr ? std::nullopt : approval_fact(context.gate_state, *asked);
  if (!fact) return fact;
  const std::string words = fact->reason.empty() ? "" : " (" + fact->reason + ")";
  fact->reason = "nearly this call was denied" + words;
  return fact;
}

std::vector<ApprovalFact> standing_approvals(const CallContext& context) {
  const GateState& gate_state = context.gate_state;
  std::vector<ApprovalFact> facts;
  for (const Standing& one : context.state().standing) {
    const Approval* given = gate_state.state.approval(one.approval);
    if (given == nullptr || one.tool != context.asked.call.name()) continue;
    if (!no_longer_entitled(gate_state, *given).empty()) continue;
    ApprovalFact& fact = facts.emplace_back();
    fact.approval = one.approval;
    fact.binding = one.for_run ? given->asked.terms->likeness : given->asked.binding.text();
    fact.granted = true;
  }
  return facts;
}

}  // namespace pawl
