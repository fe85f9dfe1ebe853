// A file of tests beside a policy: `NAME.test.yaml`.
//
//   policy: ../roles/support.yaml          the file under test, relative to this one
//   layers: [../org.yaml]                  that it has to pass too, and no others
//   at: 2026-11-23T09:00:00+01:00          the time of every test that says no other
//   tests:
//     - name: the mail goes to no one else
//       at: 2026-11-28T12:00:00+01:00
//       call: [crm/send_mail, {to: [x@evil.example]}]
//       given: {schema: {…}, annotations: {…}, result: …, outcome: failed, user_text: …}
//       expect: {effect: deny, code: constraint, at: args.to}
//     - name: the twenty-sixth step halts
//       steps:                             one run, in this order
//         - {call: [read_order, {}], times: 25, expect: {effect: allow}}
//         - {call: [read_order, {}], expect: {effect: deny, code: ceiling, halts: true}}
//
// Each test is a run of its own. `times` repeats a call; every repetition has to be answered as
// expected. Arguments are a mapping, or one quoted text that is a JSON object, for keys that YAML
// as we read it cannot spell. What an expectation may name is the table `expectable`.
// Read strictly, like a policy: every mistake of the file at once, located.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

inline constexpr std::uint64_t trial_times_max = 100'000;

// Something that an expectation may say, and whether it is a list.
enum class ExpectedForm : std::uint8_t { effect, code, text, truth, count, list };
struct Expectable {
  std::string_view name;
  ExpectedForm form;
  std::string_view says;
};
std::span<const Expectable> expectable();

struct Expected {
  std::string name;
  std::vector<std::string> values;  // one, or the elements of the list
};

// Where the text of an expectation stands, for `rewrite`: bytes [begin, end) of the file, from the
// key `expect` on.
struct Extent {
  std::size_t begin = 0, end = 0;
};

struct TrialStep {
  std::string line;  // for `decide --stream`, without a run
  std::string tool;  // as written
  std::uint64_t times = 1;
  std::vector<Expected> expected;
  Position at;         // of the call
  Position expect_at;  // of the key `expect`
  Extent extent;
};

struct Trial {
  std::string name;
  Position at;
  std::vector<TrialStep> steps;
};

struct TrialFile {
  std::string policy;               // as written
  std::vector<std::string> layers;  // as written
  std::vector<Trial> trials;
  std::vector<Error> errors;  // not empty: nothing else counts
};

TrialFile read_trials(std::string_view text, std::string_view file);

}  // namespace pawl
