// The story of one run: which records belong to it, and what they say. Private to this room.
#pragma once

#include <optional>
#include <string>

#include "analysis/replay/again.h"
#include "analysis/replay/replay.h"
#include "kernel/state/state.h"

namespace pawl {

class Story {
 public:
  Story(std::string run, Judge& judge) : run_(std::move(run)), judge_(judge) {}

  const std::string& run() const { return run_; }

  // The entry of a record, or nothing where it is not of this run. `state` is from before it.
  std::optional<TimelineEntry> before(const State& state, const Record& record);

  Budgets budgets(const State& state, Instant at) const;
  void describe(const State& state, Replay& into) const;

 private:
  friend struct Telling;

  std::string run_;
  Judge& judge_;
  RunOpened opened_;
  Instant start_{};
  ByName<std::string> tools_;  // call -> tool, of calls that are not over
};

}  // namespace pawl
