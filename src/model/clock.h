// The only way to ask for the time. The node hands in the real clock, tests and the seeded
// simulator hand in one that they move themselves.
#pragma once

#include "base/time.h"

namespace pawl {

class Clock {
 public:
  virtual ~Clock() = default;

  // UTC as the node believes it: anchored once, then advanced by the time since boot, so that it
  // never jumps and never runs backwards while the node lives.
  virtual Instant now() = 0;

  // Time since the machine booted, suspended time included (CLOCK_BOOTTIME). Deadlines use it.
  virtual Duration boot() = 0;

  // How far the machine's wall clock is ahead of `now()`. Beyond a bound the gate stops grants.
  virtual Duration drift() = 0;
};

}  // namespace pawl
