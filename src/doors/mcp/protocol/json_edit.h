// Messages with some of their members replaced. Pure functions over raw JSON.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace pawl::mcp {

// Raw JSON by the member of an object whose value it replaces; a member that is not there is added.
using Replacements = std::vector<std::pair<std::string_view, std::string>>;
// An object with some of its members replaced; the others keep their bytes where they can.
// `document` is the same object, parsed. An empty text takes the member out. Members whose names
// fold to that of one that is put in go with it.
std::string replaced(std::string_view text, json::View document, const Replacements& with);
std::string quoted(std::string_view text);

// The members of params with another subscription in their `_meta`. `subscription` is raw JSON.
std::string with_subscription(json::View params, std::string_view subscription);

}  // namespace pawl::mcp
