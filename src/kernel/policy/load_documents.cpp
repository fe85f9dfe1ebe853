// Documents inside of texts: `manifest`, `json`; and `k8s_kind`.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/policy/build.h"
#include "lang/document/manifest.h"

namespace pawl {

std::vector<std::string> texts_of(Build& build, const yaml::Entry& key) {
  std::vector<std::string> out;
  for (Placed& text : build.lists.texts(build.reading, key.value, key.key)) {
    out.push_back(std::move(text.text));
  }
  return out;
}

namespace {

using document::ManifestRule;

constexpr auto kManifestKeys = section_keys<Build, ManifestRule>(
    Section::manifest,
    {
        {"kinds", "text or list of texts", "required", 6,
         "Kinds that may be created or changed; `group/Kind` for those that not every cluster has.",
         listed<&ManifestRule::kinds>},
        {"namespaces", "text or list of texts", "any, and none", 6,
         "Namespaces that a document has to name.", listed<&ManifestRule::namespaces>},
        {"deny", "text or list of texts", "nothing", 6,
         "What must not stand anywhere in a document: `privileged`, `privilege_escalation`, "
         "`host_path`, `host_network`, `host_pid`, `host_ipc`, `host_port`, `capabilities`, "
         "`image_without_digest`, `service_account`, `secrets`.",
         listed<&ManifestRule::denies>},
    });

template <bool Excludes>
void kind_check(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  Check check =
      check_of(CheckKind::k8s_kind, argument.rule.path + "/k8s_kind/" + key.key, key.key_at);
  check.texts = texts_of(build, key);
  check.excludes = Excludes;
  if (!check.texts.empty()) add_check(build, argument, std::move(check), key.value.at);
}

constexpr auto kKindKeys = section_keys<Build, ArgumentRule>(
    Section::k8s_kind,
    {
        {"in", "text or list of texts", "any", 6, "The kinds that it may be.", kind_check<false>},
        {"not_in", "text or list of texts", "none", 6, "The kinds that it must not be.",
         kind_check<true>},
    });

}  // namespace

void list_document_keys(std::vector<Key>& into) {
  kManifestKeys.list(into);
  kKindKeys.list(into);
}

void read_manifest(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  ManifestRule rule;
  if (!read_section(build, key.value, kManifestKeys, rule)) return;
  if (!kManifestKeys.complete(key.value)) return;  // reported
  Check check = check_of(CheckKind::manifest, argument.rule.path + "/manifest", key.key_at);
  check.manifest = std::make_shared<const document::ManifestRule>(std::move(rule));
  add_check(build, argument, std::move(check), key.value.at);
}

void read_json(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
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

void read_kinds(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  if (read_section(build, key.value, kKindKeys, argument) && key.value.entries.empty()) {
    build.reading.mistake(key.value.at, "`k8s_kind` needs `in` or `not_in`");
  }
}

}  // namespace pawl
