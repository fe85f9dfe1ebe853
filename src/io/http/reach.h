// Which machines a request of ours may reach.
//
// A name may resolve to any address, and another one a second later, so the name is not what is
// judged alone: the address that is about to be dialled is, after its one resolution. By default it
// has to be a public one. Addresses at which clouds hand out credentials, and addresses that carry
// another address inside (mapped, translated, tunnelled), are refused whatever is listed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

struct sockaddr;

namespace pawl::http {

struct Reach {
  // `host` (any port) or `host:port`. At public addresses only.
  std::vector<std::string> hosts = {};
  // The same, and these may also lie in private networks and on this machine.
  std::vector<std::string> private_hosts = {};
  // Every host, at public addresses. Nothing listed and not this: nothing can be reached.
  bool any_public_host = false;
};

enum class AddressKind : std::uint8_t {
  global,     // anybody's
  loopback,   // this machine
  own,        // a public address, but of this machine
  local,      // a private network
  metadata,   // link-local, and where clouds hand out credentials
  forbidden,  // unspecified, multicast, reserved, or with another address inside
};
std::string_view to_string(AddressKind kind);

// By the address alone; `own` needs the machine's addresses and is found by `check_address`.
AddressKind kind_of(const sockaddr& address);

// Whether anything may be sent to this host at all. ErrorKind::refused otherwise.
Status check_host(const Reach& reach, std::string_view host, std::uint16_t port);
// Whether this address may be dialled in its name.
Status check_address(const Reach& reach, std::string_view host, std::uint16_t port,
                     const sockaddr& address);
// A socket for an address that may be dialled in its name; the caller closes it.
struct SocketKind {
  int family = 0, type = 0, protocol = 0;
};
Result<int> open_allowed(const Reach& reach, std::string_view host, std::uint16_t port,
                         const sockaddr& address, SocketKind kind);

}  // namespace pawl::http
