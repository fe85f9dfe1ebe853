#include "kernel/deployment/web_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t web_address_bytes_max = 2048;
constexpr std::string_view host_characters = "abcdefghijklmnopqrstuvwxyz0123456789.-";
constexpr std::string_view address_characters = "0123456789abcdef:.";

bool has_only(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

// The host and the port of `[::1]:80` or `api.example`; false where it is neither.
bool read_authority(std::string_view text, WebAddress& into) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    into.host = lower_ascii(text.substr(1, end - 1));
    if (!has_only(into.host, address_characters)) return false;
    text.remove_prefix(end + 1);
    if (!text.empty() && !text.starts_with(':')) return false;
    port = text;
  } else {
    const std::size_t colon = text.find(':');
    into.host = lower_ascii(text.substr(0, colon));
    if (!has_only(into.host, host_characters)) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  if (!has_only(port, "0123456789") || port.size() > 5) return false;
  const auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), into.port);
  return wrong == std::errc() && into.port != 0;
}

}  // namespace

std::optional<WebAddress> parse_web_address(std::string_view text) {
  WebAddress address;
  address.encrypted = text.starts_with("https://");
  if (!address.encrypted && !text.starts_with("http://")) return std::nullopt;
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (!printable || text.size() > web_address_bytes_max ||
      text.find_first_of("\\@#\"<>^`{|}") != text.npos) {
    return std::nullopt;
  }
  address.text = std::string(text);
  address.port = address.encrypted ? 443 : 80;
  text.remove_prefix(address.encrypted ? 8 : 7);
  if (!read_authority(text.substr(0, text.find_first_of("/?")), address)) return std::nullopt;
  return address;
}

std::string WebAddress::host_and_port() const {
  const bool bare = host.find(':') == std::string::npos;
  return bare ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

bool WebAddress::numeric() const {
  return host.find(':') != std::string::npos || has_only(host, "0123456789.");
}

bool WebAddress::here() const {
  return host == "localhost" || host == "::1" || (numeric() && host.starts_with("127."));
}

}  // namespace pawl
