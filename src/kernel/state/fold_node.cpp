#include "base/text.h"
#include "kernel/state/fold.h"

namespace pawl {

Status Fold::operator()(const NodeStarted& b) {
  if (b.epoch <= state.epoch_) {
    return fail(ErrorKind::corrupt, "a node with the epoch " + std::to_string(b.epoch) +
                                        " cannot follow one with " + std::to_string(state.epoch_));
  }
  state.epoch_ = b.epoch;
  // No caller of the node before can still be there; the questions live on.
  for (auto& [id, approval] : state.approvals_) {
    if (approval.attached && next(approval.phase, ApprovalEvent::withdraw)) {
      set_attached(approval, false);
    }
  }
  return {};
}

Status Fold::operator()(const NodeStopped&) {
  return {};
}

Status Fold::operator()(const PolicyLoaded& b) {
  state.policies_.insert(b.digest);
  state.policy_payloads_[b.digest] = b.payload;
  return {};
}

Status Fold::operator()(const DefinitionSeen& b) {
  state.definitions_.insert(b.digest);
  return {};
}

Status Fold::operator()(const PinAccepted& b) {
  state.pins_[{b.server, b.tool}] = Pin{b.digest, b.person};
  return {};
}

Status Fold::operator()(const ReviewerEnrolled& b) {
  if (!b.by.empty() && !state.reviewers_.contains(b.by)) {
    return fail(ErrorKind::refused,
                "`" + escape_untrusted(b.by) + "` is no reviewer and cannot enrol one");
  }
  state.reviewers_[b.person] = Reviewer{b.person, b.proof, b.verifier, b.by};
  return {};
}

Status Fold::operator()(const SnapshotTaken&) {
  return {};
}
Status Fold::operator()(const Noted&) {
  return {};
}

// A record of a newer pawl may be a kill or a halt: without its meaning no state can be trusted.
Status Fold::operator()(const Unknown& b) {
  return fail(ErrorKind::corrupt,
              "the record type `" + escape_untrusted(b.type) +
                  "` is not known to this version, so the state cannot be told");
}

}  // namespace pawl
