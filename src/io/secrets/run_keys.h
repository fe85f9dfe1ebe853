// The keys that sign credentials of runs, on the disk: `runs.key` in the node's directory, readable
// by its user alone.
//
// One seed a line in base64, the one in force first; the others signed before, and check until
// their last credential has ended. The file is made where there is none: whoever removes it makes
// every credential that is out there useless, and nothing else.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace pawl::secrets {

inline constexpr std::size_t run_keys_max = 4;
inline constexpr std::size_t run_key_seed_bytes = 32;

// The seeds. Fault::refused where others may read the file, Fault::corrupt where it is none.
Result<std::vector<std::string>> open_run_keys(
    const std::string& path, const std::function<std::string(std::size_t)>& random);

}  // namespace pawl::secrets
