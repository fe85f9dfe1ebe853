// The one value of a call that a path of names leads to. Private to this room.
#pragma once

#include "base/json.h"
#include "kernel/constraint/constraint.h"

namespace pawl {

// Nothing where a name is missing, something on the way is not an object, or the path goes through
// the elements of a list.
inline json::View argument_at(json::View arguments, const ArgumentPath& path) {
  json::View at = arguments;
  for (const Step& step : path) {
    if (step.each || !at.is_object()) return {};
    at = at[step.name];
  }
  return at;
}

}  // namespace pawl
