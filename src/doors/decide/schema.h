// The contract of `decide` as JSON Schema 2020-12: `$defs/line` and `$defs/decision`.
#pragma once

#include <string>

namespace pawl {

// The text of docs/reference/decide.schema.json; a test compares the two.
std::string decide_schema();

}  // namespace pawl
