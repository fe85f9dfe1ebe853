// `limits` of the deployment file.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "kernel/deployment/deployment_read.h"
#include "kernel/deployment/limit_keys.h"

namespace pawl {
namespace {

using Limits = GatewayLimits;

template <auto Member, std::uint64_t Most>
void limit(DeploymentBuild& build, Limits& into, const yaml::Entry& key) {
  count<Between{1, Most}, Member>(build, into, key);
}

constexpr auto kLimitKeys = section_keys<DeploymentBuild, Limits>(
    Section::gateway_limits,
    {
        {"processes", "whole number", "1024", 0,
         "Processes of servers that run at once, those that end included.",
         limit<&Limits::processes, 65'536>},
        {"processes_of_caller", "whole number", "128, at most half of `processes`", 0,
         "Of these, what one caller may have. Processes that sessions share are nobody's.",
         limit<&Limits::processes_of_caller, 65'536>},
        {"sessions", "whole number", "16384", 0,
         "Sessions that are open at once, those that end included.",
         limit<&Limits::sessions, 262'144>},
        {"sessions_of_caller", "whole number", "4096, at most half of `sessions`", 0,
         "Of these, what one caller may have.", limit<&Limits::sessions_of_caller, 262'144>},
        {"new_sessions_per_minute", "whole number", "600", 0,
         "Sessions that one caller may begin in a minute.",
         limit<&Limits::new_sessions_per_minute, 1'000'000>},
        {"requests_of_session", "whole number", "1000", 0,
         "Requests of a session without an answer.", limit<&Limits::requests_of_session, 65'536>},
        {"requests_per_second", "whole number", "100000", 0,
         "Requests that one caller may make in a second.",
         limit<&Limits::requests_per_second, 10'000'000>},
        {"request_mib", "whole number", "512", 0,
         "MiB of all requests that are under way. One request has at most 16.",
         limit<&Limits::request_mib, 65'536>},
        {"request_mib_of_caller", "whole number", "128, at most half of `request_mib`", 0,
         "Of these, what one caller may have.", limit<&Limits::request_mib_of_caller, 65'536>},
        {"connections", "whole number", "16384", 0,
         "Connections that are open at once. Counts from the next start.",
         limit<&Limits::connections, 262'144>},
        {"connections_of_address", "whole number", "4096, at most half of `connections`", 0,
         "Of these, what one address may have. Counts from the next start.",
         limit<&Limits::connections_of_address, 262'144>},
    });

// In the order of the rows above.
constexpr std::uint64_t Limits::* kLimits[] = {&Limits::processes,
                                               &Limits::processes_of_caller,
                                               &Limits::sessions,
                                               &Limits::sessions_of_caller,
                                               &Limits::new_sessions_per_minute,
                                               &Limits::requests_of_session,
                                               &Limits::requests_per_second,
                                               &Limits::request_mib,
                                               &Limits::request_mib_of_caller,
                                               &Limits::connections,
                                               &Limits::connections_of_address};
static_assert(std::size(kLimits) == kLimitKeys.rows.size());

constexpr std::string_view name_of(std::uint64_t Limits::* number) {
  return kLimitKeys.rows[static_cast<std::size_t>(std::ranges::find(kLimits, number) - kLimits)]
      .name;
}

// What one caller may have of all there is.
struct Share {
  std::uint64_t Limits::* of_one;
  std::uint64_t Limits::* of_all;
};

constexpr Share kShares[] = {
    {&Limits::processes_of_caller, &Limits::processes},
    {&Limits::sessions_of_caller, &Limits::sessions},
    {&Limits::request_mib_of_caller, &Limits::request_mib},
    {&Limits::connections_of_address, &Limits::connections},
};

void check_shares(DeploymentBuild& build, const yaml::Node& node, GatewayLimits& limits) {
  for (const Share& share : kShares) {
    const std::uint64_t all = limits.*share.of_all;
    std::uint64_t& one = limits.*share.of_one;
    const yaml::Entry* written = node.entry(name_of(share.of_one));
    if (written == nullptr) {
      one = std::min(one, std::max<std::uint64_t>(1, all / 2));
    } else if (one > all) {
      build.reading.mistake(written->value.at,
                            fmt::format("`{}` is {}, and there are {} `{}` for all",
                                        name_of(share.of_one), one, all, name_of(share.of_all)));
    }
  }
}

}  // namespace

void list_limit_keys(std::vector<Key>& into) {
  kLimitKeys.list(into);
}

std::vector<LimitKey> limit_keys() {
  std::vector<LimitKey> out;
  for (std::uint64_t GatewayLimits::* number : kLimits) out.push_back({name_of(number), number});
  return out;
}

void read_limits(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  GatewayLimits limits;
  if (!read_section(build, entry.value, kLimitKeys, limits)) return;
  check_shares(build, entry.value, limits);
  into.limits = limits;
}

}  // namespace pawl
