// A rule about SQL and its judgement.
//
//   sql: {dialect: postgresql, statements: [select], tables: [orders, public.customers]}
//
// Everything that the text does must be listed: each kind of statement in it at any depth, each
// relation as it is written (`orders` and `public.orders` are two names: where the search path is
// not known, only the owner can say that they are one), and, where the rule has `columns`, each
// column. Functions, operators and types outside the closed lists of vocabulary.h must be listed
// too. UPDATE, DELETE and MERGE need a condition that narrows, unless `where: optional`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lang/sql/summary.h"

namespace pawl::sql {

inline constexpr std::uint32_t statements_max_max = 100;

struct SqlRule {
  std::string dialect;                       // `postgresql`; others do not compile
  std::vector<std::string> statements = {};  // kinds
  // Names; `public.*` for all of a schema, `*` for all but the system's own (`pg_`, and the schema
  // `information_schema`).
  std::vector<std::string> tables = {};
  std::optional<std::vector<std::string>> columns = {};  // absent: any
  std::vector<std::string> functions = {};               // besides the harmless ones
  std::vector<std::string> types = {};                   // besides the built-in ones
  bool where_required = true;
  std::uint32_t statements_max = 1;
};

// Brings names into their one spelling and sorts. The error names the word that is wrong.
Status compile(SqlRule& rule);

// The first thing that the rule does not allow, in words without any byte of the text or entry of
// the rule; nothing where everything is allowed. The rule was compiled.
std::optional<std::string> judge(const SqlRule& rule, const Summary& summary);
std::optional<std::string> judge(const SqlRule& rule, const Fact& fact);

}  // namespace pawl::sql
