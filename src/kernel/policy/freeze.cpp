// Whether a freeze is in force.
#include <algorithm>

#include "kernel/policy/policy.h"

namespace pawl {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t week_seconds = 7 * day_seconds;

// The local time so many seconds after 1970 on the wall.
CivilTime civil_of(std::int64_t seconds) {
  return Zone().local(Instant{seconds * second_ns});
}

// Windows of the weeks around this one: clocks that change make them longer, never shorter.
bool in_window(const Weekly& weekly, Instant now) {
  const CivilTime local = weekly.zone->local(now);
  const std::int64_t today = seconds_as_utc({local.year, local.month, local.day, 0, 0, 0});
  const std::int64_t sunday = today - weekday(local) * day_seconds;
  for (int week = -2; week <= 1; ++week) {
    const std::int64_t start = sunday + week * week_seconds;
    const Instant from = weekly.zone->earliest(civil_of(start + weekly.from * 60LL));
    const Instant until = weekly.zone->latest(civil_of(start + weekly.until * 60LL));
    if (from <= now && now < until) return true;
  }
  return false;
}

}  // namespace

bool Freeze::covers(Instant now) const {
  if (!weekly) return from <= now && now < until;
  // Where the calendar ends, the window counts.
  constexpr std::int64_t far_ns = INT64_MAX / 2;
  if (now.ns > far_ns || now.ns < -far_ns) return true;
  return in_window(*weekly, now);
}

std::optional<Environment> EnvironmentBy::find(std::string_view value) const {
  const auto found = std::ranges::lower_bound(
      values, value, {}, [](const auto& one) { return std::string_view(one.first); });
  if (found == values.end() || found->first != value) return std::nullopt;
  return found->second;
}

const std::string* CredentialBy::find(std::string_view value) const {
  const auto found = std::ranges::lower_bound(
      values, value, {}, [](const auto& one) { return std::string_view(one.first); });
  return found == values.end() || found->first != value ? nullptr : &found->second;
}

bool Freeze::stops(Class action_class, Environment where) const {
  const bool there = env.empty() || std::ranges::find(env, where) != env.end();
  return there && std::ranges::find(stop, action_class.reversibility) != stop.end();
}

}  // namespace pawl
