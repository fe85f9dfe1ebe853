#include "kernel/policy/counters.h"

#include "kernel/policy/policy.h"

namespace pawl {

std::string added_by(const CounterRule& counter, const ToolRule& entry) {
  if (counter.whole) return to_string(*counter.whole);
  if (counter.add_by) return entry.conditions[*counter.add_by]->text();
  return "args." + to_string(counter.add);
}

std::string extent_of(const CounterRule& counter) {
  std::string out = counter.window.ns == 0 ? "in one run" : "in " + to_string(counter.window);
  if (!counter.by.empty()) out += " for each `args." + to_string(counter.by) + "`";
  return out;
}

}  // namespace pawl
