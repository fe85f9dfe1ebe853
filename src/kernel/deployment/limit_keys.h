// The keys of `limits` in the deployment file, each once, for whoever reads or compares them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/deployment/gateway_limits.h"

namespace pawl {

struct LimitKey {
  std::string_view key;
  std::uint64_t GatewayLimits::* number;
  std::uint64_t most;  // that may be written
};
std::span<const LimitKey> limit_keys();

}  // namespace pawl
