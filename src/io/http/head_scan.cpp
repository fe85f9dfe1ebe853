#include "io/http/head_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <boost/beast/http/basic_parser.hpp>

#include "base/text.h"

namespace pawl::http {
namespace {

// A field line without its end.
std::expected<void, Refusal> check_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    return refuse(400, "a header field is folded over several lines");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header line has no colon");
  if (!is_token(line.substr(0, colon))) {
    return refuse(400, "the name of a header field has a character that names cannot have");
  }
  if (!is_field_value(line.substr(colon + 1))) {
    return refuse(400, "a header field holds a control character");
  }
  return {};
}

// METHOD SP TARGET SP HTTP/1.x
std::expected<void, Refusal> check_request_line(std::string_view line, const ServerLimits& limits) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos) {
    return refuse(400, "the request line is not a method, a target and a version");
  }
  const std::string_view target = line.substr(first + 1, second - first - 1);
  if (!is_token(line.substr(0, first))) return refuse(400, "the method is not a name");
  if (target.empty()) return refuse(400, "the request line has no target");
  if (target.size() > limits.target_bytes_max) return refuse(414, "the target is too long");
  const bool visible =
      std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (!visible) return refuse(400, "the target has a character that targets cannot have");
  const std::string_view version = line.substr(second + 1);
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return {};
  const bool known = version.starts_with("HTTP/") && version.size() <= 8;
  return refuse(known ? 505 : 400, "the version is not HTTP/1.1");
}

}  // namespace

std::expected<std::size_t, Refusal> head_end(std::string_view bytes, std::size_t seen) {
  std::size_t at = seen;
  while (at < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) return 0;
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (end == 0 || bytes[end - 1] != '\r') {
      return refuse(400, "a header line does not end in CR LF");
    }
    if (end == 1) return refuse(400, "the request begins with an empty line");
    if (end >= 3 && bytes[end - 2] == '\n') return end + 1;
    at = end + 1;
  }
  return 0;
}

std::expected<std::size_t, Refusal> scan_head(std::string_view bytes, const ServerLimits& limits) {
  std::size_t lines = 0;
  while (bytes != "\r\n") {
    const std::size_t end = bytes.find("\r\n");
    // A carriage return elsewhere is a control character of its line.
    if (end == std::string_view::npos) return refuse(400, "the header has no end");
    const std::string_view line = bytes.substr(0, end);
    if (line.empty()) return refuse(400, "the header goes on after its end");
    const auto checked = lines == 0 ? check_request_line(line, limits) : check_field(line);
    PAWL_TRY(checked);
    if (++lines > limits.header_count_max + 1) return refuse(431, "there are too many headers");
    bytes.remove_prefix(end + 2);
  }
  if (lines == 0) return refuse(400, "the request has no request line");
  return lines - 1;
}

std::expected<Head, Refusal> read_head(std::string_view bytes, const ServerLimits& limits) {
  const std::expected<std::size_t, Refusal> fields = scan_head(bytes, limits);
  PAWL_TRY(fields);
  std::expected<Head, Refusal> head = parse_head(bytes, *fields);
  if (!head) return head;
  const std::expected<void, Refusal> judged = judge_framing(*head, limits);
  PAWL_TRY(judged);
  return head;
}

// The only file that sees Boost.Beast: its parser costs more to compile than the rest of the room.

namespace {

namespace beast = boost::beast;
using beast::error_code;
using Text = beast::string_view;

std::string_view view(Text text) {
  return {text.data(), text.size()};
}

// Takes one head. What Beast would do with a body is never asked: it is not eager, and the bytes
// end where the head does.
class Reader final : public beast::http::basic_parser<true> {
 public:
  explicit Reader(Head& head) : head_(head) {}
  std::size_t fields() const { return head_.request.headers.size(); }

 private:
  void on_request_impl(beast::http::verb /*method*/, Text method, Text target, int version,
                       error_code& error) override {
    head_.request.method = view(method);
    head_.request.target = view(target);
    head_.http10 = version == 10;
    if (version != 10 && version != 11) error = beast::http::error::bad_version;
  }
  void on_field_impl(beast::http::field /*name*/, Text name, Text value,
                     error_code& /*error*/) override {
    head_.request.headers.add(view(name), view(value));
  }
  void on_header_impl(error_code& /*error*/) override {}
  void on_response_impl(int /*code*/, Text /*reason*/, int /*version*/,
                        error_code& error) override {
    error = beast::http::error::bad_version;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*bytes*/,
                         error_code& /*error*/) override {}
  std::size_t on_body_impl(Text body, error_code& /*error*/) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t /*bytes*/, Text /*extensions*/,
                            error_code& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*left*/, Text body,
                                 error_code& /*error*/) override {
    return body.size();
  }
  void on_finish_impl(error_code& /*error*/) override {}

  Head& head_;
};

}  // namespace

std::expected<Head, Refusal> parse_head(std::string_view bytes, std::size_t fields) {
  Head head;
  head.request.headers.reserve(bytes.size(), fields);
  Reader reader(head);
  // Our own bounds have been kept before; Beast's must not be smaller.
  reader.header_limit(static_cast<std::uint32_t>(bytes.size()) + 1);
  reader.body_limit(boost::none);
  error_code error;
  const std::size_t used = reader.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  // Two readers of the same bytes: where they differ, one of them would be wrong.
  if (error || !reader.is_header_done() || used != bytes.size() || reader.fields() != fields) {
    return refuse(400, "the header cannot be read");
  }
  return head;
}

// Where a request ends, and whom it is for.

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
  PAWL_TRY(judge_single(request.headers));
  const auto host = request.headers.find("host");
  if (!host || !is_host(*host)) return refuse(400, "the Host field is missing or not a host");
  PAWL_TRY(judge_target(request, *host));
  PAWL_TRY(judge_length(head, limits));
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
