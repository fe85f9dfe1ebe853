// Approvals that are good for more calls than their own.
#include <algorithm>

#include "base/text.h"
#include "kernel/state/fold.h"
#include "kernel/state/reach.h"

namespace pawl {

const Standing* Run::stands(std::string_view approval, Instant now) const {
  const auto found = std::ranges::find(standing, approval, &Standing::approval);
  if (found == standing.end()) return nullptr;
  const bool over = found->for_run ? !found->until || now >= *found->until : found->left == 0;
  return over ? nullptr : &*found;
}

std::string out_of_reach(const Approval& approval, const Reach& reach) {
  if (!reach.any()) return {};
  const QuestionTerms& terms = *approval.asked.terms;
  if (reach.for_run && reach.identical > 0) return "it is for identical calls or for the run";
  if (approval.changed) return "a call that a reviewer changed is approved once";
  const std::optional<Class> c = parse_class(terms.class_text);
  if (!c || c->reversibility == Reversibility::irreversible) {
    return "what cannot be undone is approved call by call";
  }
  if (reach.for_run && c->external_sink) {
    return "what can carry data outside is approved call by call, or for identical calls";
  }
  if (reach.for_run && (terms.for_run.ns <= 0 || terms.likeness.empty())) {
    return "the policy lets nobody approve it for the run";
  }
  if (reach.identical > terms.identical) {
    return terms.identical == 0
               ? std::string("the policy lets nobody approve identical calls with it")
               : "the policy lets an approval be good for " + std::to_string(terms.identical) +
                     " identical calls at most";
  }
  return {};
}

Reach reach_of(const Approval& approval) {
  Reach least;
  bool first = true;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts || answer.answer != "approve") continue;
    const Reach given{answer.identical, answer.for_run};
    if (!given.any() || answer.automatic) return {};
    if (first || (least.for_run && !given.for_run)) {
      least = given;
    } else if (!given.for_run) {
      least.identical = std::min(least.identical, given.identical);
    }
    first = false;
  }
  return out_of_reach(approval, least).empty() ? least : Reach{};
}

Status Fold::check_reach(const ApprovalAnswered& b, const Approval& approval) const {
  const Reach reach{b.identical, b.for_run};
  if (!reach.any()) return {};
  std::string why = out_of_reach(approval, reach);
  if (b.answer != "approve") why = "what is rejected is good for nothing";
  if (why.empty()) return {};
  return fail(ErrorKind::corrupt,
              "the answer to `" + escape_untrusted(b.approval) + "` reaches too far: " + why);
}

// Its own call is the first of them.
void Fold::let_stand(const Approval& approval, Run& run) const {
  const Reach reach = reach_of(approval);
  if (!reach.for_run && reach.identical < 2) return;
  Standing one;
  one.approval = approval.asked.approval;
  one.tool = approval.asked.terms->tool;
  one.for_run = reach.for_run;
  if (reach.for_run) {
    one.until = whole_microseconds(at + approval.asked.terms->for_run);
  } else {
    one.left = reach.identical - 1;
  }
  std::erase_if(run.standing, [this](const Standing& old) {
    return old.for_run ? !old.until || at >= *old.until : old.left == 0;
  });
  if (run.standing.size() >= standing_max) run.standing.erase(run.standing.begin());
  run.standing.push_back(std::move(one));
}

void Fold::use_standing(Run& run, std::string_view approval) {
  const auto found = std::ranges::find(run.standing, approval, &Standing::approval);
  if (found == run.standing.end() || found->for_run) return;
  if (found->left > 0) --found->left;
  if (found->left == 0) run.standing.erase(found);
}

}  // namespace pawl
