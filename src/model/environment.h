// Where an agent works, or where one call goes.
#pragma once

#include <cstdint>
#include <string_view>

namespace pawl {

enum class Environment : std::uint8_t { none, development, staging, production };
std::string_view to_string(Environment environment);

}  // namespace pawl
