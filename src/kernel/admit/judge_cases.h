// Which cases apply to a call, and what they say together.
#pragma once

#include <cstdint>

#include "kernel/admit/admit.h"

namespace pawl {

struct Case;
struct Cases;

struct CasesJudged {
  std::uint64_t apply = 0;        // a bit for each case
  std::uint64_t bounded = 0;      // likewise: its limits hold, as it applies or fails
  Effect effect = Effect::allow;  // the strictest; `otherwise` where none applies
  const Case* decides = nullptr;  // the first of the strictest; null where none applies
  Class action_class;             // in force: see Case
};

// `entry_class` holds where no case says another one.
CasesJudged judge_cases(const Situation& situation, const Cases& cases, Class entry_class);

}  // namespace pawl
