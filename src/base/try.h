// Forwards an error.
//
//   PAWL_TRY(write(file));        a `Status`, or a `Result` whose value is not needed
//   const auto read = load(file);
//   PAWL_TRY(read);               and `*read` from here on
//
// The function returns a `Result` or a `Status`.
#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

#define PAWL_TRY(...)                                                                 \
  do {                                                                                \
    if (auto&& pawl_tried = (__VA_ARGS__); !pawl_tried) {                             \
      return std::unexpected(std::forward<decltype(pawl_tried)>(pawl_tried).error()); \
    }                                                                                 \
  } while (false)
