// Whether what ran is in the list of an analysis.
#pragma once

#include <string>

#include "lang/shell/command.h"
#include "scratch.h"

namespace pawl {

// With these arguments.
bool listed(const shell::Analysis& analysis, const Ran& ran);
std::string shown(const Ran& ran);

}  // namespace pawl
