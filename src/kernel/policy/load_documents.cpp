// Documents inside of texts: `manifest`, `json`; and `k8s_kind`.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/policy/build.h"
#include "lang/document/manifest.h"

namespace pawl {
namespace {}  // namespace

std::vector<std::string> texts_of(Build& build, const yaml::Entry& key) {
  std::vector<std::string> out;
  for (Placed& text : build.lists.texts(build.reading, key.value, key.key)) {
    out.push_back(std::move(text.text));
  }
  return out;
}

void read_manifest(Build& build, const yaml::Entry& key, ArgumentRule& argument) {
  document::ManifestRule rule;
  const bool read = build.reading.keys(key.value, Section::manifest, [&](const yaml::Entry& one) {
    if (one.key == "kinds") {
      rule.kinds = texts_of(build, one);
    } else if (one.key == "namespaces") {
      rule.namespaces = texts_of(build, one);
    } else if (one.key == "deny") {
      rule.denies = texts_of(build, one);
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  build.reading.missing(key.value, Section::manifest, "kinds");
  if (key.value.entry("kinds") == nullptr) return;
  Check check = check_of(CheckKind::manifest, argument.rule.path + "/manifest", key.key_at);
  check.manifest = std::make_shared<const document::ManifestRule>(std::move(rule));
  add_check(build, argument, std::move(check), key.value.at);
}

void read_json(Build& build, const yaml::Entry& key, ArgumentRule& argument) {
  ToolRule inner;
  read_arguments(build, key, argument.rule.path + "/json", inner);
  for (const ArgumentRule& rule : inner.arguments) {
    for (const Check& check : rule.checks) {
      // What these compare is found out about a call's own arguments only.
      if (check.kind != CheckKind::path && check.kind != CheckKind::sql) continue;
      build.reading.mistake(check.rule.at, fmt::format("`{}` inside of `json` is not enforced by "
                                                       "this version, so it is refused",
                                                       to_string(check.kind)));
    }
  }
  if (inner.arguments.empty()) return;  // reported
  Check check = check_of(CheckKind::json, argument.rule.path + "/json", key.key_at);
  check.members = std::make_shared<const std::vector<ArgumentRule>>(std::move(inner.arguments));
  add_check(build, argument, std::move(check), key.value.at);
}

void read_kinds(Build& build, const yaml::Entry& key, ArgumentRule& argument) {
  const bool read = build.reading.keys(key.value, Section::k8s_kind, [&](const yaml::Entry& one) {
    Check check =
        check_of(CheckKind::k8s_kind, argument.rule.path + "/k8s_kind/" + one.key, one.key_at);
    check.texts = texts_of(build, one);
    check.excludes = one.key == "not_in";
    if (!check.texts.empty()) add_check(build, argument, std::move(check), one.value.at);
    return true;
  });
  if (read && key.value.entries.empty()) {
    build.reading.mistake(key.value.at, "`k8s_kind` needs `in` or `not_in`");
  }
}

}  // namespace pawl
