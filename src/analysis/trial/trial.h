// Runs the tests of a file against whatever answers lines of `decide`, and says what differs.
//
// Pure: the caller gives a fresh `Answerer` for each test (one stream of one run), so that the
// tests of a file do not see each other.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/trial/trial_file.h"

namespace pawl {

// One line of `decide --stream` in, its answer out.
using Answerer = std::function<std::string(std::string_view line)>;

struct Mismatch {
  std::string name;  // of the expectation
  std::string expected, found;
};

struct StepResult {
  const TrialStep* step = nullptr;
  std::uint64_t failed_at = 0;  // which repetition, from 1; 0: all were as expected
  std::string answer;           // of that repetition, else of the last
  std::string effect, code, rule, reason;
  std::vector<Mismatch> differences;
};

struct TrialResult {
  const Trial* trial = nullptr;
  std::vector<StepResult> steps;
  bool passed() const;
};

// How often a rule of the policy decided, by its path.
using Reached = std::map<std::string, std::uint64_t, std::less<>>;

TrialResult run_trial(const Trial& trial, const Answerer& answer, Reached& reached);

// The text of the file in which every failed expectation says what was found, with the same members
// as before; what the answer does not have is left out.
std::string accepted(std::string_view text, const std::vector<TrialResult>& results);

}  // namespace pawl
