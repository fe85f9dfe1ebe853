// Runs that were made to measure whether people read what they answer.
//
// Their calls are asked about like those of an agent, and nothing of them ever runs: what a policy
// does not hold is refused (gate/call/decide.cpp), and no client comes back for what was approved.
#pragma once

#include <string_view>

#include "kernel/state/state.h"

namespace pawl {

// The keys of such runs begin so; no door makes such keys.
inline constexpr std::string_view vigilance_key = "vigilance:";

inline bool is_vigilance(const Run& run) {
  return std::string_view(run.key).starts_with(vigilance_key);
}
inline bool is_vigilance(const State& state, std::string_view run) {
  const Run* found = state.run(run);
  return found != nullptr && is_vigilance(*found);
}

}  // namespace pawl
