// When the kill switch last passed an exercise.
#pragma once

#include <optional>

#include "app/command.h"
#include "base/error.h"
#include "base/time.h"

namespace pawl::app {

// As the journal of the state directory has it; nothing: never. ErrorKind::missing: no journal is
// there.
Result<std::optional<Instant>> last_drill(const Arguments& arguments);

}  // namespace pawl::app
