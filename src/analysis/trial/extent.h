// Where the text of an entry stands in its file, and putting another text there.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/trial/trial_file.h"
#include "base/yaml.h"

namespace pawl {

// From the first byte of the key to the last of the value, without the line break behind it.
Extent extent_of(std::string_view text, const yaml::Entry& entry);

// The text with each extent replaced. The extents do not overlap.
std::string replace_extents(std::string_view text,
                            std::vector<std::pair<Extent, std::string>> replacements);

}  // namespace pawl
