// One decision, stage by stage, for a person who wants to know why.
//
// A trace is made of the very stages of admit(): each function of the two tables is called alone,
// what it says is kept, and at the end the verdict of admit() itself is compared with what the
// stages said. Where the two differ, the trace is refused: an explanation that could be wrong is
// none. admit() itself pays nothing for this.
//
// Each stage names its rules that apply to the call, what they see, and what they ask for. What
// they saw goes through one escaping writer and is cut; values of arguments whose names or contents
// look like secrets are not shown, and of lists only how long they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/admit/admit.h"

namespace pawl {

inline constexpr std::size_t seen_bytes_max = 120;      // of one value, as shown
inline constexpr std::size_t seen_values_max = 4;       // of one argument
inline constexpr std::size_t explained_steps_max = 64;  // of one stage

// One rule that applies to the call.
struct ExplainedStep {
  enum class Answer : std::uint8_t { fine, objects, asks, unasked };

  const Rule* rule = nullptr;     // null: no line of the file
  std::string about;              // `status`, `steps of the run`
  std::vector<std::string> seen;  // values, shown; empty: nothing to see
  std::string wants;              // `one of 3 permitted values`
  Answer answer = Answer::fine;
  std::string says;  // why it objects or asks
};
using ExplainedSteps = std::vector<ExplainedStep>;

struct TracedStage {
  enum class Outcome : std::uint8_t {
    fine,         // it has nothing against the call
    denies,       // it names the code
    asks,         // it wants a person
    notifies,     // it lets the call run, and a person is told
    not_reached,  // a stage before it denied
  };

  std::string_view name;
  bool can_deny = true;  // false: one of the stages that ask
  Outcome outcome = Outcome::fine;
  const Rule* rule = nullptr;  // that decided in this stage
  std::string says;
  ExplainedSteps steps;
  std::size_t left_out = 0;  // steps beyond `explained_steps_max`
};
std::string_view to_string(TracedStage::Outcome outcome);
std::string_view to_string(ExplainedStep::Answer answer);

struct Trace {
  Verdict verdict;  // admit()'s own
  std::vector<TracedStage> stages;
};

// ErrorKind::internal where the stages and admit() do not agree.
Result<Trace> trace(const Situation& situation);

// An argument's value as an explanation may show it: escaped, cut, and no secret.
std::string shown_value(std::string_view name, json::View value);

}  // namespace pawl
