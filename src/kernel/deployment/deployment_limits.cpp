// `limits` of the deployment file.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "kernel/deployment/deployment_read.h"
#include "kernel/deployment/limit_keys.h"

namespace pawl {
namespace {

constexpr LimitKey kLimits[] = {
    {"processes", &GatewayLimits::processes, 65'536},
    {"processes_of_caller", &GatewayLimits::processes_of_caller, 65'536},
    {"sessions", &GatewayLimits::sessions, 262'144},
    {"sessions_of_caller", &GatewayLimits::sessions_of_caller, 262'144},
    {"new_sessions_per_minute", &GatewayLimits::new_sessions_per_minute, 1'000'000},
    {"requests_of_session", &GatewayLimits::requests_of_session, 65'536},
    {"requests_per_second", &GatewayLimits::requests_per_second, 10'000'000},
    {"request_mib", &GatewayLimits::request_mib, 65'536},
    {"request_mib_of_caller", &GatewayLimits::request_mib_of_caller, 65'536},
    {"connections", &GatewayLimits::connections, 262'144},
    {"connections_of_address", &GatewayLimits::connections_of_address, 262'144},
};

// What one may have of all there is.
struct Share {
  std::string_view part, whole;
  std::uint64_t GatewayLimits::* of_one;
  std::uint64_t GatewayLimits::* of_all;
};

constexpr Share kShares[] = {
    {"processes_of_caller", "processes", &GatewayLimits::processes_of_caller,
     &GatewayLimits::processes},
    {"sessions_of_caller", "sessions", &GatewayLimits::sessions_of_caller,
     &GatewayLimits::sessions},
    {"request_mib_of_caller", "request_mib", &GatewayLimits::request_mib_of_caller,
     &GatewayLimits::request_mib},
    {"connections_of_address", "connections", &GatewayLimits::connections_of_address,
     &GatewayLimits::connections},
};

void check_shares(DeploymentBuild& build, const yaml::Node& node, GatewayLimits& limits) {
  for (const Share& share : kShares) {
    const std::uint64_t all = limits.*share.of_all;
    std::uint64_t& one = limits.*share.of_one;
    const yaml::Entry* written = node.entry(share.part);
    if (written == nullptr) {
      one = std::min(one, std::max<std::uint64_t>(1, all / 2));
    } else if (one > all) {
      build.reading.mistake(written->value.at,
                            fmt::format("`{}` is {}, and there are {} `{}` for all", share.part,
                                        one, all, share.whole));
    }
  }
}

}  // namespace

std::span<const LimitKey> limit_keys() {
  return kLimits;
}

void read_limits(DeploymentBuild& build, const yaml::Entry& entry) {
  GatewayLimits limits;
  const bool read =
      build.reading.keys(entry.value, Section::gateway_limits, [&](const yaml::Entry& key) {
        const auto* const known = std::ranges::find(kLimits, key.key, &LimitKey::key);
        if (known == std::ranges::end(kLimits)) return false;
        const auto number = build.reading.count(key.value, key.key, {1, known->most});
        if (number) limits.*known->number = *number;
        return true;
      });
  if (!read) return;
  check_shares(build, entry.value, limits);
  build.into.limits = limits;
}

}  // namespace pawl
