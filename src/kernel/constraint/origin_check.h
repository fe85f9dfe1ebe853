// What the facts say about where one value came from, and what that stands in for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/constraint/check_value.h"

namespace pawl {

struct Origin {
  bool from = false;                     // from one of `from`
  bool instead = false;                  // from one of `or_from`
  std::vector<std::string> hosts;        // of `or_from`, which the value mentions
  std::vector<std::string> directories;  // likewise, above a path
};

bool names(const std::vector<OriginSource>& sources, std::string_view spelled);
// `what the sponsor said or `tool.field``
std::string spoken(const std::vector<OriginSource>& sources);
// Whether every link of the text, or the address, leads to the hosts of the check (`hosts_in`,
// `url`) or to these.
bool leads_nowhere_else(const Check& check, const CheckedValue& value,
                        const std::vector<std::string>& hosts);

}  // namespace pawl
