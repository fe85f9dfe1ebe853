// The names that an expression of a policy may use, and their types. Private to this room.
#pragma once

#include <expected>
#include <span>
#include <vector>

#include "kernel/condition/condition.h"

namespace pawl {

expr::Environment names_with(const expr::TypeRef& arguments, std::span<const expr::Variable> extra);

// The counts that the text asks for, or why one of them cannot be asked for like that. Nothing
// where the text cannot be read: whoever compiles it says so.
std::expected<std::vector<CountAsked>, expr::Errors> counts_asked(const expr::Source& source);

}  // namespace pawl
