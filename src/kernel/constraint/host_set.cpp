#include "kernel/constraint/host_set.h"

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/constraint/address.h"

namespace pawl {
namespace {

constexpr std::size_t host_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z');
}

bool good_label(std::string_view label) {
  if (label.empty() || label.size() > label_bytes_max) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  for (char c : label) {
    // Names of services and old machines have underscores, and resolvers take them.
    if (!is_letter_or_digit(c) && c != '-' && c != '_') return false;
  }
  return true;
}

// What the address parsers of browsers and C libraries take for a number.
bool numeric_label(std::string_view label) {
  if (label.starts_with("0x")) {
    return label.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
  }
  return label.find_first_not_of("0123456789") == std::string_view::npos;
}

bool good_port(std::string_view port) {
  if (port.empty() || port.size() > 5 || port.front() == '0') return false;
  unsigned value = 0;
  for (char c : port) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

bool has_punycode(std::string_view host) {
  return host.starts_with("xn--") || host.find(".xn--") != std::string_view::npos;
}

// Cuts `host:port`; the port is empty where there is none. Colons inside brackets do not count.
std::pair<std::string_view, std::string_view> cut_port(std::string_view entry) {
  const std::size_t bracket = entry.rfind(']');
  const std::size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos) return {entry, {}};
  if (bracket != std::string_view::npos && colon < bracket) return {entry, {}};
  return {entry.substr(0, colon), entry.substr(colon)};
}

}  // namespace

bool canonical_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > host_bytes_max) return false;
  std::string_view rest = domain;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (!good_label(label)) return false;
    if (dot == std::string_view::npos) return !numeric_label(label);
    rest.remove_prefix(dot + 1);
  }
}

bool canonical_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    const auto address = parse_address(host.substr(1, host.size() - 2));
    return address && address->six;
  }
  if (canonical_domain(host)) return true;
  const auto address = parse_address(host);
  return address && !address->six;
}

Result<HostSet> HostSet::make(std::span<const std::string> entries, Entries kind) {
  const bool domains = kind == Entries::domains;
  const std::string_view noun = domains ? "domain" : "host";
  HostSet out;
  if (entries.empty())
    return fail(ErrorKind::invalid, fmt::format("the list of {}s is empty", noun));
  for (const std::string& written : entries) {
    const std::string entry = lower_ascii(written);
    const auto [host, colon_port] = cut_port(entry);
    const bool below = host.starts_with("*.");
    const std::string_view name = below ? host.substr(2) : host;
    const bool named = domains || below ? canonical_domain(name) : canonical_host(name);
    const bool ported = colon_port.empty() || (!domains && good_port(colon_port.substr(1)));
    if (!named || !ported) {
      return fail(
          ErrorKind::invalid,
          fmt::format("`{}` is not a {}: expected a name like `docs.example` or `*.example`",
                      escape_untrusted(written), noun));
    }
    out.ports_ = out.ports_ || !colon_port.empty();
    (below ? out.below_ : out.exact_).insert(below ? entry.substr(1) : entry);
  }
  return out;
}

bool HostSet::contains(std::string_view host, std::string_view port) const {
  if (!port.empty() && !ports_) return false;
  std::string joined;
  if (!port.empty()) joined = fmt::format("{}:{}", host, port);
  const std::string_view wanted = port.empty() ? host : std::string_view(joined);
  if (exact_.contains(wanted)) return true;
  if (below_.empty() || has_punycode(host)) return false;
  for (std::size_t dot = host.find('.'); dot != std::string_view::npos;
       dot = host.find('.', dot + 1)) {
    if (below_.contains(wanted.substr(dot))) return true;
  }
  return false;
}

}  // namespace pawl
