#include "io/http/reach.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "io/http/headers.h"

namespace pawl::http {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct Network {
  Bytes prefix;
  unsigned bits;
  AddressKind kind;
};

// The first that matches decides: exceptions stand before what they are taken from.
constexpr auto kFour = std::to_array<Network>({
    {{168, 63, 129, 16}, 32, AddressKind::metadata},    // Azure
    {{100, 100, 100, 200}, 32, AddressKind::metadata},  // Alibaba
    {{192, 0, 0, 0}, 24, AddressKind::metadata},  // Oracle's 192.0.0.192; protocol assignments
    {{169, 254}, 16, AddressKind::metadata},      // link-local: most clouds
    {{127}, 8, AddressKind::loopback},
    {{10}, 8, AddressKind::local},
    {{172, 16}, 12, AddressKind::local},
    {{192, 168}, 16, AddressKind::local},
    {{100, 64}, 10, AddressKind::local},  // shared by providers
    {{198, 18}, 15, AddressKind::local},  // benchmarks, and names of sandboxes
    {{0}, 8, AddressKind::forbidden},
    {{192, 0, 2}, 24, AddressKind::forbidden},  // documentation
    {{198, 51, 100}, 24, AddressKind::forbidden},
    {{203, 0, 113}, 24, AddressKind::forbidden},
    {{192, 88, 99}, 24, AddressKind::forbidden},  // 6to4 relays
    {{224}, 3, AddressKind::forbidden},           // multicast, reserved, broadcast
});

constexpr auto kSix = std::to_array<Network>({
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressKind::loopback},
    {{0xfd, 0, 0x0e, 0xc2}, 32, AddressKind::metadata},  // AWS
    {{0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     AddressKind::metadata},  // Google
    {{0xfe, 0x80}, 10, AddressKind::metadata},
    {{0xfc}, 7, AddressKind::local},
    {{0x20, 0x02}, 16, AddressKind::forbidden},              // 6to4
    {{0x20, 0x01, 0, 0}, 23, AddressKind::forbidden},        // Teredo, ORCHID, assignments
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressKind::forbidden},  // documentation
    {{0x3f, 0xff}, 20, AddressKind::forbidden},
    {{0x20}, 3, AddressKind::global},
    {{}, 0, AddressKind::forbidden},  // mapped, compatible, translated, multicast, unassigned
});

bool within(const Bytes& address, const Network& network) {
  for (unsigned bit = 0; bit < network.bits; bit += 8) {
    const unsigned count = std::min(network.bits - bit, 8U);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> count);
    const std::size_t at = bit / 8;
    if ((address[at] & mask) != (network.prefix[at] & mask)) return false;
  }
  return true;
}

Bytes bytes_of(const sockaddr& address) {
  Bytes bytes{};
  if (address.sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(bytes.data(), &four.sin_addr, sizeof four.sin_addr);
  } else if (address.sa_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(bytes.data(), &six.sin6_addr, sizeof six.sin6_addr);
  }
  return bytes;
}

// Asked at each dialling: machines get and lose addresses while a node runs.
bool belongs_to_this_machine(const sockaddr& address) {
  ifaddrs* first = nullptr;
  // Where the system does not say, every address could be ours.
  if (::getifaddrs(&first) != 0) return true;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  const Bytes wanted = bytes_of(address);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != address.sa_family) continue;
    if (bytes_of(*one->ifa_addr) == wanted) return true;
  }
  return false;
}

bool listed(const std::vector<std::string>& hosts, std::string_view host, std::uint16_t port) {
  const std::string its_port = ':' + std::to_string(port);
  return std::ranges::any_of(hosts, [&](std::string_view one) {
    if (one.ends_with(its_port)) {
      if (same_ignoring_case(one.substr(0, one.size() - its_port.size()), host)) return true;
    }
    return same_ignoring_case(one, host);
  });
}

}  // namespace

std::string_view to_string(AddressKind kind) {
  switch (kind) {
    case AddressKind::global:
      return "a public address";
    case AddressKind::loopback:
      return "an address of this machine itself";
    case AddressKind::own:
      return "a public address of this machine";
    case AddressKind::local:
      return "an address of a private network";
    case AddressKind::metadata:
      return "a link-local address or one at which clouds hand out credentials";
    case AddressKind::forbidden:
      return "an address that no host has";
  }
  return {};
}

AddressKind kind_of(const sockaddr& address) {
  const Bytes bytes = bytes_of(address);
  if (address.sa_family == AF_INET) {
    const auto* found =
        std::ranges::find_if(kFour, [&](const Network& one) { return within(bytes, one); });
    return found == kFour.end() ? AddressKind::global : found->kind;
  }
  if (address.sa_family != AF_INET6) return AddressKind::forbidden;
  return std::ranges::find_if(kSix, [&](const Network& one) { return within(bytes, one); })->kind;
}

Status check_host(const Reach& reach, std::string_view host, std::uint16_t port) {
  if (reach.any_public_host || listed(reach.hosts, host, port) ||
      listed(reach.private_hosts, host, port)) {
    return {};
  }
  return fail(ErrorKind::refused,
              fmt::format("`{}:{}` is not among the hosts that may be reached", host, port));
}

Status check_address(const Reach& reach, std::string_view host, std::uint16_t port,
                     const sockaddr& address) {
  PAWL_TRY(check_host(reach, host, port));
  AddressKind kind = kind_of(address);
  if (kind == AddressKind::global && belongs_to_this_machine(address)) kind = AddressKind::own;
  const bool near =
      kind == AddressKind::loopback || kind == AddressKind::own || kind == AddressKind::local;
  if (kind == AddressKind::global || (near && listed(reach.private_hosts, host, port))) return {};
  return fail(ErrorKind::refused,
              fmt::format("`{}` is at {}, which it may not be", host, to_string(kind)));
}

Result<int> open_allowed(const Reach& reach, std::string_view host, std::uint16_t port,
                         const sockaddr& address, SocketKind kind) {
  PAWL_TRY(check_address(reach, host, port, address));
  const int made = ::socket(kind.family, kind.type | SOCK_CLOEXEC, kind.protocol);
  if (made < 0) return fail(ErrorKind::environment, "there is no socket left");
  return made;
}

}  // namespace pawl::http
