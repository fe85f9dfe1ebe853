#include "lang/cel/time_value.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "base/zone.h"
#include "lang/cel/context.h"
#include "lang/cel/functions.h"

namespace pawl::cel {
namespace {

constexpr std::int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 86'400;

Value out_of_time() {
  return Value::failed(Failure::out_of_range,
                       "range: a time between the years 1 and 9999, a "
                       "duration of at most 292 years");
}

std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// Exactly `count` digits at the front, taken off.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return {};
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Digits behind a point as nanoseconds; digits beyond the ninth are dropped.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int64_t value = 0;
  std::int64_t unit = kSecond / 10;
  const std::size_t before = text.size();
  while (!text.empty() && is_digit(text.front())) {
    value += (text.front() - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  if (text.size() == before) return {};
  return value;
}

int days_in(std::int64_t year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

// Seconds east, from what stands behind the time of day.
std::optional<std::int64_t> take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return 0;
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) return {};
  const auto offset = fixed_offset(text);
  text = {};
  return offset;
}

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr Unit kUnits[] = {{"ms", 1'000'000}, {"us", 1'000},         {"\xC2\xB5s", 1'000},
                           {"ns", 1},         {"h", 3600 * kSecond}, {"m", 60 * kSecond},
                           {"s", kSecond}};

// One `45.5m`, taken off and added. False where there is none or it is too long.
bool take_part(std::string_view& text, bool negative, std::int64_t& total) {
  std::int64_t whole = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), whole);
  const bool point = text.starts_with('.');
  if ((read.ec != std::errc() && !point) || text.starts_with('-')) return false;
  text.remove_prefix(point ? 0 : static_cast<std::size_t>(read.ptr - text.data()));
  const auto fraction = take_fraction(text);
  if (!fraction) return false;
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    const __int128 length = static_cast<__int128>(whole) * unit.nanoseconds +
                            static_cast<__int128>(*fraction) * unit.nanoseconds / kSecond;
    const __int128 sum = total + (negative ? -length : length);
    if (sum < INT64_MIN || sum > INT64_MAX) return false;
    total = static_cast<std::int64_t>(sum);
    return true;
  }
  return false;
}

std::string fraction_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return {};
  std::string digits = fmt::format(".{:09}", nanoseconds);
  while (digits.back() == '0') digits.pop_back();
  return digits;
}

}  // namespace

Value timestamp_of(std::int64_t seconds, std::int64_t nanoseconds) {
  seconds += floor_divided(nanoseconds, kSecond);
  nanoseconds -= floor_divided(nanoseconds, kSecond) * kSecond;
  if (seconds < kFirstSecond || seconds > kLastSecond) return out_of_time();
  return Value::point(seconds, static_cast<std::int32_t>(nanoseconds));
}

std::optional<Value> parse_timestamp(std::string_view text) {
  const auto year = take_digits(text, 4);
  const bool first = take(text, '-');
  const auto month = take_digits(text, 2);
  const bool second = take(text, '-');
  const auto day = take_digits(text, 2);
  const bool letter = take(text, 'T') || take(text, 't');
  const auto hour = take_digits(text, 2);
  const bool third = take(text, ':');
  const auto minute = take_digits(text, 2);
  const bool fourth = take(text, ':');
  const auto sec = take_digits(text, 2);
  if (!year || !month || !day || !hour || !minute || !sec) return {};
  if (!first || !second || !letter || !third || !fourth) return {};
  const auto fraction = take_fraction(text);
  if (!fraction || *month < 1 || *month > 12 || *day < 1 || *day > days_in(*year, *month))
    return {};
  if (*hour > 23 || *minute > 59 || *sec > 59 || *year < 1) return {};
  const auto offset = take_zone(text);
  if (!offset || !text.empty()) return {};
  const std::int64_t seconds =
      seconds_as_utc({*year, *month, *day, *hour, *minute, *sec}) - *offset;
  const Value made = timestamp_of(seconds, *fraction);
  if (made.failed()) return {};
  return made;
}

std::optional<Value> parse_duration_text(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Value::length(0);
  if (text.empty()) return {};
  std::int64_t total = 0;
  while (!text.empty()) {
    if (!take_part(text, negative, total)) return {};
  }
  return Value::length(total);
}

std::string timestamp_text(const Value& timestamp) {
  const Civil at = civil_of(timestamp.seconds());
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", at.year, at.month, at.day, at.hour,
                     at.minute, at.second, fraction_text(timestamp.nanoseconds()));
}

std::string duration_text(const Value& duration) {
  const std::int64_t total = duration.as.integer;
  const std::int64_t rest = total % kSecond;
  return fmt::format("{}{}{}s", total < 0 ? "-" : "", std::abs(total / kSecond),
                     fraction_text(std::abs(rest)));
}

Value add_times(const Value& a, const Value& b) {
  using enum ValueKind;
  if (a.is(duration) && b.is(timestamp)) return add_times(b, a);
  if (!b.is(duration) || (!a.is(timestamp) && !a.is(duration))) return no_such_overload();
  if (a.is(timestamp)) {
    return timestamp_of(a.seconds() + b.as.integer / kSecond,
                        a.nanoseconds() + b.as.integer % kSecond);
  }
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a.as.integer, b.as.integer, &sum)) return out_of_time();
  return Value::length(sum);
}

Value subtract_times(const Value& a, const Value& b) {
  using enum ValueKind;
  std::int64_t rest = 0;
  if (a.is(timestamp) && b.is(timestamp)) {
    const std::int64_t part = std::int64_t{a.nanoseconds()} - b.nanoseconds();
    if (__builtin_mul_overflow(a.seconds() - b.seconds(), kSecond, &rest) ||
        __builtin_add_overflow(rest, part, &rest)) {
      return out_of_time();
    }
    return Value::length(rest);
  }
  if (!b.is(duration) || (!a.is(timestamp) && !a.is(duration))) return no_such_overload();
  if (a.is(timestamp)) {
    return timestamp_of(a.seconds() - b.as.integer / kSecond,
                        a.nanoseconds() - b.as.integer % kSecond);
  }
  if (__builtin_sub_overflow(a.as.integer, b.as.integer, &rest)) return out_of_time();
  return Value::length(rest);
}

// Days are counted from March, so that the leap day is the last one of its year.
Civil civil_of(std::int64_t seconds) {
  constexpr std::int64_t days_of_400_years = 146'097;
  const std::int64_t days = floor_divided(seconds, kDay);
  const std::int64_t of_day = seconds - days * kDay;
  const std::int64_t shifted = days + 719'468;  // since 0000-03-01
  const std::int64_t era = floor_divided(shifted, days_of_400_years);
  const std::int64_t in_era = shifted - era * days_of_400_years;
  const std::int64_t year_in_era =
      (in_era - in_era / 1460 + in_era / 36'524 - in_era / 146'096) / 365;
  const std::int64_t day = in_era - (365 * year_in_era + year_in_era / 4 - year_in_era / 100);
  const std::int64_t month = (5 * day + 2) / 153;  // 0 is March
  Civil out{};
  out.day = static_cast<int>(day - (153 * month + 2) / 5 + 1);
  out.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  out.year = year_in_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = static_cast<int>(of_day / 3600);
  out.minute = static_cast<int>(of_day / 60 % 60);
  out.second = static_cast<int>(of_day % 60);
  out.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  out.day_of_year = out.day - 1;
  for (int m = 1; m < out.month; ++m) out.day_of_year += days_in(out.year, m);
  return out;
}

std::optional<std::int64_t> fixed_offset(std::string_view text) {
  const bool west = text.starts_with('-');
  if (west || text.starts_with('+')) text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  const bool colon = take(text, ':');
  const auto minutes = take_digits(text, 2);
  if (!hours || !colon || !minutes || !text.empty() || *hours > 23 || *minutes > 59) return {};
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

// Parts of timestamps and durations. A time zone is a constant: the compiler has looked it up.

namespace {

using Part = std::int64_t (*)(const Civil&);

template <Part part>
Value part_of(Context&, Arguments a) {
  if (!a[0].is(ValueKind::timestamp)) return no_such_overload();
  std::int64_t east = 0;
  if (a.size() == 2 && a[1].is(ValueKind::zone)) {
    east = a[1].as.zone->offset_at(a[0].seconds());
  } else if (a.size() == 2 && a[1].is(ValueKind::string)) {
    const auto offset = fixed_offset(a[1].text());
    if (!offset) return Value::failed(Failure::invalid, "a time zone is a constant here");
    east = *offset;
  } else if (a.size() == 2) {
    return no_such_overload();
  }
  return Value::of(part(civil_of(a[0].seconds() + east)));
}

// The same names exist for durations, where they give the whole length in that unit.
template <Part part, std::int64_t Unit>
Value part_or_length(Context& context, Arguments a) {
  constexpr std::int64_t second = 1'000'000'000;
  if (a.size() == 1 && a[0].is(ValueKind::duration)) {
    return Value::of(a[0].as.integer / (second * Unit));
  }
  return part_of<part>(context, a);
}

Value milliseconds(Context&, Arguments a) {
  constexpr std::int64_t millisecond = 1'000'000;
  if (a[0].is(ValueKind::timestamp)) return Value::of(a[0].nanoseconds() / millisecond);
  if (a.size() == 1 && a[0].is(ValueKind::duration)) {
    return Value::of(a[0].as.integer / millisecond % 1000);
  }
  return no_such_overload();
}

constexpr std::string_view kTimeForms = "timestamp.() int; timestamp.(string) int";
constexpr std::string_view kBothForms = "timestamp.() int; timestamp.(string) int; duration.() int";

constexpr auto kTimeRows = std::to_array<FunctionRow>({
    {"getDate", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.day}; }>},
    {"getDayOfMonth", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.day} - 1; }>},
    {"getDayOfWeek", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.weekday}; }>},
    {"getDayOfYear", kTimeForms,
     part_of<[](const Civil& c) { return std::int64_t{c.day_of_year}; }>},
    {"getFullYear", kTimeForms, part_of<[](const Civil& c) { return c.year; }>},
    {"getMonth", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.month} - 1; }>},
    {"getHours", kBothForms,
     part_or_length<[](const Civil& c) { return std::int64_t{c.hour}; }, 3600>},
    {"getMinutes", kBothForms,
     part_or_length<[](const Civil& c) { return std::int64_t{c.minute}; }, 60>},
    {"getSeconds", kBothForms,
     part_or_length<[](const Civil& c) { return std::int64_t{c.second}; }, 1>},
    {"getMilliseconds", kBothForms, milliseconds},
});

}  // namespace

std::span<const FunctionRow> time_rows() {
  return kTimeRows;
}

}  // namespace pawl::cel
