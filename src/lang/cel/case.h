// One question about an expression, as JSON: `pawl eval` and the conformance test ask like this.
//
//   {"expr": "x + 1", "bindings": {"x": {"int": "2"}}}            -> {"value": {"int": "3"}}
//   {"expr": "1 / 0"}                                             -> {"error": "divide by zero"}
//
// Besides `expr` and `bindings` there may be `container`, `type_env` (names with types, functions
// with `overloads`), `disable_check` (evaluate what would not pass the checker) and `check_only`,
// which asks for the type: the answer is then a value of type `type`. Other keys are ignored.
//
// Values are written without loss, as an object of one key: int, uint and double as strings,
// string, bytes_b64, bool, null, list, map (as pairs), type; besides these, timestamp, duration,
// ip and cidr as strings and optional, which holds a value or is null.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/zone.h"
#include "lang/cel/expr.h"

namespace pawl::cel {

using ZoneSource = std::function<Result<Zone>(std::string_view)>;

// The answer, one line without a line break. Never fails: what is not a question has an error as
// its answer.
std::string answer_case(std::string_view line, const ZoneSource& zones);
std::string answer_case(json::View question, const ZoneSource& zones);

// A value as it is written in a case; errors are not values.
std::string encode_value(const Value& value);
// Nothing where the view is not a value, or there is no room in the scratch for it.
std::optional<Value> decode_value(json::View view, Scratch& scratch);

}  // namespace pawl::cel
