#include "gate/said.h"

#include <utility>

#include "gate/facts.h"
#include "gate/near.h"
#include "gate/people.h"

namespace pawl {

std::optional<ApprovalFact> said_no(const CallContext& context, const std::string& binding) {
  const auto found = context.run->rejected.find(binding);
  if (found == context.run->rejected.end()) return std::nullopt;
  const Approval* asked = context.gate_state.state.approval(found->second);
  return asked == nullptr ? std::nullopt : approval_fact(context.gate_state, *asked);
}

std::optional<ApprovalFact> said_no_to_the_like(const CallContext& context) {
  const auto& like = context.run->rejected_like;
  if (like.empty()) return std::nullopt;
  const json::View arguments = context.asked.call.arguments;
  const std::string text = arguments.exists() ? json::write(arguments) : "{}";
  const auto found = like.find(near_form(context.asked.call.name(), text));
  if (found == like.end()) return std::nullopt;
  const Approval* asked = context.gate_state.state.approval(found->second);
  auto fact = asked == nullptr ? std::nullopt : approval_fact(context.gate_state, *asked);
  if (!fact) return fact;
  const std::string words = fact->reason.empty() ? "" : " (" + fact->reason + ")";
  fact->reason = "nearly this call was rejected" + words;
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
