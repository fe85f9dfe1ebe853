#include "lang/sql/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "lang/sql/names.h"
#include "lang/sql/vocabulary.h"

namespace pawl::sql {

namespace {

constexpr std::string_view kDialect = "postgresql";

bool has(const std::vector<std::string>& sorted, std::string_view name) {
  return std::ranges::binary_search(sorted, name);
}

// How many parts a spelled name has; a dot inside of quotes is part of a name.
std::size_t parts_of(std::string_view name) {
  std::size_t parts = 1;
  bool quoted = false;
  for (const char c : name) {
    if (c == '"') quoted = !quoted;
    if (c == '.' && !quoted) ++parts;
  }
  return parts;
}

// The system's own relations are never meant by `*`.
bool of_system(std::string_view name) {
  return name.starts_with("pg_") || name.starts_with("information_schema.");
}

bool table_listed(const SqlRule& rule, const std::string& name) {
  if (has(rule.tables, name)) return true;
  const std::size_t parts = parts_of(name);
  if (parts > 2 || of_system(name)) return false;
  if (has(rule.tables, "*")) return true;
  // Schemas with quoted names are listed table by table.
  if (parts != 2 || name.front() == '"') return false;
  return has(rule.tables, name.substr(0, name.find('.')) + ".*");
}

Status spell_all(std::vector<std::string>& names, bool stars) {
  for (std::string& name : names) {
    const bool star = name == "*" || name.ends_with(".*");
    if (star && stars) {
      if (name == "*") continue;
      const auto schema = parse_name(name.substr(0, name.size() - 2));
      PAWL_TRY(schema);
      name = *schema + ".*";
      continue;
    }
    Result<std::string> spelled = parse_name(name);
    PAWL_TRY(spelled);
    name = *std::move(spelled);
  }
  std::ranges::sort(names);
  return {};
}

std::optional<std::string> judge_kinds(const SqlRule& rule, const Summary& summary) {
  if (!summary.refusals.empty()) return summary.refusals.front();
  if (summary.statements == 0) return "there is no statement";
  if (summary.statements > rule.statements_max) {
    return fmt::format("{} statements where {} may be", summary.statements, rule.statements_max);
  }
  for (const std::string& kind : summary.kinds) {
    if (!listable(kind)) return fmt::format("`{}` cannot be judged and is never allowed", kind);
    if (!has(rule.statements, kind)) return fmt::format("`{}` is not a listed statement", kind);
  }
  return std::nullopt;
}

std::optional<std::string> judge_columns(const SqlRule& rule, const Summary& summary) {
  if (!rule.columns) return std::nullopt;
  for (const std::string& column : summary.columns) {
    if (column == "*") return "all columns, or columns by another name";
    if (!has(*rule.columns, spell(std::vector<std::string_view>{column}))) {
      return "a column that is not listed";
    }
  }
  // `SELECT id FROM vault id`: a whole row under the name of a column.
  for (const std::string& alias : summary.aliases) {
    if (has(*rule.columns, spell(std::vector<std::string_view>{alias}))) {
      return "a relation has the name of a listed column";
    }
  }
  return std::nullopt;
}

}  // namespace

Status compile(SqlRule& rule) {
  if (rule.dialect != kDialect) {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` is not a dialect that is understood: expected `{}`",
                            escape_untrusted(rule.dialect), kDialect));
  }
  if (rule.statements.empty()) return fail(ErrorKind::invalid, "`statements` is empty");
  for (const std::string& kind : rule.statements) {
    if (!listable(kind)) {
      return fail(ErrorKind::invalid, fmt::format("`{}` is not a statement that can be listed",
                                                  escape_untrusted(kind)));
    }
  }
  std::ranges::sort(rule.statements);
  if (rule.statements_max == 0 || rule.statements_max > statements_max_max) {
    return fail(ErrorKind::invalid,
                fmt::format("`max_statements` is from 1 to {}", statements_max_max));
  }
  PAWL_TRY(spell_all(rule.tables, true));
  PAWL_TRY(spell_all(rule.functions, false));
  PAWL_TRY(spell_all(rule.types, false));
  return rule.columns ? spell_all(*rule.columns, false) : Status{};
}

std::optional<std::string> judge(const SqlRule& rule, const Summary& summary) {
  if (auto wrong = judge_kinds(rule, summary)) return wrong;
  const auto strange = [&](const std::string& name) { return !table_listed(rule, name); };
  if (std::ranges::any_of(summary.reads, strange)) return "reads a relation that is not listed";
  if (std::ranges::any_of(summary.writes, strange)) return "changes a relation that is not listed";
  for (const std::string& name : summary.functions) {
    if (!has(rule.functions, name)) return "a function or operator outside the closed list";
  }
  for (const std::string& name : summary.types) {
    if (!has(rule.types, name)) return "a type outside the closed list";
  }
  if (rule.where_required && !summary.unbounded.empty()) {
    return fmt::format("`{}` without a condition that narrows it", summary.unbounded.front());
  }
  return judge_columns(rule, summary);
}

std::optional<std::string> judge(const SqlRule& rule, const Fact& fact) {
  if (!fact.failure.empty()) return fact.failure;
  return judge(rule, fact.summary);
}

}  // namespace pawl::sql
