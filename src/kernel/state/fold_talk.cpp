// What is said about a question besides its answers. None of it decides anything: a record that
// changed who may answer, what is answered or until when would have to be another one.
#include <algorithm>

#include "base/text.h"
#include "kernel/state/fold.h"
#include "kernel/state/live.h"

namespace pawl {

namespace {

Status wrong_talk(std::string_view approval, std::string_view what) {
  return fail(ErrorKind::corrupt,
              "the question `" + escape_untrusted(approval) + "` " + std::string(what));
}

std::shared_ptr<Talk> talk_of(const Approval& approval) {
  return approval.talk ? std::make_shared<Talk>(*approval.talk) : std::make_shared<Talk>();
}

}  // namespace

std::size_t Talk::asked() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(remarks, [](const Remark& remark) { return !remark.person.empty(); }));
}

Status Fold::operator()(const ApprovalAsked& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_talk(b.approval, "was never opened");
  Approval& approval = found->second;
  if (approval.phase != ApprovalPhase::open) return wrong_talk(b.approval, "is over");
  auto talk = talk_of(approval);
  if (talk->asked() >= asked_back_max) return wrong_talk(b.approval, "was asked about too often");
  talk->remarks.push_back({b.person, b.text, at});
  approval.talk = std::move(talk);
  return {};
}

Status Fold::operator()(const ApprovalReplied& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_talk(b.approval, "was never opened");
  Approval& approval = found->second;
  const bool usable = is_live(approval);
  if (!usable) return wrong_talk(b.approval, "is over");
  if (!approval.talk || !approval.talk->unanswered()) {
    return wrong_talk(b.approval, "was not asked about");
  }
  auto talk = talk_of(approval);
  talk->remarks.push_back({{}, b.words, at});
  approval.talk = std::move(talk);
  return {};
}

Status Fold::operator()(const ApprovalPassed& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_talk(b.approval, "was never opened");
  Approval& approval = found->second;
  if (approval.phase != ApprovalPhase::open) return wrong_talk(b.approval, "is over");
  auto talk = talk_of(approval);
  if (talk->passes >= passes_max) return wrong_talk(b.approval, "was passed on too often");
  ++talk->passes;
  talk->passed_to = b.to;
  talk->passed_by = b.person;
  talk->passed_because = b.reason;
  approval.talk = std::move(talk);
  return {};
}

}  // namespace pawl
