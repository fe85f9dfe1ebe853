// Checks of texts in a language: `sql`, `shell` and `argv`, `manifest`, `json`; and `k8s_kind`.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
#include "kernel/policy/load_rows.h"
#include "lang/document/manifest.h"
#include "lang/sql/judge.h"

namespace pawl {
namespace {

using sql::SqlRule;

void read_where(Build& build, SqlRule& into, const yaml::Entry& key) {
  const auto word = build.reading.text(key.value, key.key);
  if (word && *word != "required" && *word != "optional") {
    build.reading.mistake(key.value.at, fmt::format("`where` is `{}`, expected `required` or "
                                                    "`optional`",
                                                    escape_untrusted(*word)));
  }
  into.where_required = word != "optional";
}

constexpr auto kSqlKeys = section_keys<Build, SqlRule>(
    Section::sql,
    {
        {"dialect", "`postgresql`", "required", 6,
         "Which database reads the text. No other is understood yet.", text<&SqlRule::dialect>},
        {"statements", "text or list of texts", "required", 6,
         "Kinds of statements, also those inside of others: `select`, `update` and so on.",
         listed<&SqlRule::statements>},
        {"tables", "text or list of texts", "required", 6,
         "Relations as the text must write them: `orders` and `public.orders` are two names; "
         "`public.*` is all of a schema, `*` all but the system's own.",
         listed<&SqlRule::tables>},
        {"columns", "text or list of texts", "any", 6,
         "Columns that may be named; `*` in the text is then refused.", listed<&SqlRule::columns>},
        {"functions", "text or list of texts", "none", 6,
         "Functions besides the built-in ones that only compute.", listed<&SqlRule::functions>},
        {"types", "text or list of texts", "none", 6, "Types besides the built-in ones.",
         listed<&SqlRule::types>},
        {"where", "`required` or `optional`", "required", 6,
         "Whether UPDATE, DELETE and MERGE need a condition that narrows.", read_where},
        {"max_statements", "whole number", "1", 6, "Most statements in one text.",
         count<Between{1, sql::statements_max_max}, &SqlRule::statements_max>},
    });

}  // namespace

void list_sql_keys(std::vector<Key>& into) {
  kSqlKeys.list(into);
}

void read_sql(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  SqlRule rule;
  if (!read_section(build, key.value, kSqlKeys, rule)) return;
  if (!kSqlKeys.complete(key.value)) return;  // reported
  Check check = check_of(CheckKind::sql, argument.rule.path + "/sql", key.key_at);
  check.sql = std::make_shared<const sql::SqlRule>(std::move(rule));
  add_check(build, argument, std::move(check), key.value.at);
}

namespace {

struct LineDraft {
  RowReader& rows;
  shell::Dialect dialect = shell::Dialect::posix;
};

void read_allowed_rows(Build& build, LineDraft& into, const yaml::Entry& key) {
  build.reading.items(key.value, key.key, [&](const yaml::Node& node) { into.rows.read(node); });
}

void read_dialect_of(Build& build, LineDraft& into, const yaml::Entry& key) {
  if (const auto found = read_dialect(build, key.value)) into.dialect = *found;
}

constexpr auto kShellKeys = section_keys<Build, LineDraft>(
    Section::shell,
    {
        {"allow", "list of texts or rows", "required", 6, "Commands that may stand in the line.",
         read_allowed_rows},
        {"shell", "`sh` or `bash`", "sh", 6, "The shell that reads it.", read_dialect_of},
    });

constexpr auto kArgvKeys = section_keys<Build, LineDraft>(
    Section::argv, {
                       {"allow", "list of texts or rows", "required", 6,
                        "Commands that the words may be.", read_allowed_rows},
                   });

void read_line(Build& build, ArgumentRule& argument, const yaml::Entry& key, CheckKind kind,
               const auto& keys) {
  const std::string path = argument.rule.path + "/" + key.key;
  ToolRule nothing;
  RowReader rows(build, Section::line_row, path, nothing);
  LineDraft draft{.rows = rows};
  if (!read_section(build, key.value, keys, draft)) return;
  auto line = rows.compile(kind == CheckKind::argv, draft.dialect, {});
  if (!line) return;
  Check check = check_of(kind, path, key.key_at);
  check.line = std::make_shared<const LineRule>(std::move(*line));
  add_check(build, argument, std::move(check), key.value.at);
}

}  // namespace

void list_line_keys(std::vector<Key>& into) {
  kShellKeys.list(into);
  kArgvKeys.list(into);
}

void read_shell(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  read_line(build, argument, key, CheckKind::shell, kShellKeys);
}

void read_argv(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  read_line(build, argument, key, CheckKind::argv, kArgvKeys);
}

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
