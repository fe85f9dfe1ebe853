// What one call adds to one counter, and what the counter has. Private to this room.
#pragma once

#include <optional>
#include <string>

#include "kernel/admit/admit.h"

namespace pawl {

struct CounterRule;

struct Counting {
  std::optional<Amount> add;       // nothing: no amount
  std::optional<std::string> key;  // nothing: no single value
  Amount settled, reserved;        // of that sum, now
  bool room = true;
};

// After the cases were judged: what is forwarded is what counts.
Counting counting_of(const Situation& situation, const CounterRule& counter);

}  // namespace pawl
