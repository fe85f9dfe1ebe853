#include "gate/approval/reviewers.h"

#include "gate/state/gate_state.h"

#include <utility>

#include "base/text.h"

namespace pawl {

Reviewers::Reviewers(GateState& gate_state) : gate_state_(gate_state) {}

Status Reviewers::enroll(const std::string& person, const std::string& proof,
                         const std::string& verifier, const std::string& by) {
  const auto& reviewers = gate_state_.state.reviewers();
  if (person.empty() || verifier.empty()) {
    return fail(ErrorKind::invalid, "a reviewer has a name and something to be known by");
  }
  if (by.empty() && !reviewers.empty()) {
    return fail(ErrorKind::refused,
                "only the first reviewer comes from the configuration; an enrolled "
                "one adds the others");
  }
  if (gate_state_.people.programs.contains(person)) {
    return fail(ErrorKind::refused,
                "`" + escape_untrusted(person) + "` is a program and proves nothing");
  }
  if (!by.empty() && gate_state_.people.auditors.contains(by))
    return fail(ErrorKind::refused, auditor_says);
  if (!by.empty() && (!reviewers.contains(by) || gate_state_.people.programs.contains(by))) {
    return fail(ErrorKind::refused,
                "`" + escape_untrusted(by) + "` is not a reviewer and cannot enrol one");
  }
  const auto seq = gate_state_.log.append(ReviewerEnrolled{person, proof, verifier, by});
  PAWL_TRY(seq);
  return {};
}

Status Reviewers::enroll_first(const std::vector<ConfiguredReviewer>& reviewers) {
  if (!gate_state_.state.reviewers().empty()) {
    return fail(ErrorKind::refused,
                "reviewers are enrolled already, and one of them adds the others");
  }
  for (const ConfiguredReviewer& one : reviewers) {
    if (one.person.empty() || one.verifier.empty()) {
      return fail(ErrorKind::invalid, "a reviewer has a name and something to be known by");
    }
    if (gate_state_.people.programs.contains(one.person)) {
      return fail(ErrorKind::refused,
                  "`" + escape_untrusted(one.person) + "` is a program and proves nothing");
    }
    const auto seq =
        gate_state_.log.append(ReviewerEnrolled{one.person, one.proof, one.verifier, {}});
    PAWL_TRY(seq);
  }
  return {};
}

void Reviewers::set_default_reviewers(std::vector<std::string> reviewers) {
  gate_state_.people.default_reviewers = std::move(reviewers);
}

bool Reviewers::is_program(std::string_view person) const {
  return gate_state_.people.programs.contains(person);
}

bool Reviewers::is_auditor(std::string_view person) const {
  return gate_state_.people.auditors.contains(person);
}

void Reviewers::set_auditors(std::set<std::string, std::less<>> auditors) {
  gate_state_.people.auditors = std::move(auditors);
}

void Reviewers::set_programs(std::set<std::string, std::less<>> programs) {
  gate_state_.people.programs = std::move(programs);
}

void Reviewers::set_accounts(std::map<std::string, std::string, std::less<>> person_of) {
  gate_state_.people.accounts = std::move(person_of);
}

void Reviewers::set_people(std::map<std::string, std::vector<std::string>, std::less<>> groups_of) {
  gate_state_.people.groups_of = std::move(groups_of);
}

}  // namespace pawl
