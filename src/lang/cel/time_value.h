// Timestamps and durations: reading, writing and arithmetic.
//
// A timestamp lies in the years 0001 to 9999. A duration is a number of nanoseconds in 64 bits,
// about 292 years either way; whatever leads out of these ranges is an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lang/cel/value.h"

namespace pawl::cel {

// RFC 3339 with any number of fractional digits, of which nine count.
std::optional<Value> parse_timestamp(std::string_view text);
Value timestamp_of(std::int64_t seconds, std::int64_t nanoseconds);  // or an error

// `1h45m47.5s`, with a sign before it; units h, m, s, ms, us and ns.
std::optional<Value> parse_duration_text(std::string_view text);

std::string timestamp_text(const Value& timestamp);
std::string duration_text(const Value& duration);  // seconds: `6347s`, `-0.5s`

Value add_times(const Value& a, const Value& b);
Value subtract_times(const Value& a, const Value& b);

struct Civil {
  std::int64_t year;
  int month, day, hour, minute, second;  // month and day from 1
  int weekday;                           // 0 is Sunday
  int day_of_year;                       // from 0
};
Civil civil_of(std::int64_t seconds);

// Seconds east of `+05:30`, `-02:30` or `02:00`; nothing where it is no such offset.
std::optional<std::int64_t> fixed_offset(std::string_view text);

}  // namespace pawl::cel
