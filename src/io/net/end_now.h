// The end of one process, without grace and without looking for anybody else (child.h does that).
#pragma once

#include "io/net/process.h"

namespace pawl::net {

// SIGKILL to exactly this process, or to no process where it has ended.
void end_now(const ProcessId& id);

}  // namespace pawl::net
