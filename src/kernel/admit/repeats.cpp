#include "kernel/admit/repeats.h"

#include <fmt/format.h>

#include "base/sum.h"
#include "kernel/admit/stages.h"

namespace pawl {

namespace {

std::string times(std::uint64_t count) {
  return count == 1 ? std::string("once") : fmt::format("{} times", count);
}

// Until a person was asked there is one answer only, so only the first look halts.
[[gnu::cold, gnu::noinline]] bool in_circles(const Situation& s, Verdict& v) {
  const Ceilings& ceilings = s.policy.ceilings;
  if (s.look != Look::proposal) return false;
  const bool rejected = s.facts.approval && !s.facts.approval->rejected_by.empty();
  if (!rejected && s.facts.repeats < sum_of(*ceilings.repeats, *ceilings.repeats)) return false;
  v.halt = true;
  std::string says = fmt::format(
      "the run goes in circles: this call, or a cycle of calls that it goes on with, was repeated "
      "{} without a new result",
      times(s.facts.repeats));
  if (rejected) says += ", and a person said no to it";
  return object(v, Code::ceiling, &ceilings.repeats_rule, std::move(says));
}

}  // namespace

bool deny_repeats(const Situation& s, Verdict& v) {
  const auto& most = s.policy.ceilings.repeats;
  return most && s.facts.repeats >= *most && in_circles(s, v);
}

// The reason names no count that goes on: what people answered still fits on the second look.
void ask_repeats(const Situation& s, Asked& asked) {
  const auto& most = s.policy.ceilings.repeats;
  if (!most || s.facts.repeats < *most) return;
  asked.ask(&s.policy.ceilings.repeats_rule,
            fmt::format("the run goes in circles: this was repeated {} without a new result",
                        times(*most)));
}

std::string repeats_warning(const Ceilings& ceilings, std::uint64_t repeats) {
  if (!ceilings.repeats || repeats < *ceilings.repeats - *ceilings.repeats / 2) return {};
  const std::uint64_t most = *ceilings.repeats;
  return fmt::format(
      "warning: this call, or a cycle of calls that it belongs to, was repeated {} without a new "
      "result; {}",
      times(repeats),
      repeats < most ? fmt::format("after {} repetitions a person is asked", most)
                     : fmt::format("after {} repetitions the run halts", sum_of(most, most)));
}

}  // namespace pawl
