// A text with U+FFFD in the place of what is not a character, for who reads what others wrote
// badly.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pawl::json {

// In the strings of the text each byte that is not UTF-8 and each lone half of a surrogate pair
// becomes U+FFFD, and a control character its escape; a byte order mark in front is left out.
// Nothing where there is none of that. The text need not be JSON, and what is wrong otherwise stays
// wrong. Goes over each byte once. Nothing either where more than `bytes_max` would come of it.
std::optional<std::string> with_replacements(std::string_view text,
                                             std::size_t bytes_max = 64UL << 20);

}  // namespace pawl::json
