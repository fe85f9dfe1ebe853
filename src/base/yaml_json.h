// A YAML value as the JSON that it means: plain `true`, `false`, `null`, integers and decimals are
// themselves, everything else is text; what is quoted is text.
#pragma once

#include "base/json.h"
#include "base/yaml.h"

namespace pawl::yaml {

void write_json(const Node& node, json::Writer& out);

}  // namespace pawl::yaml
