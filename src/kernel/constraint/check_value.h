// One check against one value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "kernel/constraint/constraint.h"

namespace pawl {

// A value with the text that is forwarded for it, where it is a string.
struct CheckedValue {
  json::View view;
  std::string_view text;
  const Shape* shape;  // may be null
};

struct Objection {
  std::string says;
  Code code = Code::constraint;
  bool hold = false;  // a member of a document asks a person (`else: hold`)
};

// Nothing where the value passes. `path` and the counts of items are judged elsewhere and pass
// here; `sql` too is judged elsewhere, by a fact, and fails here.
std::optional<Objection> object_to(const Check& check, const CheckedValue& value);

// Line breaks and every other control character, U+2028 and U+2029.
bool breaks_line(std::string_view text);

// A number that a reader with doubles would see as another one, without a schema that says integer.
bool inexact(json::View value, const Shape* shape);

inline constexpr std::string_view says_inexact =
    "is a number beyond 2^53, which is exact only where the tool's schema says integer";
inline constexpr std::string_view says_lines = "holds line breaks or other control characters";
inline constexpr std::string_view says_string = "must be a string";

}  // namespace pawl
