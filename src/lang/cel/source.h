// An expression as it was written, and where.
//
// `at` is the place of its first character in the file: line and column from 1, both 0 where it is
// in no file, and then places are counted from the start of the text itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace pawl::cel {

struct Source {
  std::string_view text;
  Position at = {};
};

// All that is wrong with an expression, in the order of the text.
using Errors = std::vector<Error>;

// The place of a byte of the expression. Columns count characters.
Position position_of(const Source& source, std::uint32_t offset);

inline Error error_at(const Source& source, std::uint32_t offset, std::string message) {
  return Error{ErrorKind::invalid, std::move(message), position_of(source, offset)};
}

}  // namespace pawl::cel
