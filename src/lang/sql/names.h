// Names of SQL objects as text with one spelling each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::sql {

// As PostgreSQL would quote it: `{"public", "Orders"}` is `public."Orders"`. Only lower-case ASCII
// letters, digits, `_` and `$` go without quotes.
std::string spell(std::span<const std::string_view> parts);

// The same spelling of a name that a person wrote in a policy, at most three parts. Refused: what
// PostgreSQL would fold or cut (an upper-case letter without quotes, more than 63 bytes), since
// the author and the database would then mean different objects.
Result<std::string> parse_name(std::string_view text);

}  // namespace pawl::sql
