#include <algorithm>

#include "base/text.h"
#include "kernel/state/eyes.h"
#include "kernel/state/fold.h"

namespace pawl {

namespace {

Status wrong_approval(std::string_view approval, std::string_view what) {
  return fail(ErrorKind::corrupt,
              "the question `" + escape_untrusted(approval) + "` " + std::string(what));
}

// Whether one more approval by `person` is a further pair of eyes. What programs said before takes
// no place from the sponsor of the run.
bool counts(const Approval& approval, const Run* run, std::string_view person) {
  if (same_person(person, approval.asked.terms->agent)) return false;
  if (run != nullptr && (same_person(person, run->identity) || same_person(person, run->agent))) {
    return false;
  }
  std::size_t earlier = 0;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts || answer.answer != "approve") continue;
    if (same_person(answer.person, person)) return false;
    if (!answer.automatic) ++earlier;
  }
  return earlier == 0 || !same_person(person, approval.asked.terms->sponsor);
}

}  // namespace

Status Fold::operator()(const ApprovalOpened& b) {
  if (state.approvals_.contains(b.approval)) return wrong_approval(b.approval, "was opened before");
  const auto call = state.calls_.find(b.call);
  const bool held = call != state.calls_.end() && call->second.phase == CallPhase::held &&
                    call->second.approval == b.approval && call->second.run == b.run;
  if (!held) return wrong_approval(b.approval, "belongs to no held call");
  if (b.quorum == 0) return wrong_approval(b.approval, "asks nobody");
  Approval approval;
  approval.asked = OpenedQuestion(b);
  approval.asked.expires = whole_microseconds(b.expires);
  approval.opened = at;
  approval.call = b.call;
  state.put_question(std::move(approval));
  return {};
}

Status Fold::operator()(const ApprovalAnswered& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  if (b.answer != "approve" && b.answer != "reject")
    return wrong_approval(b.approval, "got no answer");
  if (!next(approval.phase, ApprovalEvent::reject)) return wrong_approval(b.approval, "is over");
  if (Status fine = check_reach(b, approval); !fine) return fine;

  const Run* run = state.run(approval.asked.run);
  Answer answer{.person = b.person,
                .answer = b.answer,
                .reason = b.reason,
                .at = at,
                .automatic = b.proof == automatic_proof,
                .identical = b.identical,
                .for_run = b.for_run};
  const bool late = approval.asked.terms->deny_on_timeout && at > approval.asked.expires;
  const bool own = same_person(b.person, approval.asked.terms->agent) ||
                   (run != nullptr && same_person(b.person, run->identity));
  answer.counts = !late && !own && (b.answer == "reject" || counts(approval, run, b.person));
  approval.answers.push_back(std::move(answer));
  count_answers(approval);
  return {};
}

Status Fold::operator()(const ApprovalChanged& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  if (approval.phase != ApprovalPhase::open) return wrong_approval(b.approval, "is over");
  if (b.args.empty() || b.binding.empty()) return wrong_approval(b.approval, "got no change");

  const bool late = approval.asked.terms->deny_on_timeout && at > approval.asked.expires;
  Answer answer{.person = b.person, .answer = "approve", .reason = b.reason, .at = at};
  if (!late) {
    // Looked at without the answers to what would not run any more.
    std::vector<Answer> before = approval.answers;
    for (Answer& earlier : approval.answers) earlier.counts = false;
    answer.counts = counts(approval, state.run(approval.asked.run), b.person);
    if (!answer.counts) approval.answers = std::move(before);
  }
  if (answer.counts) {
    approval.changed =
        std::make_shared<const ChangedQuestion>(ChangedQuestion{b.args, b.binding, b.person});
  }
  approval.answers.push_back(std::move(answer));
  count_answers(approval);
  return {};
}

// One rejection ends it; distinct persons make the quorum, as far as they are enough (eyes.h).
void Fold::count_answers(Approval& approval) {
  std::vector<const Answer*> approvals;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts) continue;
    if (answer.answer == "reject") return end_approval(approval, ApprovalPhase::rejected);
    approvals.push_back(&answer);
  }
  if (approval.phase != ApprovalPhase::open) return;
  if (!enough_eyes(*approval.asked.terms, approvals)) return;
  approval.phase = ApprovalPhase::approved;
  const auto call = state.calls_.find(approval.call);
  if (call != state.calls_.end()) stop_waiting(call->second);
}

Status Fold::operator()(const ApprovalEnded& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  const std::optional<ApprovalEvent> event = ending_event(b.how);
  if (!event) return wrong_approval(b.approval, "ended in an unknown way");
  // Answers, halts, kills and the admitted call end a question by themselves; the record that says
  // so for readers may follow.
  if (to_string(approval.phase) == b.how) return {};
  const bool by_time = *event == ApprovalEvent::expire || *event == ApprovalEvent::withdraw;
  const std::optional<ApprovalPhase> to = next(approval.phase, *event);
  if (!by_time || !to) {
    return wrong_approval(b.approval, "is " + std::string(to_string(approval.phase)) + ", not " +
                                          escape_untrusted(b.how));
  }
  end_approval(approval, *to);
  return {};
}

Status Fold::operator()(const ApprovalAttached& b) {
  const auto found = state.approvals_.find(b.approval);
  if (found == state.approvals_.end()) return wrong_approval(b.approval, "was never opened");
  Approval& approval = found->second;
  if (!next(approval.phase, ApprovalEvent::withdraw)) return wrong_approval(b.approval, "is over");
  if (approval.attached == b.attached) {
    return wrong_approval(b.approval,
                          b.attached ? "has a caller already" : "has no caller to lose");
  }
  const auto live = state.calls_.find(approval.call);
  if (live == state.calls_.end()) return wrong_approval(b.approval, "has lost its call");
  const bool other = !b.call.empty() && b.call != approval.call;
  if (other && (!b.attached || state.calls_.contains(b.call))) {
    return wrong_approval(b.approval, "belongs to another call");
  }
  if (other) {
    // The identical call came back under a new id and goes on where the first one stopped.
    LiveCall moved = std::move(live->second);
    state.calls_.erase(live);
    moved.id = b.call;
    approval.call = b.call;
    state.calls_.emplace(b.call, std::move(moved));
  }
  set_attached(approval, b.attached);
  return {};
}

void Fold::index_detached(Approval& approval, bool attached) {
  approval.attached = attached;
  const std::string& id = approval.asked.approval;
  const std::string binding = approval.asked.binding.text();
  if (!attached) {
    state.detached_[binding].insert(id);
    return;
  }
  const auto index = state.detached_.find(binding);
  if (index != state.detached_.end() && index->second.erase(id) > 0 && index->second.empty()) {
    state.detached_.erase(index);
  }
}

void Fold::set_attached(Approval& approval, bool attached) {
  index_detached(approval, attached);
  LiveCall& call = state.calls_.at(approval.call);
  if (!attached) return stop_waiting(call);
  if (approval.phase != ApprovalPhase::open) return;
  Run& run = state.runs_.at(call.run);
  call.waits = true;
  ++run.waiting;
  keep_time(run);
}

// The held call stays until its second look denies it or it is aborted; it waits for no one any
// more.
void Fold::end_approval(Approval& approval, ApprovalPhase how) {
  index_detached(approval, true);  // no caller can come back to it
  approval.phase = how;
  const auto call = state.calls_.find(approval.call);
  if (call != state.calls_.end()) stop_waiting(call->second);
  state.ended_.push_back(approval.asked.approval);
  if (state.ended_.size() <= ended_approvals_max) return;
  state.forget_question(state.ended_.front());
  state.ended_.pop_front();
}

}  // namespace pawl
