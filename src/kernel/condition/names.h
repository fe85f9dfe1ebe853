// The names that an expression of a policy may use, and their types. Private to this room.
#pragma once

#include <expected>
#include <span>
#include <vector>

#include "kernel/condition/condition.h"

namespace pawl {

cel::Environment names_with(const cel::TypeRef& arguments, std::span<const cel::Variable> extra);

// The counts that the text asks for, or why one of them cannot be asked for like that. Nothing
// where the text cannot be read: the compiler says so.
std::expected<std::vector<CountAsked>, cel::Errors> counts_asked(const cel::Source& source);

}  // namespace pawl
