// `sql` of an argument.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
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

}  // namespace pawl
