// `args`: one rule per argument (rule 6).
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

// All checks of one argument belong into one rule, so a path may be written once.
const ArgumentRule* same_path(const ToolRule& rule, const ArgumentPath& path) {
  const std::string text = to_string(path);
  for (const ArgumentRule& other : rule.arguments) {
    if (other.plural.empty() && to_string(other.path) == text) return &other;
  }
  return nullptr;
}

// A list means `in`, a scalar equality.
void read_plain(Build& build, const yaml::Entry& key, ArgumentRule& argument) {
  Check check = check_of(CheckKind::in, argument.rule.path, argument.rule.at);
  check.values = build.lists.literals(build.reading, key.value, key.key);
  if (!check.values.empty()) add_check(build, argument, std::move(check), key.value.at);
}

// How mistakes call the mapping, also where it stands for something else, as in `if` and `json`.
constexpr std::string_view kArgs = "args";

void read_argument(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  const auto parsed = parse_argument_path(key.key);
  if (!parsed) {
    build.reading.mistake(key.key_at, parsed.error().message);
    return;
  }
  ArgumentRule argument;
  argument.path = *parsed;
  argument.rule = {path + "/" + key.key, key.key_at};
  if (const ArgumentRule* other = same_path(rule, argument.path)) {
    build.reading.mistake(key.key_at,
                          fmt::format("the argument `{}` is there twice; the first is in line {}",
                                      escape_untrusted(key.key), other->rule.at.line));
    return;
  }
  switch (key.value.kind) {
    case yaml::Kind::map:
      if (key.value.entries.empty()) {
        build.reading.mistake(key.value.at,
                              fmt::format("`{}` says nothing", escape_untrusted(key.key)));
      }
      read_checks(build, key.value, argument);
      break;
    case yaml::Kind::scalar:
    case yaml::Kind::sequence:
      read_plain(build, key, argument);
      break;
    case yaml::Kind::null:
      build.reading.mistake(key.value.at,
                            fmt::format("`{}` has no value: expected a value, a list or a mapping "
                                        "of checks",
                                        escape_untrusted(key.key)));
      break;
  }
  if (!argument.path.empty()) rule.named.push_back(argument.path.front().name);
  rule.arguments.push_back(std::move(argument));
}

}  // namespace

void read_arguments(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  build.reading.names(key.value, kArgs, [&](const yaml::Entry& argument) {
    read_argument(build, argument, path, rule);
  });
}

}  // namespace pawl
