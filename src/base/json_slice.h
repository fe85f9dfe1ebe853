// The parts of a valid JSON text as slices of it: for who passes bytes on as they came, and changes
// or leaves out some of them. One pass over the text; a text that is not valid gives slices of some
// kind, all inside of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pawl::json {

struct Slice {
  std::string_view key;    // raw, without quotes: may be spelled with escapes
  std::string_view value;  // raw JSON
};

// The members of the top-level object: the first so many.
std::vector<Slice> top_level(std::string_view object_text, std::size_t at_most = SIZE_MAX);
// The elements of an array: the first so many.
std::vector<std::string_view> elements_of(std::string_view array_text, std::size_t at_most);

}  // namespace pawl::json
