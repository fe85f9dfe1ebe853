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

// The first step of a path as the policy writes it: its name, and what stands behind it. Brackets
// that hold something belong to a name (`filter[status]`); `['a.b']` is a name whatever it holds.
// `fault`: why the text has no such step.
struct FirstStep {
  std::string_view name, rest, fault;
};
FirstStep first_step(std::string_view path);
// A name as the first step of a path would have to be written.
std::string step_text(std::string_view name);

// The top-level argument that a name of the policy (a path, mostly of one step) is about; whether
// it names that argument as a whole, or something inside of it.
bool names_whole(std::string_view named, std::string_view argument);
bool names_inside(std::string_view named, std::string_view argument);

// An agent's own name for an argument, fit to be shown: escaped, cut short.
std::string shown_name(std::string_view name);

}  // namespace pawl
