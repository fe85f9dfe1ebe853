// What counts as one peer, where what peers do is counted.
#pragma once

#include <string>

namespace pawl::http {

// The address itself; of IPv6 its first 64 bits, since the owner of one of these addresses has all.
// Empty for a Unix socket.
std::string peer_key(const std::string& address);

}  // namespace pawl::http
