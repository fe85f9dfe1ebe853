#include "io/issue/challenge.h"

#include <algorithm>
#include <utility>

#include "io/http/headers.h"

namespace pawl::issue {
namespace {

struct ChallengeReader {
  std::string_view rest;

  void skip(std::string_view those) {
    rest.remove_prefix(std::min(rest.find_first_not_of(those), rest.size()));
  }
  std::string_view token() {
    std::size_t length = 0;
    while (length < rest.size() && http::is_token(rest.substr(length, 1))) ++length;
    const std::string_view found = rest.substr(0, length);
    rest.remove_prefix(length);
    return found;
  }
  // Behind its first quote; nothing where the last one is missing.
  std::optional<std::string> quoted() {
    std::string text;
    while (!rest.empty() && rest[0] != '"') {
      if (rest[0] == '\\') rest.remove_prefix(1);
      if (rest.empty()) return std::nullopt;
      text += rest[0];
      rest.remove_prefix(1);
    }
    if (rest.empty()) return std::nullopt;
    rest.remove_prefix(1);
    return text;
  }
  // What stands behind `=`. The padding of a token68 is an empty value.
  std::optional<std::string> value() {
    skip(" \t");
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      return quoted();
    }
    std::string text(token());
    if (text.empty()) skip("=");
    return text;
  }
};

// False: it stands there twice.
bool take_once(std::string& into, bool& taken, std::string value) {
  into = std::move(value);
  return !std::exchange(taken, true);
}

}  // namespace

std::optional<BearerChallenge> bearer_challenge(std::string_view field) {
  ChallengeReader reader{field};
  BearerChallenge found;
  bool ours = false, seen = false, metadata = false, scope = false;
  for (reader.skip(" \t,"); !reader.rest.empty(); reader.skip(" \t,")) {
    const std::string_view name = reader.token();
    if (name.empty()) return std::nullopt;
    reader.skip(" \t");
    if (!reader.rest.starts_with('=')) {
      ours = http::same_ignoring_case(name, "bearer");
      if (ours && std::exchange(seen, true)) return std::nullopt;
      continue;
    }
    reader.rest.remove_prefix(1);
    auto value = reader.value();
    if (!value) return std::nullopt;
    if (!ours) continue;
    bool once = true;
    if (http::same_ignoring_case(name, "resource_metadata")) {
      once = take_once(found.metadata, metadata, *std::move(value));
    } else if (http::same_ignoring_case(name, "scope")) {
      once = take_once(found.scope, scope, *std::move(value));
    }
    if (!once) return std::nullopt;
  }
  if (!seen) return std::nullopt;
  return found;
}

}  // namespace pawl::issue
