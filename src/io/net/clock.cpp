#include "io/net/clock.h"

#include <ctime>

#include "io/net/process.h"

namespace pawl::net {
namespace {

std::int64_t nanoseconds(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return Duration::seconds(t.tv_sec).ns + t.tv_nsec;
}

}  // namespace

Duration boot_time() {
  return {nanoseconds(CLOCK_BOOTTIME)};
}
Instant wall_time() {
  return {nanoseconds(CLOCK_REALTIME)};
}

Result<NodeClock> NodeClock::start(const std::optional<Anchor>& previous, Instant not_before) {
  Result<std::string> boot_id = net::boot_id();
  PAWL_TRY(boot_id);

  const Duration boot = boot_time();
  Anchor anchor{*std::move(boot_id), boot, wall_time()};
  if (previous && previous->boot_id == anchor.boot_id && previous->boot <= boot) anchor = *previous;

  NodeClock clock(std::move(anchor));
  const Instant now = clock.now();
  if (now < not_before) clock.anchor_.wall = clock.anchor_.wall + (not_before - now);
  return clock;
}

Instant NodeClock::now() {
  return anchor_.wall + Duration{boot_time().ns - anchor_.boot.ns};
}

Duration NodeClock::boot() {
  return boot_time();
}

Duration NodeClock::drift() {
  return wall_time() - now();
}

}  // namespace pawl::net
