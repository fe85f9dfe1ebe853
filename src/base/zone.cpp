#include "base/zone.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>

namespace pawl {
namespace {

namespace chrono = std::chrono;

constexpr std::size_t header_bytes = 44;
constexpr std::size_t type_bytes = 6;
constexpr std::uint32_t transitions_max = 100'000;
// 26 hours: no clock on earth was ever as far from UTC.
constexpr std::int64_t offset_seconds_max = 93'600;
constexpr std::int64_t zone_second_ns = 1'000'000'000;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = static_cast<signed char>(bytes[0]) < 0 ? ~std::uint64_t{0} : 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

// The six counts of a TZif header, in the order of RFC 8536.
struct Counts {
  std::uint64_t is_utc = 0, is_standard = 0, leaps = 0, times = 0, types = 0, letters = 0;

  std::uint64_t body_bytes(std::uint64_t time_bytes) const {
    return times * (time_bytes + 1) + types * type_bytes + letters + leaps * (time_bytes + 4) +
           is_standard + is_utc;
  }
};

bool read_header(std::string_view bytes, Counts& counts) {
  if (bytes.size() < header_bytes || !bytes.starts_with("TZif")) return false;
  std::uint64_t* const fields[] = {&counts.is_utc, &counts.is_standard, &counts.leaps,
                                   &counts.times,  &counts.types,       &counts.letters};
  std::size_t at = 20;
  for (std::uint64_t* field : fields) {
    *field = static_cast<std::uint64_t>(big_endian(bytes.substr(at, 4))) & 0xFFFF'FFFF;
    at += 4;
  }
  return true;
}

Instant instant(std::int64_t utc_seconds) {
  std::int64_t ns = 0;
  if (!__builtin_mul_overflow(utc_seconds, zone_second_ns, &ns)) return {ns};
  using Limits = std::numeric_limits<std::int64_t>;
  return {utc_seconds < 0 ? Limits::min() : Limits::max()};
}

CivilTime civil_of(std::int64_t local_seconds) {
  const chrono::sys_seconds point{chrono::seconds(local_seconds)};
  const auto day = chrono::floor<chrono::days>(point);
  const chrono::year_month_day date(day);
  const auto of_day = static_cast<int>((point - day).count());
  return {.year = int{date.year()},
          .month = static_cast<int>(unsigned{date.month()}),
          .day = static_cast<int>(unsigned{date.day()}),
          .hour = of_day / 3'600,
          .minute = of_day / 60 % 60,
          .second = of_day % 60};
}

}  // namespace

Result<Zone> Zone::parse(std::string_view bytes, std::string_view name) {
  const std::string_view all = bytes;
  const auto bad = [name](std::string_view why) {
    return fail(ErrorKind::corrupt,
                "the time zone `" + std::string(name) + "` cannot be read: " + std::string(why));
  };
  Counts counts;
  if (!read_header(bytes, counts)) return bad("not a TZif file");
  if (bytes[4] < '2') return bad("a file of version 1, which knows no times after 2037");
  // A first block with times of 32 bits is there for old readers.
  if (bytes.size() - header_bytes < counts.body_bytes(4)) return bad("it is too short");
  bytes.remove_prefix(header_bytes + counts.body_bytes(4));
  if (!read_header(bytes, counts)) return bad("its second header is damaged");
  bytes.remove_prefix(header_bytes);
  if (bytes.size() < counts.body_bytes(8)) return bad("it is too short");
  if (counts.types == 0 || counts.times > transitions_max) return bad("its counts are absurd");
  if (counts.leaps != 0) return bad("it counts leap seconds, which this clock does not");

  const std::string_view times = bytes.substr(0, counts.times * 8);
  const std::string_view kinds = bytes.substr(counts.times * 8, counts.times);
  const std::string_view types = bytes.substr(counts.times * 9, counts.types * type_bytes);
  std::string_view footer = bytes.substr(counts.body_bytes(8));

  Zone zone;
  zone.name_ = name;
  zone.bytes_ = std::make_shared<const std::string>(all);
  zone.first_offset_ = big_endian(types.substr(0, 4));
  if (std::abs(zone.first_offset_) > offset_seconds_max) return bad("an offset is absurd");
  for (std::size_t i = 0; i < counts.times; ++i) {
    const auto kind = static_cast<unsigned char>(kinds[i]);
    if (kind >= counts.types) return bad("a change leads to no type");
    const Transition next{big_endian(times.substr(i * 8, 8)),
                          big_endian(types.substr(kind * type_bytes, 4))};
    if (i > 0 && next.at <= zone.transitions_.back().at) return bad("its times are out of order");
    if (std::abs(next.offset) > offset_seconds_max) return bad("an offset is absurd");
    zone.transitions_.push_back(next);
  }
  if (footer.size() < 2 || footer.front() != '\n' || footer.find('\n', 1) != footer.size() - 1) {
    return bad("its last line is damaged");
  }
  footer = footer.substr(1, footer.size() - 2);
  if (!footer.empty()) {
    zone.rule_ = ZoneRule::parse(footer);
    if (!zone.rule_) return bad("the rule in its last line has no known form");
  }
  return zone;
}

std::int64_t Zone::offset_at(std::int64_t utc) const {
  const bool behind_table = transitions_.empty() || utc >= transitions_.back().at;
  if (behind_table && rule_) return rule_->offset_at(utc);
  const auto after =
      std::upper_bound(transitions_.begin(), transitions_.end(), utc,
                       [](std::int64_t at, const Transition& t) { return at < t.at; });
  return after == transitions_.begin() ? first_offset_ : std::prev(after)->offset;
}

// The changes of the clock that a local time may fall upon, whatever its offset.
std::vector<Zone::Change> Zone::changes_near(std::int64_t local) const {
  const std::int64_t first = local - offset_seconds_max;
  const std::int64_t last = local + offset_seconds_max;
  std::vector<std::int64_t> times;
  const auto from =
      std::lower_bound(transitions_.begin(), transitions_.end(), first,
                       [](const Transition& t, std::int64_t at) { return t.at < at; });
  for (auto t = from; t != transitions_.end() && t->at <= last; ++t) times.push_back(t->at);
  const int year = civil_of(local).year;
  for (int y = year - 1; rule_ && y <= year + 1; ++y) {
    const auto pair = rule_->changes_of(y);
    if (!pair) break;
    for (std::int64_t at : *pair) {
      const bool behind_table = transitions_.empty() || at > transitions_.back().at;
      if (behind_table && at >= first && at <= last) times.push_back(at);
    }
  }
  std::vector<Change> out;
  for (std::int64_t at : times) {
    const Change change{at, offset_at(at - 1), offset_at(at)};
    if (change.before != change.after) out.push_back(change);
  }
  return out;
}

LocalReading Zone::read(const CivilTime& civil) const {
  const std::int64_t local = seconds_as_utc(civil);
  const std::vector<Change> changes = changes_near(local);
  std::vector<std::int64_t> readings;
  const auto try_offset = [&](std::int64_t offset) {
    if (offset_at(local - offset) == offset) readings.push_back(local - offset);
  };
  try_offset(offset_at(local - offset_seconds_max));
  for (const Change& change : changes) try_offset(change.after);
  if (readings.empty()) {
    // Skipped by a change to a clock that is further ahead.
    for (const Change& change : changes) {
      if (local < change.at + change.before || local >= change.at + change.after) continue;
      readings = {local - change.before, local - change.after};
    }
  }
  if (readings.empty()) readings = {local - offset_at(local)};
  const auto [least, most] = std::minmax_element(readings.begin(), readings.end());
  return {instant(*least), instant(*most)};
}

CivilTime Zone::local(Instant at) const {
  const std::int64_t utc = at.ns / zone_second_ns - (at.ns % zone_second_ns < 0 ? 1 : 0);
  return civil_of(utc + offset_at(utc));
}

int weekday(const CivilTime& date) {
  const chrono::sys_days day = chrono::year(date.year) /
                               chrono::month(static_cast<unsigned>(date.month)) /
                               chrono::day(static_cast<unsigned>(date.day));
  return static_cast<int>(chrono::weekday(day).c_encoding());
}

}  // namespace pawl
