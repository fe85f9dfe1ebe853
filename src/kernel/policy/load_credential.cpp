// `credential`: one name for every call, or a name by an argument of the call.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

// How mistakes call the key, of an entry and of a server. Beside `of` stand values of the argument.
constexpr std::string_view kCredential = "credential";
constexpr std::string_view kOf = "of";

// A bundle was checked against the deployment file when it was made.
void check_defined(Build& build, const std::string& name, const Position& at) {
  const std::vector<std::string>& known = build.sources.credentials;
  if (build.any_credential || std::ranges::find(known, name) != known.end()) return;
  const std::string near = closest_match(name, known);
  build.reading.mistake(
      at, fmt::format("no credential `{}` of this role in the deployment file{}",
                      escape_untrusted(name),
                      near.empty() ? ": expected `credentials: {NAME: {env: VARIABLE}}` there"
                                   : fmt::format(": did you mean `{}`?", near)));
}

std::optional<std::string> read_name(Build& build, const yaml::Node& node) {
  auto name = build.reading.text(node, kCredential);
  if (name) check_defined(build, *name, node.at);
  return name;
}

void read_by_argument(Build& build, const yaml::Node& node, const std::string& path,
                      ToolRule& rule) {
  CredentialBy by;
  by.rule = {path + "/" + std::string(kCredential), node.at};
  build.reading.names(node, kCredential, [&](const yaml::Entry& key) {
    if (key.key == kOf) {
      if (auto argument = read_single_argument(build, key)) by.argument = std::move(*argument);
    } else if (auto name = read_name(build, key.value)) {
      by.values.emplace_back(key.key, std::move(*name));
    }
  });
  if (node.entry(kOf) == nullptr) {
    build.reading.mistake(node.at,
                          "`credential` by an argument has no `of`: expected "
                          "`{of: args.NAME, VALUE: CREDENTIAL}`");
  } else if (node.entries.size() == 1) {
    build.reading.mistake(node.at,
                          "`credential` by an argument names no value of it: expected "
                          "`VALUE: CREDENTIAL` beside `of`");
  }
  if (by.argument.empty() || by.values.empty()) return;
  std::ranges::sort(by.values);
  rule.credential_by = std::make_shared<const CredentialBy>(std::move(by));
}

}  // namespace

std::optional<ArgumentPath> read_single_argument(Build& build, const yaml::Entry& key) {
  const auto text = build.reading.text(key.value, key.key);
  if (!text) return std::nullopt;
  const auto path = text->starts_with("args.") ? parse_argument_path(text->substr(5))
                                               : fail(ErrorKind::invalid, "no argument");
  if (path && std::ranges::none_of(*path, [](const Step& s) { return s.each; })) return *path;
  build.reading.mistake(key.value.at, fmt::format("`{}` must be one argument, such as "
                                                  "`args.context`, found `{}`",
                                                  key.key, escape_untrusted(*text)));
  return std::nullopt;
}

void read_credential(Build& build, const yaml::Node& node, const std::string& path,
                     ToolRule& rule) {
  if (node.is_map()) {
    read_by_argument(build, node, path, rule);
  } else if (auto name = read_name(build, node)) {
    rule.credential = std::move(*name);
  }
}

}  // namespace pawl
