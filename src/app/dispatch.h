// From the words of the command line to the one command that they name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::app {

// The words behind the program's own name. The exit status of the program.
int dispatch(const std::vector<std::string>& words);

// ErrorKind::usage, with the nearest right name where one is near.
Error unknown_command(std::string_view name);

}  // namespace pawl::app
