// `sql` of an argument.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
#include "lang/sql/judge.h"

namespace pawl {
namespace {

bool take(Build& build, const yaml::Entry& key, sql::SqlRule& rule) {
  if (key.key == "dialect") {
    rule.dialect = build.reading.text(key.value, "dialect").value_or("");
  } else if (key.key == "statements") {
    rule.statements = texts_of(build, key);
  } else if (key.key == "tables") {
    rule.tables = texts_of(build, key);
  } else if (key.key == "columns") {
    rule.columns = texts_of(build, key);
  } else if (key.key == "functions") {
    rule.functions = texts_of(build, key);
  } else if (key.key == "types") {
    rule.types = texts_of(build, key);
  } else if (key.key == "where") {
    const auto word = build.reading.text(key.value, "where");
    if (word && *word != "required" && *word != "optional") {
      build.reading.mistake(key.value.at, fmt::format("`where` is `{}`, expected `required` or "
                                                      "`optional`",
                                                      escape_untrusted(*word)));
    }
    rule.where_required = word != "optional";
  } else if (key.key == "max_statements") {
    const auto count =
        build.reading.count(key.value, "max_statements", {1, sql::statements_max_max});
    rule.statements_max = static_cast<std::uint32_t>(count.value_or(1));
  } else {
    return false;
  }
  return true;
}

}  // namespace

void read_sql(Build& build, const yaml::Entry& key, ArgumentRule& argument) {
  sql::SqlRule rule;
  const bool read = build.reading.keys(
      key.value, Section::sql, [&](const yaml::Entry& one) { return take(build, one, rule); });
  if (!read) return;
  bool whole = true;
  for (const char* needed : {"dialect", "statements", "tables"}) {
    whole = whole && key.value.entry(needed) != nullptr;
    build.reading.missing(key.value, Section::sql, needed);
  }
  if (!whole) return;
  Check check = check_of(CheckKind::sql, argument.rule.path + "/sql", key.key_at);
  check.sql = std::make_shared<const sql::SqlRule>(std::move(rule));
  add_check(build, argument, std::move(check), key.value.at);
}

}  // namespace pawl
