// What one SQL text does, in words and names: the answer of the isolated parser (io/sql), and what
// rules about SQL are judged by (lang/sql). Gathered, recorded, then only data.
//
// Everything is a set over the whole text, sorted, each member once: a subquery, a common table
// expression or the statement inside EXPLAIN counts like a statement of its own. A name is spelled
// as PostgreSQL would quote it: `orders`, `public.orders`, `"Orders"`; an unqualified name stays
// unqualified, and a name that a common table expression answers is not in the sets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace pawl::sql {

struct Summary {
  std::uint32_t statements = 0;        // separated by semicolons
  std::vector<std::string> kinds;      // `select`, `delete`, `copy_program`, ...: vocabulary.h
  std::vector<std::string> reads;      // relations
  std::vector<std::string> writes;     // relations changed, defined, locked or dropped
  std::vector<std::string> columns;    // last part of each reference; `*` for all
  std::vector<std::string> functions;  // outside the closed list; operators as `operator +++`
  std::vector<std::string> types;      // named in casts and definitions, outside the closed list
  std::vector<std::string> unbounded;  // `update`, `delete`, `merge` that nothing narrows
  std::vector<std::string> aliases;    // names given to relations: they can hide a column
  std::vector<std::string> refusals;   // what no rule can allow, in words of ours

  friend bool operator==(const Summary&, const Summary&) = default;
};

// One argument that holds SQL. A failure (not SQL, too large, the parser died) fails the rule.
struct Fact {
  std::string pointer;  // JSON pointer into the arguments
  std::string failure;  // why there is no summary; no bytes of the argument
  Summary summary;

  friend bool operator==(const Fact&, const Fact&) = default;
};

// The reader of SQL, for those who gather facts: where a text stands and the text itself.
using ReadSql = std::function<Fact(std::string_view pointer, std::string_view text)>;

std::string to_json(const Summary& summary);
// Strict: sets that are not sorted, unknown members and empty names are refused.
Result<Summary> parse_summary(json::View view);

std::string to_json(const Fact& fact);
Result<Fact> parse_fact(json::View view);

}  // namespace pawl::sql
