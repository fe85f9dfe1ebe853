// The node's clock, and a clock that tests move by hand.
//
// `NodeClock` takes the wall time once and advances it by CLOCK_BOOTTIME. Setting the machine's
// clock a day ahead or back changes nothing but `drift()` (case R17). A node that restarts
// within the same boot continues from the anchor that it kept, so that a restart is no way to move
// its time either.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "model/clock.h"

namespace pawl::net {

// Where a clock started: at `boot` since the boot named `boot_id`, the wall clock said `wall`.
struct Anchor {
  std::string boot_id;
  Duration boot;
  Instant wall;

  friend bool operator==(const Anchor&, const Anchor&) = default;
};

class NodeClock final : public Clock {
 public:
  // Continues `previous` where it belongs to this boot and does not lie in its future; otherwise
  // takes the wall clock of now, but never a time before `not_before` (the newest record's time:
  // after a reboot with a clock set back, the difference shows as drift and time stays in order).
  // Fails where the machine has no boot id.
  static Result<NodeClock> start(const std::optional<Anchor>& previous = {},
                                 Instant not_before = {});

  explicit NodeClock(Anchor anchor) : anchor_(std::move(anchor)) {}

  Instant now() override;
  Duration boot() override;
  Duration drift() override;

  const Anchor& anchor() const { return anchor_; }

 private:
  Anchor anchor_;
};

// `now` and `boot` move together with `advance`; `set_drift` plays a wall clock that was moved.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = {Duration::seconds(1'800'000'000).ns},
                       Duration boot = Duration::seconds(1'000))
      : now_(start), boot_(boot) {}

  Instant now() override { return now_; }
  Duration boot() override { return boot_; }
  Duration drift() override { return drift_; }

  void advance(Duration by) {
    now_ = now_ + by;
    boot_ = boot_ + by;
  }
  void set_drift(Duration drift) { drift_ = drift; }

 private:
  Instant now_;
  Duration boot_;
  Duration drift_;
};

// CLOCK_BOOTTIME and CLOCK_REALTIME of this machine, now.
Duration boot_time();
Instant wall_time();

}  // namespace pawl::net
