// How much of `pawl serve` there is, and how much of it one caller may take: `limits` of the
// deployment file.
//
// Every number is at least 1; what one caller may have is never more than there is, and without a
// word about it at most half, so that one caller alone never leaves the others nothing.
#pragma once

#include <cstdint>

namespace pawl {

struct GatewayLimits {
  std::uint64_t processes = 1024;  // of servers, those that end included
  std::uint64_t processes_of_caller = 128;
  std::uint64_t sessions = 16'384;  // those that end included
  std::uint64_t sessions_of_caller = 4096;
  std::uint64_t new_sessions_per_minute = 600;  // of one caller
  std::uint64_t requests_of_session = 1000;     // without an answer
  std::uint64_t requests_per_second = 100'000;  // of one caller
  std::uint64_t request_mib = 512;              // of the bodies of requests under way, in MiB
  std::uint64_t request_mib_of_caller = 128;
  std::uint64_t connections = 16'384;           // from the next start on
  std::uint64_t connections_of_address = 4096;  // from the next start on
  friend bool operator==(const GatewayLimits&, const GatewayLimits&) = default;
};

}  // namespace pawl
