#include "kernel/state/eyes.h"

#include <algorithm>

#include "base/text.h"
#include "model/access.h"

namespace pawl {

bool is_mild(const QuestionTerms& terms) {
  const std::optional<Class> c = parse_class(terms.class_text);
  return c && c->reversibility != Reversibility::irreversible && !c->external_sink &&
         !asks_for_access(terms.tool);
}

bool same_person(std::string_view a, std::string_view b) {
  return !a.empty() && fold(a) == fold(b);
}

bool enough_eyes(const QuestionTerms& terms, std::span<const Answer* const> approvals) {
  if (approvals.size() < terms.quorum) return false;
  // The second pair of eyes cannot be told from the first where the sponsor of the run is not
  // known.
  const bool apart = terms.quorum > 1 || terms.apart;
  if (apart && terms.sponsor.empty()) return false;
  const bool mild = is_mild(terms);
  if (mild && !terms.apart) return true;
  return std::ranges::any_of(approvals, [&](const Answer* answer) {
    const bool started_it = apart && same_person(answer->person, terms.sponsor);
    return (mild || !answer->automatic) && !started_it;
  });
}

std::string eyes_needed(const Approval& approval) {
  std::size_t approvals = 0;
  bool person = false;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts || answer.answer != "approve") continue;
    ++approvals;
    person = person || !answer.automatic;
  }
  if (approval.phase != ApprovalPhase::open || approvals < approval.asked.terms->quorum) return {};
  return person ? "a person who did not start the run" : "a person, besides programs";
}

}  // namespace pawl
