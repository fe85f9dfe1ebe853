// What candidates of a role said as its calls came, gathered from the records.
//
// Nothing is decided here: a record holds what was said of it, and who was asked. Looks that came
// before there was a candidate, and refusals at the door, have nothing to say.
// Pure: no clock, no files. Threads: one owner.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/candidate.h"
#include "model/record.h"

namespace pawl {

// One look that came out otherwise, or of which it is not known how.
struct RecordedLook {
  CandidateKind kind = CandidateKind::other;
  std::uint64_t seq = 0;
  Instant at{};
  std::string run, call, tool;
  bool again = false;  // the look after a hold
  std::string was_effect, was_code, was_rule, was_rule_at;
  CandidateSaid would;
};

// What looks have in common that differ for one reason.
struct RecordedReason {
  CandidateKind kind = CandidateKind::other;
  std::string rule, rule_at;  // of the candidate; empty where no line decided
  std::string was, would;     // `allow`, `deny [constraint]`; `would` of an error: why
  friend auto operator<=>(const RecordedReason&, const RecordedReason&) = default;
};

inline constexpr std::size_t recorded_looks_max = 5;      // newest ones kept for each reason
inline constexpr std::size_t recorded_reasons_max = 512;  // of one candidate; the others count

struct RecordedReasonLooks {
  std::uint64_t count = 0;
  std::deque<RecordedLook> newest;
};

// One candidate, by the digest of its bundle.
struct RecordedCandidate {
  std::string policy;
  Instant first{}, last{};
  CandidateCounts counts;
  std::map<RecordedReason, RecordedReasonLooks> reasons;
  std::uint64_t unlisted = 0;  // looks whose reason found no room
};

class CandidateHistory {
 public:
  using Wants = std::function<bool(std::string_view run, Instant at)>;
  // Looks at calls of this agent's runs that `wants` takes.
  CandidateHistory(std::string agent, Wants wants);

  // The look, where the record is one that came out otherwise.
  std::optional<RecordedLook> take(const Record& record);
  // In the order in which they were judged last.
  const std::vector<RecordedCandidate>& candidates() const { return candidates_; }

 private:
  RecordedCandidate& candidate(const std::string& policy);

  std::string agent_;
  Wants wants_;
  std::set<std::string, std::less<>> runs_;
  std::vector<RecordedCandidate> candidates_;
};

}  // namespace pawl
