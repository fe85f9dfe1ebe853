// Addresses of the deployment file at which something is reached: `https://HOST[:PORT][/PATH]`.
//
// One reading of an address, and none where two readers could differ: no user, no fragment, nothing
// outside of printable ASCII, no backslash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl {

struct WebAddress {
  std::string text;        // as written
  std::string host;        // in small letters, an IPv6 address without brackets
  std::uint16_t port = 0;  // the scheme's own where none is written
  bool encrypted = false;

  // `host:port`, an IPv6 address in brackets.
  std::string host_and_port() const;
  // A literal address, which needs no resolver: its author means this place.
  bool numeric() const;
  // This machine.
  bool here() const;
};

std::optional<WebAddress> parse_web_address(std::string_view text);

}  // namespace pawl
