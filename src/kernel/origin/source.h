// A place that a value may come from, as a policy writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

inline constexpr std::string_view user_source = "user";

// `user`, or a field of the results of a tool. The field may be empty: then the result itself is a
// list of values.
struct OriginSource {
  std::string server, tool;        // empty tool: `user`; empty server: that tool on every server
  std::vector<std::string> field;  // names from the outside to the inside, through every list

  bool user() const { return tool.empty(); }
  bool is_of(std::string_view on_server, std::string_view name) const {
    return !user() && tool == name && (server.empty() || server == on_server);
  }
  bool operator==(const OriginSource&) const = default;
};

// `user`, `tool.field.path`, `server/tool.field.path`.
std::string to_string(const OriginSource& source);

// Reads what stands behind `result:`. A tool's name ends at the first dot behind its slash.
Result<OriginSource> parse_result_source(std::string_view written);

}  // namespace pawl
