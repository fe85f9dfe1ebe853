// Where a request ends, and whom it is for.

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "io/http/head_scan.h"

namespace pawl::http {
namespace {

constexpr std::size_t kHostBytesMax = 255 + 6;  // a name, a colon and a port

// Fields of which a second one could be read instead of the first.
constexpr auto kSingle =
    std::to_array<std::string_view>({"host", "content-length", "transfer-encoding", "content-type",
                                     "authorization", "origin", "expect"});

// `name`, `name:port`, `[address]`, `[address]:port`.
bool is_host(std::string_view text) {
  if (text.empty() || text.size() > kHostBytesMax) return false;
  std::size_t end = 0;
  if (text.front() == '[') {
    end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view inside = text.substr(1, end - 1);
    if (inside.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
      return false;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, end);
    const bool plain = std::ranges::all_of(name, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '-' || c == '.' || c == '_';
    });
    if (name.empty() || !plain) return false;
  }
  if (end == text.size()) return true;
  return text[end] == ':' && text.size() - end <= 6 && all_digits(text.substr(end + 1));
}

// Some servers take `_` for `-`: `Content_Length` could be the length that they see.
bool disguised(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string plain(name);
  std::ranges::replace(plain, '_', '-');
  return std::ranges::find(kSingle, plain) != kSingle.end();
}

std::expected<void, Refusal> judge_single(const Headers& headers) {
  std::array<bool, kSingle.size()> seen{};
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string_view name = headers[i].name;
    if (disguised(name)) return refuse(400, "the name of a header field has an underscore");
    const auto* single = std::ranges::find(kSingle, name);
    if (single == kSingle.end()) continue;
    bool& twice = seen[static_cast<std::size_t>(single - kSingle.begin())];
    if (twice) return refuse(400, "a header field that may stand once stands twice");
    twice = true;
  }
  return {};
}

// An absolute target has to name the host that `Host` names; what is left begins with a slash.
std::expected<void, Refusal> judge_target(Request& request, std::string_view host) {
  std::string& target = request.target;
  if (target.front() == '/') return {};
  if (target == "*" && request.method == "OPTIONS") return {};
  const std::size_t scheme = target.find("://");
  const std::string_view start = std::string_view(target).substr(0, scheme);
  if (scheme == std::string::npos ||
      (!same_ignoring_case(start, "http") && !same_ignoring_case(start, "https"))) {
    return refuse(400, "the target does not begin with a slash");
  }
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  if (!same_ignoring_case(std::string_view(target).substr(begin, end - begin), host)) {
    return refuse(400, "the target names another host than the Host field");
  }
  const std::string rest = target.substr(end);
  target = rest.starts_with('/') ? rest : "/" + rest;
  return {};
}

std::expected<void, Refusal> judge_length(Head& head, const ServerLimits& limits) {
  const Headers& headers = head.request.headers;
  const auto coding = headers.find("transfer-encoding");
  const auto length = headers.find("content-length");
  if (coding && length) return refuse(400, "the request has a length and a transfer coding");
  if (coding) {
    if (head.http10) return refuse(400, "HTTP/1.0 has no transfer coding");
    if (!same_ignoring_case(*coding, "chunked")) {
      return refuse(501, "the transfer coding is not `chunked`");
    }
    head.framing.kind = Framing::Kind::chunked;
  }
  if (length) {
    // Nineteen digits fit; more, and signs, blanks and lists, could be read in a second way.
    if (!all_digits(*length) || length->size() > 19) {
      return refuse(400, "the content length is not a number");
    }
    std::from_chars(length->data(), length->data() + length->size(), head.framing.body_bytes);
    if (head.framing.body_bytes > limits.body_bytes_max) {
      return refuse(413, "the body is too long");
    }
    if (head.framing.body_bytes > 0) head.framing.kind = Framing::Kind::length;
  }
  const bool body = head.framing.kind != Framing::Kind::none;
  if (body && (head.request.method == "GET" || head.request.method == "HEAD")) {
    return refuse(400, "a request of this method has no body");
  }
  return {};
}

// Whether a list such as `keep-alive, Upgrade` has the word.
bool lists(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    std::string_view one = value.substr(0, comma);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (same_ignoring_case(one, word)) return true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return false;
}

}  // namespace

std::expected<void, Refusal> judge_framing(Head& head, const ServerLimits& limits) {
  Request& request = head.request;
  if (request.method == "CONNECT" || request.method == "TRACE") {
    return refuse(501, "this method is not served");
  }
  if (auto single = judge_single(request.headers); !single) return single;
  const auto host = request.headers.find("host");
  if (!host || !is_host(*host)) return refuse(400, "the Host field is missing or not a host");
  if (auto target = judge_target(request, *host); !target) return target;
  if (auto length = judge_length(head, limits); !length) return length;
  if (const auto expect = request.headers.find("expect")) {
    if (!same_ignoring_case(*expect, "100-continue")) {
      return refuse(417, "the expectation is not `100-continue`");
    }
    head.expects = !head.http10 && head.framing.kind != Framing::Kind::none;
  }
  head.last = head.http10;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const Header header = request.headers[i];
    if (header.name == "connection" && lists(header.value, "close")) head.last = true;
  }
  return {};
}

}  // namespace pawl::http
