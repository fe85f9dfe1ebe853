// The parts of the comparison. Private to this room.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernel/strictness/strictness.h"

namespace pawl {

// Where what got laxer is written down.
class PolicyDiff {
 public:
  void found(Position at, std::string says) { parts_.push_back({std::move(at), std::move(says)}); }
  std::vector<Laxer> take() { return std::move(parts_); }

 private:
  std::vector<Laxer> parts_;
};

// ` (line 12 before)`, for what the new file does not have any more.
std::string line_before(const Position& at);

// Ceilings of any kind: absent is not a ceiling.
template <class T>
bool not_above(const std::optional<T>& after, const std::optional<T>& before) {
  return !before || (after && !(*after > *before));
}

// One entry that decides a call in the old policy, and the one that decides the same call in the
// new one. entry.cpp, rules.cpp, checks.cpp
struct Pair {
  const Policy& before;
  const Policy& after;
  const ToolRule& old_entry;
  const ToolRule& new_entry;
};
void compare_entries(const Pair& pair, PolicyDiff& laxness);
void compare_rules(const ToolRule& before, const ToolRule& after, PolicyDiff& laxness);
// layers.cpp: what organisation and team ask, and what it depends on.
void compare_layers(const Policy& before, const Policy& after, PolicyDiff& laxness);
void compare_marks(const Pair& pair, PolicyDiff& laxness);
// conditions.cpp: expressions with the same text are equal, one more that stops is stricter, every
// other change is laxer.
void compare_conditions(const Pair& pair, PolicyDiff& laxness);
// counters.cpp: a smaller ceiling and a longer window are stricter, and so is one counter more.
void compare_counters(const Pair& pair, PolicyDiff& laxness);
bool same_routes(const ApprovalTerms& before,
                 const std::vector<std::shared_ptr<const Condition>>& old,
                 const ApprovalTerms& after,
                 const std::vector<std::shared_ptr<const Condition>>& now);

// Whether every value that passes `after` passes `before`. Kinds are equal.
bool as_strict(const Check& before, const Check& after);
// Whether a text with a line break or a control character may pass because of this check, where
// without it the default of one line would have refused it.
bool lifts_one_line(const Check& check);

}  // namespace pawl
