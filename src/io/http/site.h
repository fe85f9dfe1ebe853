// Whom a request may be for, and which pages may send one.
// A page in a person's browser can reach a port of this machine under a name that its author
// controls (DNS rebinding). Then `Host` is that name, and `Origin` that page: neither is on our
// list. A client that is not a browser sends no `Origin`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/http/message.h"

namespace pawl::http {

struct Site {
  // `gate.example`, `127.0.0.1`, `[::1]`: any port; `gate.example:8443`: this one.
  std::vector<std::string> hosts;
  // `https://console.example`: scheme, host and port as browsers write them, nothing less.
  // `null`, which a sandboxed page sends, is never one.
  std::vector<std::string> origins;
};

// The names of this machine for itself: `localhost`, `127.0.0.1`, `[::1]`, and the same as origins
// at that port.
Site loopback_site(std::uint16_t port);

// Nothing where the request may be served; 421 for a wrong host, 403 for a wrong origin.
std::optional<Refusal> check_site(const Site& site, const Request& request);

}  // namespace pawl::http
