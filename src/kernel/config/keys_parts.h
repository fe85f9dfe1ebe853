// Parts of the table of keys that stand in files of their own. Private to this room.
#pragma once

#include <span>

#include "kernel/config/keys.h"

namespace pawl {

// keys_languages.cpp: arguments that hold paths, addresses and texts in a language; `commands`.
std::span<const Key> keys_of_languages();
// keys_layers.cpp: a layer file.
std::span<const Key> keys_of_layers();
// keys_deployment.cpp: the deployment file.
std::span<const Key> keys_of_deployment();
// keys_serving.cpp: the same file, what it says about `pawl serve` itself.
std::span<const Key> keys_of_serving();

}  // namespace pawl
