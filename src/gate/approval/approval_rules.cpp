#include "gate/approval/approval_rules.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "gate/approval/lifecycle.h"
#include "gate/state/near_duplicates.h"
#include "kernel/policy/layer.h"
#include "kernel/state/eyes.h"
#include "kernel/state/reach.h"

namespace pawl {

namespace {

// Who started the run, by the name that the deployment knows them by now.
std::string_view sponsor_of(const GateState& gate_state, const Approval& approval) {
  return gate_state.people.person_of(approval.asked.terms->sponsor);
}

// The run has kept a name under which the deployment knows this person only since. The record says
// that name, so by the record alone they would be another person.
bool started_as_another(const GateState& gate_state, const Approval& approval,
                        std::string_view person) {
  const std::string_view now = sponsor_of(gate_state, approval);
  return same_person(person, now) && !same_person(person, approval.asked.terms->sponsor);
}

// As people say it: a person who answers no denies.
std::string_view in_words(ApprovalPhase phase) {
  return phase == ApprovalPhase::rejected ? "denied" : to_string(phase);
}

// Whether a call may run because of it.
bool approves(AnswerGiven::Kind kind) {
  switch (kind) {
    case AnswerGiven::Kind::approve:
    case AnswerGiven::Kind::change:
      return true;
    case AnswerGiven::Kind::reject:
    case AnswerGiven::Kind::ask:
    case AnswerGiven::Kind::pass:
      return false;
  }
  return true;
}

// Why this person's answer would not count; empty: it does. A rejection needs less than an
// approval.
std::string objection(const GateState& gate_state, const Approval& approval,
                      const std::string& person, AnswerGiven::Kind kind) {
  const Run* run = gate_state.state.run(approval.asked.run);
  if (same_person(person, approval.asked.terms->agent) ||
      (run != nullptr && same_person(person, run->identity))) {
    return "a person cannot approve their own request";
  }
  if (!approves(kind)) return {};
  const QuestionTerms& terms = *approval.asked.terms;
  if ((terms.quorum > 1 || terms.apart) && terms.sponsor.empty()) {
    return "a second reviewer is required, but the run has no known sponsor";
  }
  const bool apart = terms.quorum > 1 || terms.apart;
  if (apart && started_as_another(gate_state, approval, person)) {
    return "they started the run, by another account";
  }
  if (kind == AnswerGiven::Kind::change) return {};  // what was approved before is another call
  bool others = false;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts || answer.answer != "approve") continue;
    if (same_person(answer.person, person)) return "the same person has approved it already";
    others = others || !answer.automatic;
  }
  if (others && same_person(person, sponsor_of(gate_state, approval))) {
    return "who started the run cannot be the second reviewer";
  }
  return {};
}

}  // namespace

Status refuse_answer(GateState& gate_state, const Approval& approval, const std::string& person,
                     const std::string& why) {
  (void)gate_state.log.append(Noted{approval.asked.run, "answer refused",
                                    "the answer of `" + escape_untrusted(person) + "` to " +
                                        approval.asked.approval + " was refused: " + why});
  return fail(ErrorKind::refused, why);
}

bool entitled(const GateState& gate_state, const Approval& approval, const std::string& person,
              const std::vector<std::string>& groups) {
  const auto& reviewers = approval.asked.terms->reviewers.empty()
                              ? gate_state.people.default_reviewers
                              : approval.asked.terms->reviewers;
  const auto is = [&](std::string_view name) {
    return name == person || std::ranges::find(groups, name) != groups.end();
  };
  // Where role and layers name different people, one person has to be of both.
  return std::ranges::any_of(reviewers, [&](const std::string& reviewer) {
    return std::ranges::all_of(parts_of_reviewer(reviewer), is);
  });
}

std::string cannot_take(const GateState& gate_state, const Approval& approval,
                        const std::string& to, const std::string& by) {
  const std::string name = "`" + escape_untrusted(to.substr(0, 128)) + "`";
  if (to.empty() || same_person(to, by)) return "it is not passed on to another person";
  if (gate_state.people.programs.contains(to))
    return name + " is a program, which is not asked twice";
  if (gate_state.people.auditors.contains(to)) return name + " is an auditor, who decides nothing";
  if (!gate_state.people.groups_of) {
    return entitled(gate_state, approval, to, {to})
               ? std::string{}
               : name + " is not among those who may answer it";
  }
  bool known = false;
  std::string why = name + " is not among those who may answer it";
  for (const auto& [person, groups] : *gate_state.people.groups_of) {
    if (person != to && std::ranges::find(groups, to) == groups.end()) continue;
    known = true;
    if (same_person(person, by) || gate_state.people.programs.contains(person)) continue;
    if (gate_state.people.auditors.contains(person)) continue;
    if (!entitled(gate_state, approval, person, groups)) continue;
    std::string objects = objection(gate_state, approval, person, AnswerGiven::Kind::approve);
    if (objects.empty()) return {};
    why = name + " could not approve it: " + objects;
  }
  return known ? why : "the deployment knows no person and no group " + name;
}

std::string no_longer_entitled(const GateState& gate_state, const Approval& approval) {
  if (!gate_state.people.groups_of) return {};
  const bool apart = approval.asked.terms->quorum > 1 || approval.asked.terms->apart;
  std::vector<const Answer*> standing;
  std::string missing;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts || answer.answer != "approve") continue;
    const auto known = gate_state.people.groups_of->find(answer.person);
    const bool may = known != gate_state.people.groups_of->end() &&
                     !gate_state.people.auditors.contains(answer.person) &&
                     entitled(gate_state, approval, answer.person, known->second) &&
                     !(apart && started_as_another(gate_state, approval, answer.person));
    if (may) {
      standing.push_back(&answer);
    } else {
      missing = answer.person;
    }
  }
  if (enough_eyes(*approval.asked.terms, standing)) return {};
  return missing.empty() ? "no one" : missing;
}

std::optional<Instant> ends_at(const Approval& approval) {
  const Instant asked = approval.asked.expires;
  if (approval.asked.terms->deny_on_timeout) return asked;
  if (approval.phase != ApprovalPhase::approved || approval.answers.empty()) return std::nullopt;
  const Duration within = asked - approval.opened;
  return std::max(asked, approval.answers.back().at + within);
}

bool time_is_over(const GateState& gate_state, const Approval& approval) {
  const auto end = ends_at(approval);
  return end && gate_state.clock.now() >= *end;
}

std::string why_not(const GateState& gate_state, const Approval& asked, const AnswerGiven& a) {
  if (gate_state.people.auditors.contains(a.person)) return auditor_says;
  if (!entitled(gate_state, asked, a.person, a.groups)) return "only its reviewers answer it";
  if (gate_state.people.groups_of && !gate_state.people.groups_of->contains(a.person))
    return "only persons of the deployment answer";
  if (gate_state.people.programs.contains(a.person) != (a.proof == automatic_proof)) {
    return "only a program answers in this way";
  }
  return objection(gate_state, asked, a.person, a.kind);
}

Status may_answer(GateState& gate_state, const AnswerGiven& a) {
  const Approval* asked = gate_state.state.approval(a.approval);
  if (asked == nullptr) {
    return fail(ErrorKind::missing,
                "there is no approval request `" + escape_untrusted(a.approval) + "`");
  }
  if (asked->phase != ApprovalPhase::open || time_is_over(gate_state, *asked)) {
    const bool late = asked->phase == ApprovalPhase::open;
    return fail(ErrorKind::refused, "the approval request `" + a.approval + "` is " +
                                        std::string(late ? "expired" : in_words(asked->phase)));
  }
  if (a.person.empty() || a.proof.empty()) {
    return fail(ErrorKind::refused, "an answer needs a proven person");
  }
  if (const std::string why = why_not(gate_state, *asked, a); !why.empty()) {
    return refuse_answer(gate_state, *asked, a.person, why);
  }
  if (approves(a.kind) && asked->asked.terms->typed && !a.typed) {
    return refuse_answer(gate_state, *asked, a.person, "the typed confirmation is missing");
  }
  return {};
}

void after_answer(GateState& gate_state, const std::string& id, std::uint64_t seq) {
  gate_state.journal.request_sync(seq);
  const Approval* asked = gate_state.state.approval(id);
  if (asked->phase == ApprovalPhase::rejected) {
    if (GateRun* run = run_of(gate_state, asked->asked.run))
      remember_rejection(gate_state, *run, *asked);
  }
  if (asked->phase == ApprovalPhase::approved && !asked->asked.terms->deny_on_timeout) {
    schedule_end(gate_state, *asked);
  }
  if (asked->phase != ApprovalPhase::open) wake_or_end(gate_state, id, std::string(asked->call));
}

}  // namespace pawl
