// What a reviewer types to approve a call, where `approval.typed` or the decision table asks for
// it.
//
// It is the tool's name, or the texts of arguments as the call has them: a person who types the
// number of an order has read it. What a person could not type by looking at it is not text to
// type, and such a call is denied rather than asked about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace pawl {

inline constexpr std::size_t typed_bytes_max = 200;  // of one argument

// `typed_of` as Question::typed_of has them: their texts in this order, one blank between two; the
// tool's name where there are none. An error names the argument that has no such text.
Result<std::string> text_to_type(json::View arguments, const std::vector<std::string>& typed_of,
                                 std::string_view tool);

// Every character, after both are composed alike (NFC).
bool typed_right(std::string_view given, std::string_view wanted);

}  // namespace pawl
