// Is one deployment file (`pawl.yaml`) at least as strict as another?
//
// Two texts are compared key by key, and carefully: a change is less strict, whatever it says,
// unless the row of its key names a comparison (`CompareAs`). Tightening is to take something away
// on which no other rule leans: a key of an agent, or an agent of keys alone while there are
// others; a server or the observation of a role; a role that binds no directory and no layer; a
// credential, or a place where one may go; a person whom nothing needs but their own answers; and
// to lower a limit. To revoke a key always is, and a candidate, which never acts, may come and go.
// Comments, blanks and the order of keys say nothing.
//
// Not seen here, because it stands in the journal who is enrolled: whether the file leaves anybody
// who could accept the next one.
// Pure.
#pragma once

#include <string_view>
#include <vector>

#include "kernel/strictness/strictness.h"

namespace pawl {

// In the order of the file. Empty: as strict or stricter. An empty text stands for a file that is
// not there. Where one of them does not load, all of it counts as laxer.
std::vector<Laxer> laxer_deployment(std::string_view before, std::string_view after,
                                    std::string_view file);

}  // namespace pawl
