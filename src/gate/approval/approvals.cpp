#include "gate/approval/approvals.h"

#include "gate/state/gate_state.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/approval/approval_rules.h"
#include "gate/approval/change.h"
#include "kernel/admit/takes.h"
#include "kernel/state/together.h"

namespace pawl {

namespace {

constexpr std::size_t reason_bytes_max = 1024;

Status well_formed(const BatchAnswer& answers) {
  if (answers.to.empty() || answers.to.size() > together_max) {
    return fail(ErrorKind::invalid,
                "one act answers 1 to " + std::to_string(together_max) + " approval requests");
  }
  std::set<std::string_view> seen;
  for (const BatchAnswer::One& one : answers.to) {
    if (!seen.insert(one.approval).second) {
      return fail(ErrorKind::invalid, "`" + escape_untrusted(one.approval) + "` is answered twice");
    }
  }
  if (answers.batch.empty()) return fail(ErrorKind::invalid, "nothing was displayed");
  return {};
}

// The journal took some of them and no more; the reviewer has to know which.
Error unfinished(const BatchAnswer& answers, const std::string& stopped_at, Error error) {
  std::string given;
  for (const BatchAnswer::One& one : answers.to) {
    if (one.approval == stopped_at) break;
    given += (given.empty() ? "" : ", ") + one.approval;
  }
  if (given.empty()) return error;
  error.message = "only " + given + " are answered, `" + escape_untrusted(stopped_at) +
                  "` and those after it are not: " + error.message;
  return error;
}

const Run* run_of_grant(const State& state, std::string_view grant) {
  for (const auto& [id, run] : state.runs()) {
    if (std::ranges::find(run.grants, grant, &Grant::id) != run.grants.end()) return &run;
    const auto stands = std::ranges::find(run.standing, grant, &Standing::approval);
    if (stands != run.standing.end()) return &run;
  }
  return nullptr;
}

}  // namespace

Approvals::Approvals(GateState& gate_state) : gate_state_(gate_state) {}

Status Approvals::answer(const std::string& id, const std::string& person,
                         const std::vector<std::string>& groups, bool approve,
                         const std::string& reason, const std::string& proof,
                         const std::string& shown, bool typed, const Reach& reach) {
  GateState& gate_state = gate_state_;
  const auto kind = approve ? AnswerGiven::Kind::approve : AnswerGiven::Kind::reject;
  PAWL_TRY(may_answer(gate_state, {kind, id, person, groups, proof, typed}));
  const Approval& asked = *gate_state.state.approval(id);
  if (reach.any()) {
    const std::string why =
        approve ? out_of_reach(asked, reach) : "what is denied is good for nothing";
    if (!why.empty()) return refuse_answer(gate_state, asked, person, why);
  }
  const bool asks_typed = asked.asked.terms->typed;
  const auto seq = gate_state.log.append(ApprovalAnswered{.approval = id,
                                                          .person = person,
                                                          .answer = approve ? "approve" : "reject",
                                                          .reason = reason,
                                                          .proof = proof,
                                                          .shown = shown,
                                                          .typed = approve && asks_typed,
                                                          .identical = reach.identical,
                                                          .for_run = reach.for_run});
  PAWL_TRY(seq);
  after_answer(gate_state, id, *seq);
  return {};
}

Objections Approvals::objections(const std::string& id, const std::string& person,
                                 const std::vector<std::string>& groups) const {
  const Approval* asked = gate_state_.state.approval(id);
  if (asked == nullptr || asked->phase != ApprovalPhase::open ||
      time_is_over(gate_state_, *asked)) {
    return {"it does not wait any more", "it does not wait any more", "it does not wait any more"};
  }
  const std::string none;
  const auto why = [&](AnswerGiven::Kind kind) {
    return why_not(gate_state_, *asked, {kind, id, person, groups, none, true});
  };
  return {why(AnswerGiven::Kind::approve), why(AnswerGiven::Kind::change),
          why(AnswerGiven::Kind::reject)};
}

Status Approvals::answer(const BatchAnswer& answers) {
  GateState& gate_state = gate_state_;
  PAWL_TRY(well_formed(answers));
  std::vector<const Approval*> questions;
  for (const BatchAnswer::One& one : answers.to) {
    const Approval* asked = gate_state.state.approval(one.approval);
    if (asked == nullptr) {
      return fail(ErrorKind::missing,
                  "there is no approval request `" + escape_untrusted(one.approval) + "`");
    }
    questions.push_back(asked);
  }
  if (answers.approve) {
    if (const std::string why = not_together(questions); !why.empty()) {
      return fail(ErrorKind::refused, why);
    }
  }
  const auto kind = answers.approve ? AnswerGiven::Kind::approve : AnswerGiven::Kind::reject;
  for (const BatchAnswer::One& one : answers.to) {
    const Status may = may_answer(
        gate_state, {kind, one.approval, answers.person, answers.groups, answers.proof, one.typed});
    if (!may) {
      return fail(may.error().fault, "nothing was answered: `" + escape_untrusted(one.approval) +
                                         "`: " + may.error().message);
    }
  }
  for (const BatchAnswer::One& one : answers.to) {
    ApprovalAnswered record;
    record.approval = one.approval;
    record.person = answers.person;
    record.answer = answers.approve ? "approve" : "reject";
    record.reason = answers.reason;
    record.proof = answers.proof;
    record.shown = one.shown;
    record.typed = answers.approve && gate_state.state.approval(one.approval)->asked.terms->typed;
    record.batch = answers.batch;
    const auto seq = gate_state.log.append(std::move(record));
    // Those before it are answered, and their calls go on in a later turn, if at all: a journal
    // that does not take this record grants nothing either.
    if (!seq) return std::unexpected(unfinished(answers, one.approval, seq.error()));
    after_answer(gate_state, one.approval, *seq);
  }
  return {};
}

Result<Reservation> Approvals::would_take(const std::string& id) const {
  GateState& gate_state = gate_state_;
  const Approval* asked = gate_state.state.approval(id);
  if (asked == nullptr)
    return fail(ErrorKind::missing, "there is no approval request `" + escape_untrusted(id) + "`");
  const auto text = arguments_at(gate_state, asked->args());
  PAWL_TRY(text);
  const auto document = json::parse(*text);
  PAWL_TRY(document);
  Reservation taken;
  const auto judge = [&taken](const Situation& s) -> Status {
    auto takes = takes_if_answered(s);
    PAWL_TRY(takes);
    taken = *std::move(takes);
    return {};
  };
  const Status judged = judge_waiting(gate_state, *asked, document->root(), judge);
  PAWL_TRY(judged);
  return taken;
}

Status Approvals::end_grant(const std::string& grant, const std::string& person,
                            const std::string& reason) {
  GateState& gate_state = gate_state_;
  const Run* run = run_of_grant(gate_state.state, grant);
  if (run == nullptr) {
    return fail(ErrorKind::missing, "there is no grant `" + escape_untrusted(grant) + "` in force");
  }
  const auto seq = gate_state.log.append(
      GrantEnded{grant, run->id, person, escape_untrusted(reason.substr(0, reason_bytes_max))},
      {.urgency = Urgency::reserve});
  PAWL_TRY(seq);
  gate_state.journal.request_sync(*seq);
  return {};
}

bool Approvals::lent(const std::string& run, std::string_view server, std::string_view tool) const {
  const Run* known = gate_state_.state.run(run);
  if (known == nullptr || known->grants.empty()) return false;
  const Instant now = gate_state_.log.now();
  const std::string name = Call{server, tool, {}}.name();
  for (const Grant& grant : known->grants) {
    if (grant.tool == name && now < grant.until) return true;
  }
  return false;
}

}  // namespace pawl
