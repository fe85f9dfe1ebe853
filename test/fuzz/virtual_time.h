// Time since boot that passes when it is told to, for loops of io/net in a fuzzer.
//
// Defines `boot_time` and `wall_time` of io/net/clock.h in the place of the room's own, and wraps
// `timerfd_settime`: link with `-Wl,--wrap=timerfd_settime`. One loop at a time.
#pragma once

#include "base/time.h"

namespace pawl::fuzz {

// What is due by then fires in the next turn of the loop.
void let_pass(Duration by);

}  // namespace pawl::fuzz
