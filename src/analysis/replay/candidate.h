// What another policy would have said: every proposed call of a role decided once more under a
// candidate, which never acts.
//
// The records of a journal are handed over in order, from the first one. Facts, arguments,
// definitions and the state before each call are those of the journal: what the candidate says of a
// call follows from what really happened before it, not from what the candidate would have let
// happen. Counters go by the names of their entries, so an entry that is called otherwise begins at
// nothing. What the candidate wants to know and what was not found out at the time (where a path
// leads, what a text of SQL does, where a value came from, which program a word starts) is not
// guessed: such a call is `unknown`, with the reason. Compared is the first look at a call. What
// people answered to a question is not part of it. Pure: no clock, no files. Threads: one owner.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "analysis/replay/replay.h"
#include "base/error.h"
#include "kernel/policy/policy.h"
#include "model/record.h"
#include "model/verdict.h"

namespace pawl {

// One side of a call.
struct Said {
  Effect effect = Effect::deny;
  std::string code, rule, rule_at, reason;
};

struct Compared {
  enum class Kind : std::uint8_t {
    same,      // the same effect and the same code
    reason,    // the same effect for another reason
    laxer,     // the candidate permits more
    stricter,  // … or less
    unknown,   // see `why`
  };
  Kind kind = Kind::same;
  std::uint64_t seq = 0;
  Instant at{};
  std::string run, call, tool;
  Said was, would;
  std::string why;
};

// How often each of these was found.
struct ComparedCounts {
  std::uint64_t calls = 0, same = 0, reason = 0, laxer = 0, stricter = 0, unknown = 0;
  void count(Compared::Kind kind);
};

class CandidateJudge {
 public:
  // Only runs of the agent that the candidate is for.
  CandidateJudge(std::shared_ptr<const Policy> candidate, PayloadLookup payload);
  ~CandidateJudge();
  CandidateJudge(CandidateJudge&&) noexcept;
  CandidateJudge& operator=(CandidateJudge&&) noexcept;

  // Nothing where the record is not a proposed call of the agent. ErrorKind::corrupt: it cannot
  // follow those before it, and nothing more can be folded.
  Result<std::optional<Compared>> take(const Record& record);

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace pawl
