// Approvals: what people do with the questions that calls wait for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kernel/state/reach.h"
#include "model/class.h"

namespace pawl {

struct GateState;

// A reviewer's other arguments for a call that waits.
struct Change {
  std::string approval, person;
  std::vector<std::string> groups;
  std::string arguments;  // the text of a JSON object: all of them, not only those that differ
  std::string reason;     // the agent is told
  std::string proof, shown;
  bool typed = false;  // see Approvals::answer
};
inline constexpr std::size_t changed_arguments_bytes_max = 1UL << 20;
// What would be approved.
struct Changed {
  std::string arguments;  // canonical
  std::string binding;    // what an answer to them is good for
  Class action_class = kMostDangerous;
};

// A reviewer asks the agent about a call that waits. The agent reads it when its request is
// answered as pending, which happens at once, and says something to it by calling again with the
// same arguments and one more, `pawl_answer`. That one is never part of the call: it is not what
// people approve, and no tool receives it. A tool that has an argument of this name cannot be asked
// about.
struct ClarificationRequest {
  std::string approval, person;
  std::vector<std::string> groups;
  std::string text, proof;
};
inline constexpr std::string_view reply_argument = "pawl_answer";
inline constexpr std::size_t clarification_bytes_max = 1000;
inline constexpr std::size_t reply_bytes_max = 2000;

// A reviewer passes a question on.
struct Reassignment {
  std::string approval, person;
  std::vector<std::string> groups;
  std::string to;  // a person or a group
  std::string reason, proof;
};
inline constexpr std::size_t reassignment_reason_bytes_max = 1000;

// Answers of one person to several questions, given in one act.
struct BatchAnswer {
  struct One {
    std::string approval, shown;
    bool typed = false;
  };
  std::vector<One> to;
  bool approve = false;
  std::string person;
  std::vector<std::string> groups;
  std::string reason, proof;
  std::string batch;  // digest over all that was displayed
};

// Why a person may not answer a question, by what they would answer; empty: they may.
struct Objections {
  std::string approve, change, reject;
};

class Approvals {
 public:
  explicit Approvals(GateState& gate_state);

  // `person` was authenticated by the caller, `proof` says how; `typed`: the caller
  // compared what the person typed with what the question asks for. Without it such a question is
  // not approved. `reach`: what else the approval is good for, where the question offers it.
  Status answer(const std::string& approval, const std::string& person,
                const std::vector<std::string>& groups, bool approve, const std::string& reason,
                const std::string& proof, const std::string& shown, bool typed = false,
                const Reach& reach = {});
  // Approves the call of an open question with other arguments: they become what would run, they
  // go through the kernel like a call, now and at release, and the approvals that came before count
  // no more. Refused where the kernel would deny them, or would ask other or more people.
  Status change(const Change& change);
  // What `change` would do, without doing it.
  Result<Changed> try_change(const std::string& approval, std::string_view arguments) const;
  // All of them or none: what would not be written for one is a refusal of the whole act.
  Status answer(const BatchAnswer& answers);
  // What the call of an open question would take out of its run's ceilings, would it run now; an
  // error where it would be denied.
  Result<Reservation> would_take(const std::string& approval) const;
  // Neither of these two answers anything, or changes who may answer, or until when.
  Status request_clarification(const ClarificationRequest& asked);
  Status reassign(const Reassignment& passed);
  // Whether a reviewer asks the agent of this call something that it was not told yet: the next
  // request for it is answered at once.
  bool asks_agent(const std::string& approval) const;
  // What an answer of this person would be refused for now: before it is given. The
  // refusals themselves come from the same place; nothing is recorded here.
  Objections objections(const std::string& approval, const std::string& person,
                        const std::vector<std::string>& groups) const;

  // Takes a grant back. What tightens needs no proof; `person` says so.
  Status end_grant(const std::string& grant, const std::string& person, const std::string& reason);
  // Whether people let this run use the tool at the moment: for lists of what there is.
  bool lent(const std::string& run, std::string_view server, std::string_view tool) const;

 private:
  GateState& gate_state_;
};

}  // namespace pawl
