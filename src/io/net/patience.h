// Whether a loop that waits for events should ask for them again and again for a moment before it
// sleeps. Inside of this room only.
// Waking a sleeping thread costs the waker, and the thread too: a few microseconds of a bare
// machine, tens of a virtual one, where each wake-up of another processor leaves it. A call to a
// tool server that answers at once is over in less. So a moment of asking is cheaper for both where
// it meets something, and lost where it does not: it is done as long as one of three moments meets
// something, and tried again once in a while. An idle loop, or one whose servers think, sleeps.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace pawl::net::loop_detail {

class Patience {
 public:
  // How long one wait may go on asking; nothing: it never does.
  void set_most(Duration most) { most_ = most; }
  Duration most() const { return most_; }

  // Called once for each wait that would sleep: whether this one asks first.
  bool asks() {
    if (most_.ns <= 0) return false;
    return credit_ > 0 || ++slept_ % tries_again_after == 0;
  }
  void met() { credit_ = credit_ + 2 < credit_max ? credit_ + 2 : credit_max; }
  void missed() { credit_ -= credit_ > 0 ? 1 : 0; }

  static constexpr std::uint32_t tries_again_after = 64;
  static constexpr int credit_max = 16;

 private:
  Duration most_{};
  int credit_ = 0;
  std::uint32_t slept_ = 0;
};

}  // namespace pawl::net::loop_detail
