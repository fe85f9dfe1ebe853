// The keys of the deployment file.
#pragma once

#include "kernel/config/keys.h"

namespace pawl {

const KeyTable& deployment_keys();

}  // namespace pawl
