#include "io/http/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pawl::http {
namespace {

constexpr std::array<std::string_view, 3> kLoopback{"localhost", "127.0.0.1", "[::1]"};

std::string_view without_port(std::string_view host) {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  if (bracket != std::string_view::npos && colon < bracket) return host;
  return host.substr(0, colon);
}

bool host_allowed(const Site& site, std::string_view host) {
  return std::ranges::any_of(site.hosts, [&](const std::string& allowed) {
    const bool any_port = without_port(allowed).size() == allowed.size();
    return same_ignoring_case(allowed, any_port ? without_port(host) : host);
  });
}

}  // namespace

Site loopback_site(std::uint16_t port) {
  Site site;
  for (const std::string_view name : kLoopback) {
    site.hosts.emplace_back(name);
    site.origins.push_back(fmt::format("http://{}:{}", name, port));
    site.origins.push_back(fmt::format("https://{}:{}", name, port));
  }
  return site;
}

std::optional<Refusal> check_site(const Site& site, const Request& request) {
  if (request.headers.count("host") != 1 || !host_allowed(site, *request.headers.find("host"))) {
    return Refusal{421, "this host is not served here"};
  }
  const auto origin = request.headers.find("origin");
  if (!origin) return std::nullopt;
  const bool allowed = request.headers.count("origin") == 1 && *origin != "null" &&
                       std::ranges::any_of(site.origins, [&](const std::string& one) {
                         return same_ignoring_case(one, *origin);
                       });
  if (allowed) return std::nullopt;
  return Refusal{403, "this origin may not ask"};
}

}  // namespace pawl::http
