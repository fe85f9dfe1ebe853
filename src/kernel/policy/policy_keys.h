// The keys of the files about one role: the policy file, layer files and task files.
#pragma once

#include <string_view>

#include "kernel/config/keys.h"

namespace pawl {

const KeyTable& policy_keys();

// Names a credential, of an entry and of a server; or several by the argument that `of` names,
// beside which stand values of the argument.
inline constexpr std::string_view credential_key = "credential";
inline constexpr std::string_view credential_of_key = "of";

}  // namespace pawl
