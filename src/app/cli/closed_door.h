// What a client hears where pawl cannot put a policy in front of its server: no policy governs the
// folder, its file has a mistake, the node does not start. A client that finds the connection
// closed tells its user nothing; here each call is denied, and the denial says why.
#pragma once

#include "base/error.h"

namespace pawl::app {

// Speaks to the client on standard input and output until it leaves. Nothing is started, no tool is
// offered, and every request but the opening ones is refused with `why`.
void serve_closed_door(const Error& why);

}  // namespace pawl::app
