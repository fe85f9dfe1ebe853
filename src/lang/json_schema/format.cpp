#include "lang/json_schema/format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace pawl::json_schema {
namespace {

constexpr std::size_t mailbox_bytes_max = 64;
constexpr std::size_t host_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool one_of(char c, std::string_view marks) {
  return marks.find(c) != std::string_view::npos;
}

// Takes exactly `count` digits off the front.
std::optional<int> number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}
bool take(std::string_view& text, char mark) {
  if (text.empty() || text.front() != mark) return false;
  text.remove_prefix(1);
  return true;
}

int days_in(int year, int month) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

bool take_date(std::string_view& text) {
  const auto year = number(text, 4);
  if (!year || !take(text, '-')) return false;
  const auto month = number(text, 2);
  if (!month || *month < 1 || *month > 12 || !take(text, '-')) return false;
  const auto day = number(text, 2);
  return day && *day >= 1 && *day <= days_in(*year, *month);
}

// Minutes east of UTC.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return 0;
  const bool east = take(text, '+');
  if (!east && !take(text, '-')) return std::nullopt;
  const auto hours = number(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return east ? offset : -offset;
}

bool take_time(std::string_view& text) {
  const auto hour = number(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return false;
  const auto minute = number(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return false;
  const auto second = number(text, 2);
  if (!second || *second > 60) return false;
  if (take(text, '.')) {
    if (text.empty() || !is_digit(text.front())) return false;
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  }
  const auto offset = take_offset(text);
  if (!offset) return false;
  constexpr int day = 24 * 60;
  const int utc = ((*hour * 60 + *minute - *offset) % day + day) % day;
  return *second < 60 || utc == day - 1;
}

bool is_date(std::string_view text) {
  return take_date(text) && text.empty();
}
bool is_time(std::string_view text) {
  return take_time(text) && text.empty();
}
bool is_date_time(std::string_view text) {
  if (!take_date(text)) return false;
  if (!take(text, 'T') && !take(text, 't')) return false;
  return is_time(text);
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > host_bytes_max) return false;
  while (true) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, end);
    if (label.empty() || label.size() > label_bytes_max) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    const auto allowed = [](char c) { return letter(c) || is_digit(c) || c == '-'; };
    if (!std::ranges::all_of(label, allowed)) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > mailbox_bytes_max) return false;
  const std::string_view local = text.substr(0, at);
  if (local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  const auto allowed = [](char c) {
    return letter(c) || is_digit(c) || one_of(c, "!#$%&'*+-/=?^_`{|}~.");
  };
  return std::ranges::all_of(local, allowed) && is_hostname(text.substr(at + 1));
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !take(text, '.')) return false;
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == 0 || digits > 3 || (digits > 1 && text.front() == '0')) return false;
    if (*number(text, digits) > 255) return false;
  }
  return text.empty();
}

// Groups of a part between `::`s; nothing where one is malformed. The last may be an IPv4 address.
std::optional<int> groups(std::string_view text, bool at_end) {
  int count = 0;
  if (text.empty()) return count;
  while (true) {
    const std::size_t end = text.find(':');
    const std::string_view group = text.substr(0, end);
    if (end == std::string_view::npos && at_end && is_ipv4(group)) return count + 2;
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, hex)) return std::nullopt;
    ++count;
    if (end == std::string_view::npos) return count;
    text.remove_prefix(end + 1);
  }
}

bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return groups(text, true) == 8;
  const auto front = groups(text.substr(0, gap), false);
  const auto back = groups(text.substr(gap + 2), true);
  return front && back && *front + *back <= 7;
}

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !letter(text.front())) return false;
  const auto in_scheme = [](char c) { return letter(c) || is_digit(c) || one_of(c, "+-."); };
  if (!std::ranges::all_of(text.substr(0, colon), in_scheme)) return false;
  const std::string_view rest = text.substr(colon + 1);
  const std::size_t authority_end =
      rest.starts_with("//") ? std::min(rest.find_first_of("/?#", 2), rest.size()) : 0;
  bool fragment = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '%') {
      if (i + 2 >= rest.size() || !hex(rest[i + 1]) || !hex(rest[i + 2])) return false;
      i += 2;
      continue;
    }
    const bool host_bracket = one_of(c, "[]") && i < authority_end;
    const bool second_hash = c == '#' && std::exchange(fragment, true);
    if (second_hash) return false;
    if (!letter(c) && !is_digit(c) && !one_of(c, "-._~:/?#@!$&'()*+,;=") && !host_bracket) {
      return false;
    }
  }
  return true;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !hex(text[i])) return false;
  }
  return true;
}

struct Row {
  Format format;
  std::string_view name;
  bool (*holds)(std::string_view);
};
constexpr auto formats = std::to_array<Row>({
    {Format::date_time, "date-time", is_date_time},
    {Format::date, "date", is_date},
    {Format::time, "time", is_time},
    {Format::email, "email", is_email},
    {Format::hostname, "hostname", is_hostname},
    {Format::ipv4, "ipv4", is_ipv4},
    {Format::ipv6, "ipv6", is_ipv6},
    {Format::uri, "uri", is_uri},
    {Format::uuid, "uuid", is_uuid},
});

const Row& row_of(Format format) {
  return formats[static_cast<std::size_t>(format)];
}

}  // namespace

std::string_view to_string(Format format) {
  return row_of(format).name;
}

std::optional<Format> format_named(std::string_view name) {
  for (const Row& row : formats) {
    if (row.name == name) return row.format;
  }
  return std::nullopt;
}

bool has_format(Format format, std::string_view text) {
  return row_of(format).holds(text);
}

}  // namespace pawl::json_schema
