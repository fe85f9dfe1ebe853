#include "base/time.h"

#include <array>
#include <chrono>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_seconds = 86'400;

// Reads fixed-width fields from the front of a text; a field that is not there fails the whole.
struct Fields {
  std::string_view rest;
  bool good = true;

  int number(std::size_t digits) {
    if (!good || rest.size() < digits) return broken();
    int value = 0;
    for (char c : rest.substr(0, digits)) {
      if (c < '0' || c > '9') return broken();
      value = value * 10 + (c - '0');
    }
    rest.remove_prefix(digits);
    return value;
  }
  bool next_is(char c) const { return good && !rest.empty() && rest.front() == c; }
  void expect(char c) {
    if (next_is(c)) {
      rest.remove_prefix(1);
    } else {
      good = false;
    }
  }
  int broken() {
    good = false;
    return 0;
  }
};

std::chrono::year_month_day date_of(const CivilTime& t) {
  return {std::chrono::year(t.year), std::chrono::month(static_cast<unsigned>(t.month)),
          std::chrono::day(static_cast<unsigned>(t.day))};
}

// The last `count` digits of a number that is not negative, with zeros in front.
void put_digits(std::int64_t value, std::size_t count, std::string& out) {
  out.resize(out.size() + count);
  for (auto at = out.rbegin(); count > 0; --count, value /= 10) {
    *at++ = static_cast<char>('0' + value % 10);
  }
}

bool in_calendar(const CivilTime& t) {
  return date_of(t).ok() && t.hour <= 23 && t.minute <= 59 && t.second <= 59;
}

CivilTime read_date(Fields& in) {
  CivilTime t;
  t.year = in.number(4);
  in.expect('-');
  t.month = in.number(2);
  in.expect('-');
  t.day = in.number(2);
  in.expect('T');
  t.hour = in.number(2);
  in.expect(':');
  t.minute = in.number(2);
  return t;
}

// `.25` -> 250'000'000. One to nine digits.
std::int64_t read_fraction(Fields& in) {
  std::int64_t ns = 0;
  std::int64_t unit = second_ns / 10;
  std::size_t digits = 0;
  in.expect('.');
  while (in.good && !in.rest.empty() && is_digit(in.rest.front())) {
    if (++digits > 9) return in.broken();
    ns += unit * (in.rest.front() - '0');
    unit /= 10;
    in.rest.remove_prefix(1);
  }
  if (digits == 0) return in.broken();
  return ns;
}

// `Z`, `+01:00`, `-09:30` as seconds east of UTC.
std::int64_t read_offset(Fields& in) {
  if (in.next_is('Z')) {
    in.expect('Z');
    return 0;
  }
  const bool east = in.next_is('+');
  in.expect(east ? '+' : '-');
  const int hours = in.number(2);
  in.expect(':');
  const int minutes = in.number(2);
  if (hours > 23 || minutes > 59) return in.broken();
  const std::int64_t seconds = std::int64_t{hours} * 3'600 + std::int64_t{minutes} * 60;
  return east ? seconds : -seconds;
}

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
// From the largest down; a sum of units keeps this order.
constexpr std::array<Unit, 6> units = {{{"w", 7 * day_seconds* second_ns},
                                        {"d", day_seconds* second_ns},
                                        {"h", 3'600 * second_ns},
                                        {"m", 60 * second_ns},
                                        {"s", second_ns},
                                        {"ms", 1'000'000}}};

// One `12h` off the front of `rest`. Nothing when it is not a number and a unit that comes after
// the units before `first_unit`, or when the sum does not fit.
bool take_term(std::string_view& rest, std::size_t& first_unit, std::int64_t& sum) {
  std::int64_t count = 0;
  std::size_t digits = 0;
  while (digits < rest.size() && is_digit(rest[digits])) {
    if (__builtin_mul_overflow(count, 10, &count)) return false;
    if (__builtin_add_overflow(count, rest[digits] - '0', &count)) return false;
    ++digits;
  }
  if (digits == 0) return false;
  rest.remove_prefix(digits);
  std::size_t letters = 0;
  while (letters < rest.size() && (rest[letters] < '0' || rest[letters] > '9')) ++letters;
  const std::string_view name = rest.substr(0, letters);
  rest.remove_prefix(letters);
  for (std::size_t i = first_unit; i < units.size(); ++i) {
    if (units[i].name != name) continue;
    first_unit = i + 1;
    std::int64_t term = 0;
    return !__builtin_mul_overflow(count, units[i].ns, &term) &&
           !__builtin_add_overflow(sum, term, &sum);
  }
  return false;
}

}  // namespace

std::int64_t seconds_as_utc(const CivilTime& t) {
  const std::int64_t days = std::chrono::sys_days(date_of(t)).time_since_epoch().count();
  return days * day_seconds + std::int64_t{t.hour} * 3'600 + std::int64_t{t.minute} * 60 + t.second;
}

Result<Instant> parse_instant(std::string_view text) {
  Fields in{text};
  CivilTime t = read_date(in);
  in.expect(':');
  t.second = in.number(2);
  const std::int64_t fraction = in.next_is('.') ? read_fraction(in) : 0;
  const std::int64_t east = read_offset(in);
  if (!in.good || !in.rest.empty()) {
    return fail(ErrorKind::invalid, in_backticks(text) +
                                        " is not a time: expected the form `2026-11-21T08:00:00Z` "
                                        "or `2026-11-21T08:00:00+01:00`");
  }
  if (!in_calendar(t)) {
    return fail(ErrorKind::invalid,
                in_backticks(text) + " is not a time: no calendar has this date or hour");
  }
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(seconds_as_utc(t) - east, second_ns, &ns) ||
      __builtin_add_overflow(ns, fraction, &ns)) {
    return fail(ErrorKind::invalid,
                in_backticks(text) + " is out of range: years 1678 to 2261 can be told");
  }
  return Instant{ns};
}

std::string to_string(Instant at) {
  namespace chrono = std::chrono;
  // In whole seconds first: a day before the earliest Instant has no count of nanoseconds.
  const std::int64_t below = at.ns % second_ns < 0 ? 1 : 0;
  const chrono::sys_seconds point{chrono::seconds(at.ns / second_ns - below)};
  const std::int64_t micros = (at.ns % second_ns + below * second_ns) / 1'000;
  const auto day = chrono::floor<chrono::days>(point);
  const chrono::year_month_day date(day);
  const std::int64_t seconds = (point - day).count();
  // Every record has a time: digit by digit, without a format to be read. Years are those of
  // Instant, 1677 to 2262.
  std::string out;
  out.reserve(sizeof "2026-01-01T00:00:00.000000Z");
  put_digits(int{date.year()}, 4, out);
  put_digits(unsigned{date.month()}, 2, out += '-');
  put_digits(unsigned{date.day()}, 2, out += '-');
  put_digits(seconds / 3'600, 2, out += 'T');
  put_digits(seconds / 60 % 60, 2, out += ':');
  put_digits(seconds % 60, 2, out += ':');
  if (micros != 0) {
    put_digits(micros, 6, out += '.');
    while (out.back() == '0') out.pop_back();
  }
  out += 'Z';
  return out;
}

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  std::int64_t sum = 0;
  std::size_t first_unit = 0;
  bool good = !rest.empty();
  while (good && !rest.empty()) good = take_term(rest, first_unit, sum);
  if (!good) {
    return fail(ErrorKind::invalid, in_backticks(text) +
                                        " is not a length of time: expected a number and a unit "
                                        "out of `ms`, `s`, `m`, `h`, `d`, `w`, as in `300s` or "
                                        "`1h30m`");
  }
  return Duration{sum};
}

std::string to_string(Duration length) {
  if (length.ns == 0) return "0s";
  std::string out = length.ns < 0 ? "-" : "";
  std::uint64_t rest = length.ns < 0 ? 0 - static_cast<std::uint64_t>(length.ns)
                                     : static_cast<std::uint64_t>(length.ns);
  // People count in days, so weeks are read and never written.
  for (const Unit& unit : units) {
    if (unit.name == "w") continue;
    const auto size = static_cast<std::uint64_t>(unit.ns);
    if (rest < size) continue;
    out += std::to_string(rest / size);
    out += unit.name;
    rest %= size;
  }
  return out.empty() || out == "-" ? "0ms" : out;
}

Result<CivilTime> parse_civil(std::string_view text) {
  Fields in{text};
  CivilTime t = read_date(in);
  if (in.next_is(':')) {
    in.expect(':');
    t.second = in.number(2);
  }
  if (!in.good || !in.rest.empty()) {
    return fail(
        ErrorKind::invalid,
        in_backticks(text) + " is not a date and time: expected the form `2026-12-18T18:00`");
  }
  if (!in_calendar(t)) {
    return fail(ErrorKind::invalid,
                in_backticks(text) + " is not a date and time: no calendar has this date or hour");
  }
  return t;
}

}  // namespace pawl
