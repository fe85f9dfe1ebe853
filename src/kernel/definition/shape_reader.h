// Reads a JSON Schema into a Shape. Only local facts count; see definition.h.
//
// References are followed inside the same schema only, never around a circle, and never so often
// that a small schema makes a large Shape.
#pragma once

#include <cstddef>

#include "base/error.h"
#include "base/json.h"
#include "kernel/definition/definition.h"

namespace pawl {

inline constexpr unsigned shape_depth_max = 32;            // deeper values are of type any
inline constexpr std::size_t shape_values_max = 20'000;    // in one schema, references followed
inline constexpr std::size_t shape_bytes_max = 8UL << 20;  // names, descriptions and choices

// The shape of a tool's arguments. An object schema without `type` counts as one of type object,
// because arguments always are an object. Errors name the member, from `inputSchema` on.
Result<Shape> read_arguments(json::View schema);

}  // namespace pawl
