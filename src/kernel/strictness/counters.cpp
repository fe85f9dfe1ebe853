// Counters of one entry against those of another.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/strictness/parts.h"

namespace pawl {

namespace {

bool same_sum(const ToolRule& old_entry, const CounterRule& before, const ToolRule& new_entry,
              const CounterRule& after) {
  return added_by(before, old_entry) == added_by(after, new_entry) &&
         to_string(before.by) == to_string(after.by) &&
         (before.window.ns == 0) == (after.window.ns == 0);
}

}  // namespace

// A sum is found again by its name; under another one it would begin at zero.
void compare_counters(const Pair& pair, PolicyDiff& laxness) {
  const ToolRule& entry = pair.new_entry;
  const std::string of = " of `" + escape_untrusted(entry.key) + "`";
  for (const CounterRule& before : pair.old_entry.counters) {
    const std::string name =
        "the counter of `" + escape_untrusted(added_by(before, pair.old_entry)) + "`";
    const auto found = std::ranges::find(entry.counters, before.id, &CounterRule::id);
    if (found == entry.counters.end()) {
      laxness.found(entry.rule.at, name + of + " is gone, or its sum would begin at zero" +
                                       line_before(before.rule.at));
      continue;
    }
    if (!same_sum(pair.old_entry, before, entry, *found)) {
      laxness.found(found->rule.at,
                    name + of + " counts something else" + line_before(before.rule.at));
      continue;
    }
    if (found->max > before.max) {
      laxness.found(found->rule.at, fmt::format("{}{} was at most {} and is {}", name, of,
                                                to_string(before.max), to_string(found->max)));
    }
    if (found->window < before.window) {
      laxness.found(found->rule.at,
                    fmt::format("{}{} forgets after {}, and did after {}", name, of,
                                to_string(found->window), to_string(before.window)));
    }
  }
}

}  // namespace pawl
