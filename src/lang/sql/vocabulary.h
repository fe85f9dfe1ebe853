// What pawl knows of PostgreSQL: closed lists. A word that is in none of them is dangerous.
#pragma once

#include <string_view>

namespace pawl::sql {

// A statement of the parser's tree (`DeleteStmt`) and our word for it. Statements that the parser
// knows and this table does not are `other`.
std::string_view kind_of(std::string_view node);
bool is_statement(std::string_view node);

// Words that a policy may list. `do`, `copy_program`, `copy_file`, `create_function` and `other`
// are kinds that no policy can list: what they do cannot be seen in the text.
bool listable(std::string_view kind);

// Functions that only compute from their arguments or the clock. Not: files, settings, other
// sessions, sequences, large objects, text that is executed, other servers, sleeping.
bool harmless_function(std::string_view name);
bool known_operator(std::string_view name);
// Built-in types. Not `regclass` and its relatives: they look names up.
bool known_type(std::string_view name);
// Parts of a tree that the reader understands (or that hold nothing but such parts).
bool known_node(std::string_view name);
// Parameters that SET may change without changing how later statements are read.
bool harmless_parameter(std::string_view name);

}  // namespace pawl::sql
