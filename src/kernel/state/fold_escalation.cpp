// Escalations: who was told, who answers for it, and that no one did.
#include <algorithm>

#include "base/text.h"
#include "kernel/state/fold.h"

namespace pawl {

namespace {

std::string about_of(const Resumed& b) {
  return b.name.empty() ? b.scope : b.scope + " " + b.name;
}

}  // namespace

std::string_view to_string(Escalation::Phase phase) {
  switch (phase) {
    case Escalation::Phase::open:
      return "open";
    case Escalation::Phase::unanswered:
      return "unanswered";
    case Escalation::Phase::acknowledged:
      return "acknowledged";
  }
  return "open";
}

Status Fold::operator()(const Escalated& b) {
  const auto found = state.escalations_.find(b.escalation);
  if (found != state.escalations_.end()) found->second.told = std::max(found->second.told, b.step);
  return {};
}

Status Fold::operator()(const EscalationOpened& b) {
  if (state.escalations_.contains(b.escalation)) {
    return fail(ErrorKind::corrupt,
                "the escalation `" + escape_untrusted(b.escalation) + "` was opened before");
  }
  if (state.escalations_.size() >= escalations_max) {
    // An acknowledged one makes room; an open one stays.
    auto oldest = state.escalations_.end();
    for (auto at_one = state.escalations_.begin(); at_one != state.escalations_.end(); ++at_one) {
      if (at_one->second.phase != Escalation::Phase::acknowledged) continue;
      if (oldest == state.escalations_.end() || at_one->second.at < oldest->second.at) {
        oldest = at_one;
      }
    }
    if (oldest == state.escalations_.end()) {
      return fail(ErrorKind::refused, "too many escalations wait for somebody");
    }
    state.escalations_.erase(oldest);
  }
  state.escalations_.emplace(b.escalation, Escalation{b, at, Escalation::Phase::open, 0, {}});
  return {};
}

Status Fold::operator()(const EscalationChanged& b) {
  const auto found = state.escalations_.find(b.escalation);
  if (found == state.escalations_.end()) {
    return fail(ErrorKind::corrupt,
                "there is no escalation `" + escape_untrusted(b.escalation) + "`");
  }
  Escalation& escalation = found->second;
  if (b.how == "unanswered") {
    if (escalation.phase != Escalation::Phase::open) {
      return fail(ErrorKind::corrupt,
                  "an escalation is unanswered once, and after nobody's answer");
    }
    escalation.phase = Escalation::Phase::unanswered;
    return {};
  }
  if (b.person.empty()) return fail(ErrorKind::corrupt, "a person answers for an escalation");
  if (b.how == "resolved") {
    state.escalations_.erase(found);
    return {};
  }
  if (b.how != "acknowledged" || escalation.phase == Escalation::Phase::acknowledged) {
    return fail(ErrorKind::corrupt, "an escalation is acknowledged once");
  }
  escalation.phase = Escalation::Phase::acknowledged;
  escalation.person = b.person;
  return {};
}

Status Fold::operator()(const Drilled& b) {
  if (b.passed) state.last_drill_ = State::LastDrill{at, b};
  return {};
}

void Fold::end_escalations(const Resumed& b, const std::vector<std::string>& runs) {
  const std::string about = about_of(b);
  std::erase_if(state.escalations_, [&](const auto& entry) {
    const EscalationOpened& opened = entry.second.opened;
    if (!opened.about.empty()) return opened.about == about;
    return !opened.run.empty() && std::ranges::find(runs, opened.run) != runs.end();
  });
}

}  // namespace pawl
