#include "lang/sql/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl::sql {

namespace {

constexpr std::size_t name_bytes_max = 63;  // PostgreSQL cuts longer ones

bool plain(std::string_view part) {
  const auto first = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto later = [&](char c) { return first(c) || (c >= '0' && c <= '9') || c == '$'; };
  return !part.empty() && first(part.front()) && std::ranges::all_of(part, later);
}

// Takes one part off the front of a name.
Result<std::string> take_part(std::string_view& rest) {
  if (rest.empty() || rest.front() != '"') {
    const std::string_view part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(part.size());
    if (!plain(part)) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is not a plain lower-case name: write it in "
                              "double quotes if it is spelled like this",
                              escape_untrusted(part)));
    }
    return std::string(part);
  }
  std::string part;
  for (rest.remove_prefix(1); !rest.empty(); rest.remove_prefix(1)) {
    if (rest.front() != '"') {
      part.push_back(rest.front());
    } else if (rest.size() > 1 && rest[1] == '"') {
      part.push_back('"');
      rest.remove_prefix(1);
    } else {
      rest.remove_prefix(1);
      return part;
    }
  }
  return fail(ErrorKind::invalid, "a quoted name has no end");
}

}  // namespace

std::string spell(std::span<const std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) {
    if (!out.empty()) out.push_back('.');
    if (plain(part)) {
      out.append(part);
      continue;
    }
    out.push_back('"');
    for (const char c : part) {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
    out.push_back('"');
  }
  return out;
}

Result<std::string> parse_name(std::string_view text) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  while (true) {
    Result<std::string> part = take_part(rest);
    if (!part) return part;
    if (part->empty() || part->size() > name_bytes_max) {
      return fail(ErrorKind::invalid, fmt::format("`{}`: a name has 1 to {} bytes",
                                                  escape_untrusted(text), name_bytes_max));
    }
    parts.push_back(*std::move(part));
    if (rest.empty()) break;
    if (rest.front() != '.' || parts.size() == 3) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is not a name of SQL", escape_untrusted(text)));
    }
    rest.remove_prefix(1);
  }
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return spell(views);
}

}  // namespace pawl::sql
