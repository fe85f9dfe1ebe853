#include "kernel/state/question.h"

#include <utility>

#include "kernel/state/state.h"

namespace pawl {

OpenedQuestion::OpenedQuestion(const ApprovalOpened& b)
    : approval(b.approval),
      call(b.call),
      run(b.run),
      binding(b.binding),
      args(b.args),
      expires(b.expires),
      terms(std::make_shared<QuestionTerms>(QuestionTerms{.agent = b.agent,
                                                          .sponsor = b.sponsor,
                                                          .tool = b.tool,
                                                          .quorum = b.quorum,
                                                          .typed = b.typed,
                                                          .deny_on_timeout = b.deny_on_timeout,
                                                          .typed_of = b.typed_of,
                                                          .credential = b.credential,
                                                          .reviewers = b.reviewers,
                                                          .why = b.why,
                                                          .class_text = b.class_text,
                                                          .apart = b.apart,
                                                          .identical = b.identical,
                                                          .for_run = b.for_run,
                                                          .likeness = b.likeness})) {}

ApprovalOpened OpenedQuestion::record() const {
  ApprovalOpened b;
  b.approval = approval;
  b.call = call;
  b.run = run;
  b.binding = binding.text();
  b.args = args.text();
  b.agent = terms->agent;
  b.sponsor = terms->sponsor;
  b.tool = terms->tool;
  b.quorum = terms->quorum;
  b.typed = terms->typed;
  b.deny_on_timeout = terms->deny_on_timeout;
  b.typed_of = terms->typed_of;
  b.credential = terms->credential;
  b.reviewers = terms->reviewers;
  b.expires = expires;
  b.why = terms->why;
  b.class_text = terms->class_text;
  b.apart = terms->apart;
  b.identical = terms->identical;
  b.for_run = terms->for_run;
  b.likeness = terms->likeness;
  return b;
}

void State::put_question(Approval approval) {
  approval.asked.terms = *terms_.insert(std::move(approval.asked.terms)).first;
  std::string id = approval.asked.approval;
  approvals_[std::move(id)] = std::move(approval);
}

// Terms that only the set still holds are no question's. A copy of the state may hold them too;
// they stay then, and nothing is wrong but a few hundred bytes.
void State::forget_question(const std::string& id) {
  const auto found = approvals_.find(id);
  if (found == approvals_.end()) return;
  const std::shared_ptr<const QuestionTerms> terms = std::move(found->second.asked.terms);
  approvals_.erase(found);
  if (terms.use_count() == 2) terms_.erase(terms);
}

}  // namespace pawl
