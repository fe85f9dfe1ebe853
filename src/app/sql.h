// SQL in policies: who reads it.
#pragma once

#include "model/sql.h"

namespace pawl::app {

// Reads SQL in a process of its own, which is this program again and starts at the first text.
// Copies share the process. For one thread.
ReadSql isolated_sql();

}  // namespace pawl::app
