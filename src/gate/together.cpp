// Several questions answered in one act, and what their calls would take together.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/change.h"
#include "gate/gate_state.h"
#include "gate/people.h"
#include "kernel/admit/takes.h"
#include "kernel/state/together.h"

namespace pawl {

namespace {

Status well_formed(const Answers& answers) {
  if (answers.to.empty() || answers.to.size() > together_max) {
    return fail(ErrorKind::invalid,
                "one act answers 1 to " + std::to_string(together_max) + " questions");
  }
  std::set<std::string_view> seen;
  for (const Answers::One& one : answers.to) {
    if (!seen.insert(one.approval).second) {
      return fail(ErrorKind::invalid, "`" + escape_untrusted(one.approval) + "` is answered twice");
    }
  }
  if (answers.batch.empty()) return fail(ErrorKind::invalid, "nothing was displayed");
  return {};
}

// The journal took some of them and no more; whoever answered has to know which.
Error unfinished(const Answers& answers, const std::string& stopped_at, Error error) {
  std::string given;
  for (const Answers::One& one : answers.to) {
    if (one.approval == stopped_at) break;
    given += (given.empty() ? "" : ", ") + one.approval;
  }
  if (given.empty()) return error;
  error.message = "only " + given + " are answered, `" + escape_untrusted(stopped_at) +
                  "` and those after it are not: " + error.message;
  return error;
}

}  // namespace

Status Gate::answer(const Answers& answers) {
  GateState& gate_state = *gate_state_;
  if (Status fine = well_formed(answers); !fine) return fine;
  std::vector<const Approval*> questions;
  for (const Answers::One& one : answers.to) {
    const Approval* asked = gate_state.state.approval(one.approval);
    if (asked == nullptr) {
      return fail(ErrorKind::missing,
                  "there is no question `" + escape_untrusted(one.approval) + "`");
    }
    questions.push_back(asked);
  }
  if (answers.approve) {
    if (const std::string why = not_together(questions); !why.empty()) {
      return fail(ErrorKind::refused, why);
    }
  }
  const auto kind = answers.approve ? AnswerGiven::Kind::approve : AnswerGiven::Kind::reject;
  for (const Answers::One& one : answers.to) {
    const Status may = may_answer(
        gate_state, {kind, one.approval, answers.person, answers.groups, answers.proof, one.typed});
    if (!may) {
      return fail(may.error().fault, "nothing was answered: `" + escape_untrusted(one.approval) +
                                         "`: " + may.error().message);
    }
  }
  for (const Answers::One& one : answers.to) {
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

Result<Reservation> Gate::would_take(const std::string& id) const {
  GateState& gate_state = *gate_state_;
  const Approval* asked = gate_state.state.approval(id);
  if (asked == nullptr)
    return fail(ErrorKind::missing, "there is no question `" + escape_untrusted(id) + "`");
  const auto text = arguments_at(gate_state, asked->args());
  if (!text) return std::unexpected(text.error());
  const auto document = json::parse(*text);
  if (!document) return std::unexpected(document.error());
  Reservation taken;
  const auto judge = [&taken](const Situation& s) -> Status {
    auto takes = takes_if_answered(s);
    if (!takes) return std::unexpected(takes.error());
    taken = *std::move(takes);
    return {};
  };
  const Status judged = judge_waiting(gate_state, *asked, document->root(), judge);
  if (!judged) return std::unexpected(judged.error());
  return taken;
}

}  // namespace pawl
