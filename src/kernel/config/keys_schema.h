// The policy file and the deployment file as JSON Schema 2020-12, for editors.
//
// Made from the table of keys, as the reference pages are: the sentences of the table are the
// descriptions, and a key that this version refuses is not in it. The schema says less than the
// loader checks (names that must exist, times, patterns), and nothing that the loader would refuse
// to hear: every file that loads is valid.
#pragma once

#include <string>
#include <vector>

#include "kernel/config/keys.h"

namespace pawl {

// Text of the whole schema of a file: `Section::file`, `Section::deployment` or `Section::layer`.
std::string keys_schema(const KeyTable& table, Section root);

// Keys of the table whose type has no schema here, as `section key: type`. Empty: a test asks.
std::vector<std::string> keys_without_schema(const KeyTable& table);

}  // namespace pawl
