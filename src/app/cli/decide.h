// One call on standard input, for the commands that look at a single one.
#pragma once

#include <string>

#include "app/common/command.h"
#include "base/error.h"

namespace pawl::app {

// `--policy`, else PAWL_POLICY, else empty.
std::string policy_path(const Arguments& arguments);

// One JSON object, which may have line breaks in it, as a line of `decide`. A call that is asked
// about alone needs no run to belong to, so it gets one. ErrorKind::usage where there is nothing.
Result<std::string> read_one_call();

}  // namespace pawl::app
