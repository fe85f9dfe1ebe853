// Names of arguments: when two are nearly the same, and how one is written in a JSON pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pawl {

inline constexpr std::size_t path_steps_max = 16;
inline constexpr std::size_t argument_bytes_max = 128;  // of one name in a path

// Different bytes, equal after case folding and NFKC.
bool near_name(std::string_view a, std::string_view b);

// An agent's own name for an argument, fit to be shown: escaped, cut short.
std::string shown_name(std::string_view name);

}  // namespace pawl
