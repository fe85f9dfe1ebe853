// Internet addresses in their one canonical spelling, and prefixes of them.
//
// IPv4 is four decimal numbers without leading zeros; IPv6 is the form of RFC 5952: lower case, no
// leading zeros, the first longest run of zero groups shortened. Every other spelling is refused,
// because programs disagree about it (`010.0.0.1`, `0x7f.1`, `::FFFF:10.0.0.1`). IPv4 addresses
// inside IPv6 are refused in any spelling: they are two addresses at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl {

struct Address {
  bool six = false;
  std::array<std::uint8_t, 16> bytes{};  // the first four of an IPv4 address

  unsigned bits() const { return six ? 128 : 32; }
  friend bool operator==(const Address&, const Address&) = default;
};

std::optional<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);

// `10.0.0.0/8`, or an address alone, which is the prefix of all its bits. Bits behind the length
// must be zero.
struct Prefix {
  Address address;
  unsigned length = 0;
};
std::optional<Prefix> parse_prefix(std::string_view text);

// Whether every address of `inner` lies in `outer`.
bool contains(const Prefix& outer, const Prefix& inner);

}  // namespace pawl
