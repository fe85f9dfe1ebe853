// How `pawl check` writes its report: for a person, and as JSON.
#pragma once

#include <string>

#include "analysis/check/check.h"
#include "base/json.h"

namespace pawl::app {

// Errors and findings as `file:line:column: message`, what the file amounts to, and the table of
// tools. Ends with a line break.
std::string check_text(const std::string& file, const CheckReport& report);

// One file's report as an object.
void check_json(const std::string& file, const CheckReport& report, json::Writer& into);

}  // namespace pawl::app
