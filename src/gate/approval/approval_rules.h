// Who may answer, and when an answer is over. Private to the gate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gate/state/gate_state.h"
#include "kernel/state/state.h"

namespace pawl {

// A person wants to answer a question, to ask its agent something, or to reassign it.
struct AnswerGiven {
  enum class Kind : std::uint8_t { approve, reject, change, ask, pass };
  Kind kind;
  const std::string &approval, &person;
  const std::vector<std::string>& groups;
  const std::string& proof;
  bool typed;
};

// Why the answer of this proven person would not count; empty: it would. Of an open
// question, and without what they have to type.
std::string why_not(const GateState& gate_state, const Approval& approval,
                    const AnswerGiven& answering);
// Whether their answer may be written. A refusal is recorded, unless there is nothing to answer.
Status may_answer(GateState& gate_state, const AnswerGiven& answering);

// Records that an answer was refused, and why.
Status refuse_answer(GateState& gate_state, const Approval& approval, const std::string& person,
                     const std::string& why);

// What follows from an answer that was written as the record `seq`.
void after_answer(GateState& gate_state, const std::string& approval, std::uint64_t seq);

// True where one of the question's reviewers (else the deployment's) is this person or a group of
// theirs. Where no reviewer is listed, no person may.
bool entitled(const GateState& gate_state, const Approval& approval, const std::string& person,
              const std::vector<std::string>& groups);

// Why no person behind this name, a person or a group, could approve the question after `by`
// reassigned it; empty: one can.
std::string cannot_take(const GateState& gate_state, const Approval& approval,
                        const std::string& to, const std::string& by);

// A person without whose approval the quorum would not be reached, and who may not answer any more:
// the deployment does not list them, or not in a group that the question names. Empty: the quorum
// stands. Where the node never said who the people are, the check at the time of the answer stands.
std::string no_longer_entitled(const GateState& gate_state, const Approval& approval);

// The moment from which an answer is good for nothing. A question that stays open
// (`auto_deny_on_timeout: false`) has none until it is approved; from then on the answer is good
// for as long as the question would have been.
std::optional<Instant> ends_at(const Approval& approval);
bool time_is_over(const GateState& gate_state, const Approval& approval);

}  // namespace pawl
