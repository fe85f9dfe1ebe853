// Names behind one endpoint: `server/tool`.
//
// A server's name has no `/`, so the first one in a name parts the two, whatever slashes the
// server's own name has: `crm/a/b` is the tool `a/b` of `crm`, always. Two servers of one endpoint
// may not have names that people or programs take for one another: names that fold to the same
// text, and names of which one goes on into the other where a client writes `_` for what its model
// cannot say. `fs/read_x` and `fs_read/x` are both `fs_read_x` there, so `fs` and `fs_read` do not
// stand behind one endpoint.
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::mcp {

inline constexpr std::size_t servers_of_an_endpoint_max = 64;

struct SplitName {
  std::string_view server, name;
};
// Nothing where there is no `/`, or nothing on one of its sides.
std::optional<SplitName> split_name(std::string_view name);
std::string joined_name(std::string_view server, std::string_view name);

// Why these servers cannot stand behind one endpoint, in their order.
Status check_server_names(const std::vector<std::string>& servers);

// Whether a URI may have been made from a template (RFC 6570). A simple variable stands for
// anything up to the next `/`; one with an operator, and whatever is not understood, for anything.
bool from_template(std::string_view pattern, std::string_view uri);

}  // namespace pawl::mcp
