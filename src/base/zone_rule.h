// The rule by which a zone goes on for ever: `CET-1CEST,M3.5.0,M10.5.0/3`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pawl {

class ZoneRule {
 public:
  // The form of the POSIX variable TZ, with hours from -167 to 167 as RFC 8536 permits. Nothing
  // when the text has another form.
  static std::optional<ZoneRule> parse(std::string_view text);

  // Seconds east of UTC.
  std::int64_t offset_at(std::int64_t utc_seconds) const;

  // The two instants of a year at which the clock may change; nothing where it never does.
  std::optional<std::array<std::int64_t, 2>> changes_of(int year) const;

 private:
  friend class ZoneRuleReader;

  struct Day {
    enum class Form : std::uint8_t { julian, day_of_year, weekday_of_month };
    Form form = Form::julian;
    int day = 0;    // 1..365 without leap days; 0..365; or 0..6 from Sunday
    int week = 0;   // 1..5, where 5 is the last
    int month = 0;  // 1..12
    std::int64_t time = 7'200;

    // Seconds since 1970 of that local time, read as if it were UTC.
    std::int64_t in(int year) const;
  };

  std::int64_t standard_ = 0;
  std::int64_t summer_ = 0;
  bool has_summer_ = false;
  Day start_;
  Day end_;
};

}  // namespace pawl
