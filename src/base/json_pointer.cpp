#include "base/json_pointer.h"

#include <iterator>

#include <fmt/format.h>

namespace pawl::json {

void append_pointer(std::string_view name, std::string& pointer) {
  pointer += '/';
  for (char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

void append_pointer(std::uint64_t index, std::string& pointer) {
  fmt::format_to(std::back_inserter(pointer), "/{}", index);
}

}  // namespace pawl::json
