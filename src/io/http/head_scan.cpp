#include "io/http/head_scan.h"

#include <algorithm>
#include <cstring>

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
    if (!checked) return std::unexpected(checked.error());
    if (++lines > limits.header_count_max + 1) return refuse(431, "there are too many headers");
    bytes.remove_prefix(end + 2);
  }
  if (lines == 0) return refuse(400, "the request has no request line");
  return lines - 1;
}

std::expected<Head, Refusal> read_head(std::string_view bytes, const ServerLimits& limits) {
  const std::expected<std::size_t, Refusal> fields = scan_head(bytes, limits);
  if (!fields) return std::unexpected(fields.error());
  std::expected<Head, Refusal> head = parse_head(bytes, *fields);
  if (!head) return head;
  const std::expected<void, Refusal> judged = judge_framing(*head, limits);
  if (!judged) return std::unexpected(judged.error());
  return head;
}

}  // namespace pawl::http
