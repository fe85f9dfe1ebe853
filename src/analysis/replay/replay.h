// Replay: what happened in a run, and every decision made once more from what was recorded.
//
// The records of a journal are handed over in order, from the first one. Each is folded into a
// State of our own; before a decision is folded, the kernel decides the same call again: from the
// facts in the record, the arguments, the definition and the policy behind its commitments, the
// state before it, and its time. The verdicts must be equal within one decision version; a
// difference is reported with both sides. What cannot be known any more (an erased payload) is
// `indeterminate`, never a guess. Decisions of other runs are folded and not judged.
//
// A refusal that the gate made before there was a call to judge (an ambiguous line, an unknown
// method) has no facts: it is counted as `at_the_door`, and anything but a denial there is a
// difference.
// Pure: no clock, no files. Threads: one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/state/spending.h"
#include "model/record.h"

namespace pawl {

// The bytes behind a commitment (`sha256:…`), as far as they can be had.
struct StoredText {
  enum class Kind : std::uint8_t { present, erased, missing } kind = Kind::missing;
  std::string bytes;
};
using PayloadLookup = std::function<Result<StoredText>(std::string_view commitment)>;

// One line of the timeline. Members that do not apply are empty.
struct TimelineEntry {
  std::uint64_t seq = 0;
  Instant at{};
  Duration since_start{};
  std::string what;  // type of the record: `call.decided`
  std::string who;   // a person, or the agent
  std::string call, approval;
  std::string tool;
  std::string arguments;  // short, made visible
  std::string verdict;    // effect, answer or outcome
  std::string code, reason;
  std::string rule, rule_at;             // `tools/…` and `file:line:column`
  std::vector<std::string> approved_by;  // a release: who said yes
  Duration took{};
  bool is_error = false, again = false;  // again: the look after the hold
  bool enforced = true;                  // false: the call ran although it was denied or held
};

// Where the run stood after an entry. Limits are absent where the policy sets none.
struct Budgets {
  std::uint64_t steps = 0, denials = 0;
  std::optional<std::uint64_t> steps_max, denials_max, tokens_max, cost_max;
  Spending spent;  // on models
  Duration clock{};
  std::optional<Duration> clock_max;
};

struct TimelineStep {
  TimelineEntry entry;
  Budgets after;
};

// One member of one decision that came out otherwise.
struct Difference {
  std::uint64_t seq = 0;
  std::string call, member, recorded, decided_again;
};
// A decision that could not be made again, and why.
struct Undecided {
  std::uint64_t seq = 0;
  std::string call, why;
};

struct Replay {
  std::string run, agent, sponsor, client, policy_file;
  std::string phase;  // of the run at the end; empty: it never opened
  std::vector<TimelineStep> timeline;
  std::vector<Difference> differences;
  std::vector<Undecided> indeterminate;   // something that they need is gone
  std::vector<Undecided> not_comparable;  // another decision version
  std::uint64_t records = 0;              // folded, of all runs
  std::uint64_t decisions = 0;            // of this run; the sum of the following and the above
  std::uint64_t equal = 0, different = 0, at_the_door = 0;
  std::optional<Error> broken;  // a record that cannot follow those before it

  bool holds() const { return differences.empty() && !broken; }
};

class Replayer {
 public:
  // `run` empty: decisions of all runs are judged, and there is no timeline.
  Replayer(std::string run, PayloadLookup payload);
  ~Replayer();
  Replayer(Replayer&&) noexcept;
  Replayer& operator=(Replayer&&) noexcept;

  // False: nothing more can be folded (Replay::broken says why).
  bool take(const Record& record);
  Replay finish();

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace pawl
