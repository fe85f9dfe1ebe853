// The structured parts of what a tool answered.
//
// Structured is a JSON object or list, or YAML of that kind that a tool prints as its result: the
// result itself, its `structuredContent`, or a text block that is nothing else. Prose is not, and
// neither is a word alone, whatever it looks like. YAML is read as strictly as a policy file is
// (base/yaml.h): one mistake, and the text is prose. A result that reports an error has no parts.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"

namespace pawl {

inline constexpr std::size_t structured_bytes_max = 1UL << 20;
inline constexpr std::size_t structured_blocks_max = 64;  // text blocks of one result

// `views` point into `documents`, or into the result.
struct Structured {
  std::vector<std::unique_ptr<json::Document>> documents;
  std::vector<json::View> views;
};
Structured structured_parts(json::View result);

// Every scalar at `field` of a structured value: names lead through objects; lists are gone through
// at every step and at the end.
void each_at(json::View value, const std::vector<std::string>& field,
             const std::function<void(json::View)>& take);

}  // namespace pawl
