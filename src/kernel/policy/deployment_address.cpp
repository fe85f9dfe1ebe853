// Addresses that requests of ours go to.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "kernel/policy/deployment_read.h"

namespace pawl {
namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::string_view host_characters = "abcdefghijklmnopqrstuvwxyz0123456789.-";
constexpr std::string_view address_characters = "0123456789abcdef:.";

bool only(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

// The host and the port of `[::1]:80` or `api.example`; false where it is none of the two.
bool read_authority(std::string_view text, ReachedHost& into) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    into.host = lower_ascii(text.substr(1, end - 1));
    if (!only(into.host, address_characters)) return false;
    text.remove_prefix(end + 1);
    if (!text.empty() && !text.starts_with(':')) return false;
    port = text;
  } else {
    const std::size_t colon = text.find(':');
    into.host = lower_ascii(text.substr(0, colon));
    if (!only(into.host, host_characters)) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  if (!only(port, "0123456789") || port.size() > 5) return false;
  const auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), into.port);
  return wrong == std::errc() && into.port != 0;
}

// One reading of an address, and none where two readers could differ: no user, no fragment, nothing
// outside of printable ASCII, no backslash.
bool read_address_of(std::string_view url, ReachedHost& into) {
  const bool encrypted = url.starts_with("https://");
  if (!encrypted && !url.starts_with("http://")) return false;
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
  if (!printable || url.size() > url_bytes_max || url.find_first_of("\\@#\"<>^`{|}") != url.npos) {
    return false;
  }
  url.remove_prefix(encrypted ? 8 : 7);
  into.port = encrypted ? 443 : 80;
  return read_authority(url.substr(0, url.find_first_of("/?")), into);
}

// Where nobody resolves a name: who writes such an address means this place.
bool is_numeric(const std::string& host) {
  return host.find(':') != std::string::npos || only(host, "0123456789.");
}

bool is_here(const std::string& host) {
  return host == "localhost" || host == "::1" || (is_numeric(host) && host.starts_with("127."));
}

}  // namespace

void read_url(DeploymentBuild& build, const yaml::Node& node, std::string_view what,
              ReachedHost& into) {
  const auto url = build.reading.text(node, what);
  if (!url) return;
  if (read_address_of(*url, into)) {
    into.url = *url;
  } else {
    build.reading.mistake(node.at,
                          "this is no address of a server: expected "
                          "`https://HOST/PATH`, without a user and without `#`");
  }
}

bool read_way(DeploymentBuild& build, const yaml::Entry& key, ReachedHost& into) {
  if (key.key == "private") {
    into.own_network = build.reading.boolean(key.value, "private").value_or(false);
  } else if (key.key == "ca") {
    into.ca = build.reading.text(key.value, "ca").value_or("");
  } else {
    return false;
  }
  return true;
}

void check_way(DeploymentBuild& build, const yaml::Node& node, std::string_view what,
               ReachedHost& into) {
  if (into.url.starts_with("http://") && !into.own_network && !is_here(into.host)) {
    build.reading.mistake(node.entry(what)->value.at,
                          "`http` is read by everybody on the way: expected `https`, or "
                          "`private: true` where the way is your own");
  }
  // Nobody resolves a number to anything else: who writes one means it.
  if (is_numeric(into.host) || is_here(into.host)) into.own_network = true;
}

bool take_url(std::string_view url, ReachedHost& into) {
  if (!read_address_of(url, into)) return false;
  into.url = url;
  return true;
}

}  // namespace pawl
