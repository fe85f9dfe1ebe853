// `budgets` of the deployment file: what the runs of roles, of teams, or all of them together may
// spend on models within an hour, a day or a month.
//
// Windows are those of the calendar, in UTC. A budget counts every request of its roles, at
// whichever node door it came in; its name is in records, so that a renamed one begins at nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "model/spend.h"

namespace pawl {

struct Deployment;

enum class BudgetPer : std::uint8_t { hour, day, month };
std::string_view to_string(BudgetPer per);

struct Budget {
  std::string name;
  BudgetPer per = BudgetPer::day;
  std::vector<std::string> roles, teams;  // both empty: every role
  std::optional<std::uint64_t> tokens, calls;
  std::optional<NanoUsd> money;
  Position at;
};

// When the window of this time began.
Instant window_of(BudgetPer per, Instant now);

// Those that count a run of this role, in the order of their names.
std::vector<BudgetFact> budgets_of(const Deployment& deployment, std::string_view role,
                                   Instant now);

}  // namespace pawl
