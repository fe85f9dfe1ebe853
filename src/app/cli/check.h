// How `pawl check` writes its report: for a person, and as JSON.
#pragma once

#include <cstddef>
#include <string>

#include "analysis/check/check.h"
#include "base/json.h"

namespace pawl::app {

// What the file amounts to, the table of tools, findings and errors as `file:line:column: message`,
// and one line about all of it. Lines are wrapped at `columns` (0: never). Ends with a line break.
std::string check_text(const std::string& file, const CheckReport& report, std::size_t columns);

// One file's report as an object.
void check_json(const std::string& file, const CheckReport& report, json::Writer& into);

}  // namespace pawl::app
