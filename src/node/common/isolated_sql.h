// SQL in policies: who reads it.
#pragma once

#include "lang/sql/summary.h"

namespace pawl::node {

// Reads SQL in a process of its own, which is this program again and starts at the first text.
// Copies share the process. For one thread.
sql::ReadSql isolated_sql();

}  // namespace pawl::node
