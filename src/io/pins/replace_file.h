// A small file of ours is replaced whole or not at all: written beside it, synced, renamed, and
// the folder synced.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

// `path` and `path.new`, with the permissions `mode` where the file is new.
Status replace_file(const std::string& path, std::string_view text, mode_t mode);

}  // namespace pawl
