// How what a candidate said stands to what was decided: the five words that a metric, a status and
// `pawl diff --live` count by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/record.h"

namespace pawl {

enum class CandidateKind : std::uint8_t {
  same,      // the same effect and the same code
  stricter,  // it permits less
  laxer,     // … or more
  other,     // the same effect for another reason
  error,     // not known what it would have said
};
std::string_view to_string(CandidateKind kind);
inline constexpr std::array candidate_kinds = {CandidateKind::same, CandidateKind::stricter,
                                               CandidateKind::laxer, CandidateKind::other,
                                               CandidateKind::error};

// Nothing where no candidate was asked. An unknown effect is an `error`.
std::optional<CandidateKind> candidate_kind(const CallDecided& decided);

// How often each of them came.
class CandidateCounts {
 public:
  void add(CandidateKind kind) { ++counts_[static_cast<std::size_t>(kind)]; }
  std::uint64_t of(CandidateKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  std::uint64_t total() const;

 private:
  std::array<std::uint64_t, candidate_kinds.size()> counts_{};
};

}  // namespace pawl
