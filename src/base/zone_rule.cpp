#include "base/zone_rule.h"

#include <chrono>

#include "base/text.h"

namespace pawl {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t hour_seconds = 3'600;
constexpr std::int64_t rule_day_seconds = 86'400;

std::int64_t seconds(chrono::sys_days day) {
  return day.time_since_epoch().count() * rule_day_seconds;
}

int year_of(std::int64_t local_seconds) {
  const auto day = chrono::floor<chrono::days>(chrono::sys_seconds(chrono::seconds(local_seconds)));
  return int{chrono::year_month_day(day).year()};
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

// Takes a rule apart from the left; the first thing that is not as expected ends it.
class ZoneRuleReader {
 public:
  explicit ZoneRuleReader(std::string_view text) : rest_(text) {}

  std::optional<ZoneRule> read() {
    ZoneRule rule;
    name();
    // POSIX counts offsets westward.
    rule.standard_ = -clock(24, true);
    if (good_ && !rest_.empty()) {
      rule.has_summer_ = true;
      name();
      rule.summer_ = rest_.starts_with(',') ? rule.standard_ + hour_seconds : -clock(24, true);
      expect(',');
      rule.start_ = day();
      expect(',');
      rule.end_ = day();
    }
    if (!good_ || !rest_.empty()) return std::nullopt;
    return rule;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { good_ = take(c) && good_; }

  void name() {
    std::size_t size = 0;
    if (take('<')) {
      while (size < rest_.size() && rest_[size] != '>') ++size;
      good_ = good_ && size >= 3 && size < rest_.size();
      rest_.remove_prefix(size < rest_.size() ? size + 1 : size);
      return;
    }
    while (size < rest_.size() && is_letter(rest_[size])) ++size;
    good_ = good_ && size >= 3;
    rest_.remove_prefix(size);
  }

  int number(int least, int most) {
    int value = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && digits < 4 && is_digit(rest_[digits])) {
      value = value * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    good_ = good_ && digits > 0 && value >= least && value <= most;
    return value;
  }

  // `3`, `+3:30`, `-1:00:00` in seconds.
  std::int64_t clock(int hours_max, bool sign) {
    const bool negative = sign && rest_.starts_with('-');
    if (sign && (rest_.starts_with('-') || rest_.starts_with('+'))) rest_.remove_prefix(1);
    std::int64_t value = number(0, hours_max) * hour_seconds;
    if (take(':')) value += std::int64_t{number(0, 59)} * 60;
    if (take(':')) value += number(0, 59);
    return negative ? -value : value;
  }

  ZoneRule::Day day() {
    ZoneRule::Day out;
    if (take('J')) {
      out.form = ZoneRule::Day::Form::julian;
      out.day = number(1, 365);
    } else if (take('M')) {
      out.form = ZoneRule::Day::Form::weekday_of_month;
      out.month = number(1, 12);
      expect('.');
      out.week = number(1, 5);
      expect('.');
      out.day = number(0, 6);
    } else {
      out.form = ZoneRule::Day::Form::day_of_year;
      out.day = number(0, 365);
    }
    if (take('/')) out.time = clock(167, true);
    return out;
  }

  std::string_view rest_;
  bool good_ = true;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  return ZoneRuleReader(text).read();
}

std::int64_t ZoneRule::Day::in(int year) const {
  const chrono::year y(year);
  const chrono::sys_days new_year = y / chrono::January / 1;
  chrono::sys_days date;
  switch (form) {
    case Form::julian:
      date = new_year + chrono::days(day - 1 + (y.is_leap() && day >= 60 ? 1 : 0));
      break;
    case Form::day_of_year:
      date = new_year + chrono::days(day);
      break;
    case Form::weekday_of_month: {
      const chrono::month m(static_cast<unsigned>(month));
      const chrono::weekday wanted(static_cast<unsigned>(day));
      if (week == 5) {
        date = chrono::sys_days(y / m / wanted[chrono::last]);
      } else {
        date = chrono::sys_days(y / m / wanted[static_cast<unsigned>(week)]);
      }
      break;
    }
  }
  return seconds(date) + time;
}

std::optional<std::array<std::int64_t, 2>> ZoneRule::changes_of(int year) const {
  if (!has_summer_) return std::nullopt;
  return std::array<std::int64_t, 2>{start_.in(year)-standard_, end_.in(year)-summer_};
}

std::int64_t ZoneRule::offset_at(std::int64_t utc_seconds) const {
  if (!has_summer_) return standard_;
  const auto [start, end] = *changes_of(year_of(utc_seconds + standard_));
  const bool summer = start < end ? utc_seconds >= start && utc_seconds < end
                                  : utc_seconds >= start || utc_seconds < end;
  return summer ? summer_ : standard_;
}

}  // namespace pawl
