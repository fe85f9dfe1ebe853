// What counters saw.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/admit/counting.h"
#include "kernel/admit/looks.h"

namespace pawl {

std::vector<ExplainedStep> looks_of_counters(const Situation& s) {
  std::vector<ExplainedStep> out;
  const ToolRule& entry = *s.tool->entry;
  for (const CounterRule& counter : entry.counters) {
    const Counting call = counting_of(s, counter);
    ExplainedStep look;
    look.rule = &counter.rule;
    look.about = fmt::format("sum of `{}`", escape_untrusted(added_by(counter, entry)));
    look.wants = fmt::format("at most {} {}", to_string(counter.max), extent_of(counter));
    const std::string adds = call.add ? to_string(*call.add) : "no amount";
    if (!call.key) {
      look.seen = {fmt::format("this call {}, and no single value tells its sum apart", adds)};
    } else if (call.reserved.nano > 0) {
      look.seen = {fmt::format("{} and {} in flight, and this call {}", to_string(call.settled),
                               to_string(call.reserved), adds)};
    } else {
      look.seen = {fmt::format("{}, and this call {}", to_string(call.settled), adds)};
    }
    out.push_back(std::move(look));
  }
  return out;
}

}  // namespace pawl
