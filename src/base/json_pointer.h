// JSON pointers (RFC 6901), made step by step: `/edits/2/a~1b`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl::json {

// One step into an object, with `~` and `/` of the name escaped, or into an array.
void append_pointer(std::string_view name, std::string& pointer);
void append_pointer(std::uint64_t index, std::string& pointer);

}  // namespace pawl::json
