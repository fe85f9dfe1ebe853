#include "fuzz/virtual_time.h"

#include <sys/timerfd.h>

#include <cstdint>

#include "io/net/clock.h"

extern "C" int __real_timerfd_settime(int, int, const itimerspec*, itimerspec*);

namespace pawl::fuzz {
namespace {

std::int64_t now_ns = Duration::seconds(1000).ns;
std::int64_t armed_ns = 0;
int armed_fd = -1;

// The kernel's timer is either over or far away: nothing happens by the machine's own clock.
int arm() {
  itimerspec when{};
  if (armed_ns <= now_ns) {
    when.it_value.tv_nsec = 1;
  } else {
    when.it_value.tv_sec = INT32_MAX;
  }
  return __real_timerfd_settime(armed_fd, 0, &when, nullptr);
}

}  // namespace

void let_pass(Duration by) {
  now_ns += by.ns;
  if (armed_fd >= 0 && armed_ns <= now_ns) arm();
}

}  // namespace pawl::fuzz

namespace pawl::net {

Duration boot_time() {
  return {fuzz::now_ns};
}
Instant wall_time() {
  return {fuzz::now_ns};
}

}  // namespace pawl::net

extern "C" int __wrap_timerfd_settime(int fd, int, const itimerspec* when, itimerspec*) {
  using namespace pawl;
  fuzz::armed_fd = fd;
  fuzz::armed_ns = Duration::seconds(when->it_value.tv_sec).ns + when->it_value.tv_nsec;
  return fuzz::arm();
}
