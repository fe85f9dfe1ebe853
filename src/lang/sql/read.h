// From the parser's tree to a summary.
//
// `tree` is the JSON of libpg_query for one text. The reader goes through all of it: a part that it
// does not know is a refusal in the summary, so that a newer parser cannot say something that
// no rule judges. Names of common table expressions are resolved by scope: one that is visible
// stands for itself, everywhere else the same name is a relation. The target of INSERT, UPDATE,
// DELETE and MERGE is always a relation.
//
// What the text alone cannot tell: which function of several with one name is called, whether
// `o.total` is a column or a function of the row (a policy with `columns` refuses both unless
// listed), what triggers, rules, views and defaults of the touched relations do.
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "lang/sql/summary.h"

namespace pawl::sql {

// An error where the text is not the tree of a parser.
Result<Summary> read_tree(json::View tree);

// True unless some row can be seen to fail a condition (a node of the tree) of this statement. What
// narrows is a column compared with a value or with another column, a pattern with a letter in it,
// `IS NULL`, a select that is bounded itself, and what these make together. Everything else says
// nothing: `id = id * 1`, `coalesce(true, …)`, `id IS NOT NULL`, `a = 1 OR a <> 1`. Used for
// `where`.
bool narrows_nothing(json::View condition, json::View statement);

}  // namespace pawl::sql
