// The keys of `limits` in the deployment file with their members, for the comparison of two files.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernel/deployment/gateway_limits.h"

namespace pawl {

struct LimitKey {
  std::string_view key;
  std::uint64_t GatewayLimits::* number;
};
std::vector<LimitKey> limit_keys();

}  // namespace pawl
