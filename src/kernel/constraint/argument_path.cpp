#include "kernel/constraint/argument_path.h"

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/constraint/constraint.h"

namespace pawl {
namespace {

constexpr std::size_t shown_bytes_max = 64;

bool equal_without_case(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto small = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    if (small(a[i]) != small(b[i])) return false;
  }
  return true;
}

// Inline, because the names of a call are compared with all names of a policy.
bool plain(std::string_view text) {
  unsigned char bits = 0;
  for (char c : text) bits |= static_cast<unsigned char>(c);
  return bits < 0x80;
}

std::unexpected<Error> bad_path(std::string_view text, std::string_view why) {
  return fail(ErrorKind::invalid,
              fmt::format("`{}` is not the path of an argument: {}", escape_untrusted(text), why));
}

}  // namespace

bool near_name(std::string_view a, std::string_view b) {
  if (a == b) return false;
  // Names are short and nearly always of different lengths: that is asked for before anything else.
  if (a.size() == b.size() && plain(a) && plain(b)) return equal_without_case(a, b);
  if (plain(a) && plain(b)) return false;
  return fold(a) == fold(b);
}

std::string shown_name(std::string_view name) {
  std::string out = escape_untrusted(name.substr(0, shown_bytes_max));
  for (char& c : out) {
    if (c == '`') c = '\'';
  }
  if (name.size() > shown_bytes_max) out += "...";
  return out;
}

Result<ArgumentPath> parse_argument_path(std::string_view text) {
  if (text.empty()) return fail(ErrorKind::invalid, "the path of an argument is empty");
  ArgumentPath out;
  for (std::string_view left = text;;) {
    const auto [name, behind, fault] = first_step(left);
    std::string_view rest = behind;
    if (!fault.empty()) return bad_path(text, fault);
    if (name.empty()) return bad_path(text, "a name is missing");
    if (name.size() > argument_bytes_max) return bad_path(text, "a name is too long");
    if (has_hidden_characters(name)) return bad_path(text, "it holds hidden characters");
    if (trim(name) != name) return bad_path(text, "a name begins or ends with a blank");
    out.push_back({std::string(name), false});
    while (rest.starts_with("[]")) {
      out.push_back({{}, true});
      rest.remove_prefix(2);
    }
    if (!rest.empty() && rest.front() != '.') {
      return bad_path(text, "after a name only `[]` may stand");
    }
    if (out.size() > path_steps_max) {
      return bad_path(text, fmt::format("it has more than {} steps", path_steps_max));
    }
    if (rest.empty()) return out;
    left = rest.substr(1);
  }
}

FirstStep first_step(std::string_view path) {
  constexpr std::string_view quote = "['", unquote = "']";
  if (path.starts_with(quote)) {
    const std::size_t end = path.find(unquote, quote.size());
    if (end == std::string_view::npos) return {{}, {}, "a `['` without its `']`"};
    return {path.substr(quote.size(), end - quote.size()), path.substr(end + unquote.size()), {}};
  }
  std::size_t at = 0;
  while (at < path.size() && path[at] != '.') {
    if (path[at] == ']') return {{}, {}, "a `]` without its `[`"};
    if (path[at] != '[') {
      ++at;
      continue;
    }
    const std::size_t end = path.find(']', at);
    if (end == std::string_view::npos) return {{}, {}, "a `[` without its `]`"};
    const std::string_view inside = path.substr(at + 1, end - at - 1);
    if (inside.empty()) break;
    // Elements are not told apart: this is meant as something that there is not.
    if (inside.find_first_not_of("0123456789*") == std::string_view::npos) {
      return {{}, {}, "after a name only `[]` may stand"};
    }
    at = end + 1;
  }
  return {path.substr(0, at), path.substr(at), {}};
}

std::string step_text(std::string_view name) {
  if (name.find_first_of(".[]") == std::string_view::npos) return std::string(name);
  const FirstStep step = first_step(name);
  const bool plain = step.fault.empty() && step.name == name;
  return plain ? std::string(name) : "['" + std::string(name) + "']";
}

bool names_whole(std::string_view named, std::string_view argument) {
  if (named.find_first_of(".[") == std::string_view::npos) return named == argument;
  const FirstStep step = first_step(named);
  return step.fault.empty() && step.rest.empty() && step.name == argument;
}

bool names_inside(std::string_view named, std::string_view argument) {
  if (named.find_first_of(".[") == std::string_view::npos) return false;
  const FirstStep step = first_step(named);
  return step.fault.empty() && !step.rest.empty() && step.name == argument;
}

std::string to_string(const ArgumentPath& path) {
  std::string out;
  for (const Step& step : path) {
    if (step.each) {
      out += "[]";
      continue;
    }
    if (!out.empty()) out += '.';
    out += step_text(step.name);
  }
  return out;
}

}  // namespace pawl
