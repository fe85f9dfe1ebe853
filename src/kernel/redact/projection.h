// What a scope does with one member of an object; shared by results and by output schemas.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl {

using ScopePaths = std::vector<std::vector<std::string>>;
// The rest of a dotted name that must follow below a value: number of the path, names already met.
// Without tails every listed name counts; below the first half of a dotted name only its other half
// does.
using ScopeTails = std::vector<std::pair<std::size_t, std::size_t>>;

enum class Keep : unsigned char { nothing, look_inside, whole };

// `below` receives the tails for what lies inside the member.
Keep judge_member(const ScopePaths& paths, std::string_view name, const ScopeTails& tails,
                  ScopeTails& below);

}  // namespace pawl
