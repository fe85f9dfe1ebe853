// How the name of a layer in the deployment file says that it depends on the role's team.
#pragma once

#include <string_view>

namespace pawl {

inline constexpr std::string_view team_mark = "${role.team}";

}  // namespace pawl
