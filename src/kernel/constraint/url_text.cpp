#include "kernel/constraint/url_text.h"

#include <array>

#include "base/text.h"
#include "kernel/constraint/host_set.h"

namespace pawl {
namespace {

constexpr bool is_small(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_small(c) || (c >= 'A' && c <= 'Z');
}

// What may stand in a path, a query or a fragment without a percent sign.
constexpr std::array<bool, 256> plain_table() {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < 128; ++c) table[c] = is_alnum(static_cast<char>(c));
  for (char c : std::string_view("-._~!$&'()*+,;=:@/")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto plain_chars = plain_table();

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;  // small letters are not canonical
}

// Checks one escape; the canonical spelling has capitals and never escapes what needs none.
std::string_view check_escape(std::string_view rest) {
  const int high = rest.size() > 2 ? hex_value(rest[1]) : -1;
  const int low = rest.size() > 2 ? hex_value(rest[2]) : -1;
  if (high < 0 || low < 0) return "holds a percent sign without two capital hexadecimal digits";
  const char c = static_cast<char>(high << 4 | low);
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
    return "holds an escaped control character";
  if (c == '\\') return "holds an escaped backslash";
  if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
    return "escapes a character that needs no escape";
  }
  return {};
}

std::string_view check_plain(std::string_view text, bool question_marks) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (plain_chars[static_cast<unsigned char>(c)] || (question_marks && c == '?')) continue;
    if (c != '%') return "holds a character that an URL may not have";
    if (std::string_view wrong = check_escape(text.substr(i)); !wrong.empty()) return wrong;
    i += 2;
  }
  return {};
}

std::string_view check_path(std::string_view path) {
  if (std::string_view wrong = check_plain(path, false); !wrong.empty()) return wrong;
  for (std::size_t at = 0; at < path.size();) {
    std::size_t end = path.find('/', at + 1);
    if (end == std::string_view::npos) end = path.size();
    const std::string_view segment = path.substr(at + 1, end - at - 1);
    if (segment == "." || segment == "..") return "holds a `.` or `..` segment";
    at = end;
  }
  return {};
}

std::string_view check_behind(std::string_view behind, bool fragment) {
  const std::size_t hash = fragment ? std::string_view::npos : behind.find('#');
  if (std::string_view wrong = check_plain(behind.substr(0, hash), true); !wrong.empty()) {
    return wrong;
  }
  return hash == std::string_view::npos ? std::string_view{}
                                        : check_plain(behind.substr(hash + 1), true);
}

bool good_scheme(std::string_view scheme) {
  if (scheme.empty() || !is_small(scheme.front())) return false;
  for (char c : scheme) {
    if (!is_small(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

std::string_view default_port(std::string_view scheme) {
  if (scheme == "https" || scheme == "wss") return "443";
  if (scheme == "http" || scheme == "ws") return "80";
  if (scheme == "ftp") return "21";
  return {};
}

std::string_view read_authority(std::string_view authority, UrlParts& into) {
  if (authority.find('@') != std::string_view::npos) return "has a user name before its host";
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool ported =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  into.host = ported ? authority.substr(0, colon) : authority;
  into.port = ported ? authority.substr(colon + 1) : std::string_view{};
  if (!canonical_host(into.host)) return "has a host that is not in its canonical spelling";
  if (!ported) return {};
  if (into.port.empty() || into.port.front() == '0' || into.port.size() > 5 ||
      into.port.find_first_not_of("0123456789") != std::string_view::npos) {
    return "has a port that is not in its canonical spelling";
  }
  if (into.port == default_port(into.scheme)) return "names the port that its scheme has anyway";
  return {};
}

}  // namespace

std::string_view read_url(std::string_view text, UrlParts& into) {
  into = {};
  if (text.size() > url_bytes_max) return "is longer than an URL may be";
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !good_scheme(text.substr(0, colon))) {
    return "is not an URL with a scheme in lower case";
  }
  into.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  if (!rest.starts_with("//")) return "is not an URL with `//` and a host";
  rest.remove_prefix(2);
  const std::size_t end = rest.find_first_of("/?#");
  if (std::string_view wrong = read_authority(rest.substr(0, end), into); !wrong.empty()) {
    return wrong;
  }
  if (end == std::string_view::npos) return {};
  if (rest[end] != '/') return "has no slash between its host and its query";
  rest.remove_prefix(end);
  const std::size_t mark = rest.find_first_of("?#");
  into.path = rest.substr(0, mark);
  if (std::string_view wrong = check_path(into.path); !wrong.empty()) return wrong;
  if (mark == std::string_view::npos) return {};
  into.behind = rest.substr(mark + 1);
  return check_behind(into.behind, rest[mark] == '#');
}

}  // namespace pawl
