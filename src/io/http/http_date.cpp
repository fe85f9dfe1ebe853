#include "io/http/http_date.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "io/net/clock.h"

namespace pawl::http {

std::string http_date(Instant at) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = at.ns / 1'000'000'000;
  std::tm civil{};
  ::gmtime_r(&seconds, &civil);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(civil.tm_wday)], civil.tm_mday,
                     kMonths[static_cast<std::size_t>(civil.tm_mon)], civil.tm_year + 1900,
                     civil.tm_hour, civil.tm_min, civil.tm_sec);
}

std::string_view DateLine::now() {
  const Duration boot = net::boot_time();
  if (text_.empty() || Duration::seconds(1) <= Duration{boot.ns - written_.ns}) {
    text_ = http_date(net::wall_time());
    written_ = boot;
  }
  return text_;
}

}  // namespace pawl::http
