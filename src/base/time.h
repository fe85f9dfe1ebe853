// Points in time and lengths of time, as strong types.
//
// `Instant` is UTC in nanoseconds since 1970. The kernel never asks for the time: it is handed in.
// The node's clock (io/net/clock.h) derives it from CLOCK_BOOTTIME, so it never jumps while the
// node lives.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

struct Duration {
  std::int64_t ns = 0;

  static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
  static constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
  friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
};

struct Instant {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
  friend constexpr Instant operator+(Instant a, Duration d) { return {a.ns + d.ns}; }
};

constexpr Duration operator+(Duration a, Duration b) {
  return {a.ns + b.ns};
}

// RFC 3339 with an offset or `Z`, up to nanoseconds: `2026-11-21T08:00:00.25Z`.
Result<Instant> parse_instant(std::string_view text);

// RFC 3339 in UTC; fractional digits only where there are any, at most microseconds.
std::string to_string(Instant at);

// A number and a unit out of ms, s, m, h, d, w: `300s`, `2m`, `12h`, `7d`; sums such as `1h30m`.
Result<Duration> parse_duration(std::string_view text);

// A spelling that `parse_duration` reads back, exact to the millisecond and without weeks: `5m`,
// `1h30m`, `14d`, `250ms`.
std::string to_string(Duration length);

// Date and time of day without a zone, as a policy writes it: `2026-12-18T18:00` or with seconds.
struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};
Result<CivilTime> parse_civil(std::string_view text);

// Seconds since 1970 of a civil time read as if it were UTC.
std::int64_t seconds_as_utc(const CivilTime& civil);

}  // namespace pawl
