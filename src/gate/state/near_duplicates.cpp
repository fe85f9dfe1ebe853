#include "gate/state/near_duplicates.h"

#include "base/text.h"
#include "model/access.h"

namespace pawl {

std::string near_duplicate_form(std::string_view tool, std::string_view arguments) {
  // An agent that may not have a tool does not get it for better reasons.
  const std::string folded = asks_for_access(tool) ? std::string() : fold(arguments);
  std::string form = fold(tool);
  form += '\n';
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const char c = folded[i];
    const std::string_view two = std::string_view(folded).substr(i, 2);
    if (two == "\\\\" || two == "\\\"") {
      form += two;
      ++i;
    } else if (two == "\\n" || two == "\\t" || two == "\\r") {
      ++i;
    } else if (is_digit(c)) {
      if (form.back() != '0') form += '0';
    } else if (c != ' ') {
      form += c;
    }
  }
  return to_string(sha256(form));
}

void remember_rejection(GateState& gate_state, GateRun& run, const Approval& approval) {
  const OpenedQuestion& asked = approval.asked;
  run.rejected[asked.binding.text()] = asked.approval;
  Digest commitment{};
  if (!parse_spelled(asked.args.text(), commitment)) return;
  const auto payload = gate_state.journal.payload(commitment);
  if (!payload || payload->state != PayloadState::present) return;
  run.rejected_near[near_duplicate_form(asked.terms->tool, payload->bytes)] = asked.approval;
}

}  // namespace pawl
