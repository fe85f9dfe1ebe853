// A field of a form, `application/x-www-form-urlencoded`. Inside of this room only.
#pragma once

#include <string>
#include <string_view>

namespace pawl::issue {

// Adds `name=value`, the value percent-encoded; an empty one is left out. Values may be secrets: a
// form that grows leaves no copy behind.
void put_field(std::string& form, std::string_view name, std::string_view value);

}  // namespace pawl::issue
