// A test file as JSON Schema 2020-12, for editors: made from the tables that the reader uses.
#pragma once

#include <string>

namespace pawl {

std::string trial_schema();

}  // namespace pawl
