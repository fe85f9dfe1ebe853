// Which rules of a policy the tests reached.
#pragma once

#include <string>
#include <vector>

#include "analysis/trial/trial.h"
#include "kernel/policy/policy.h"

namespace pawl {

struct RuleReach {
  std::string path;
  Position at;
  std::uint64_t times = 0;  // it decided so often
};

// Every rule that can decide a call, in the order of the file: entries, their constraints and
// limits, blocked names, freezes, ceilings.
std::vector<RuleReach> coverage(const Policy& policy, const Reached& reached);

}  // namespace pawl
