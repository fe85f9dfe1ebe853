// Where a text stops being JSON, and why, in words.
//
// The fast parser only says that a text is wrong. This slow one runs afterwards, on refused texts
// only, reads the same grammar (RFC 8259, valid UTF-8, no lone surrogates) and finds the place. It
// decides nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::json {

struct Mistake {
  std::size_t offset = 0;  // in bytes
  std::string message;
};

// Nothing when the text is JSON of at most `depth_max` levels whose numbers fit.
std::optional<Mistake> first_mistake(std::string_view text, std::size_t depth_max);

// Line and column (in characters) of a byte offset.
Position position_of(std::string_view text, std::size_t offset);

}  // namespace pawl::json
