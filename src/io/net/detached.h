// Starting a program that outlives us: its own process session, no child of ours, nothing inherited
// but a log for its standard error.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "io/net/fd.h"

namespace pawl::net {

// `words` are the program's arguments, its name first; `program` is what is executed. A held pipe
// end would keep its other side waiting, so every other descriptor is closed in between. It works
// in `/`, and of this environment it gets nothing that makes a program load other code; `more` are
// entries (`NAME=value`) that it gets besides.
Status start_detached(const std::string& program, std::vector<std::string> words, const Fd& log,
                      std::vector<std::string> more = {});

}  // namespace pawl::net
