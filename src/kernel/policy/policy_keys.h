// The keys of the files about one role: the policy file, layer files and task files.
#pragma once

#include "kernel/config/keys.h"

namespace pawl {

const KeyTable& policy_keys();

}  // namespace pawl
