// Whose a resource is.
//
// A resource is named by its URI alone, and two servers may offer the same one. What a server's
// lists showed this client is that server's; then the links in its results and its templates
// decide. A link is a name and no right: reading what it names is decided like any other reading.
// What two servers offer is read from neither: else one of them could put itself before the other
// by listing what it has. A URI that no server listed belongs to the only server that has
// resources, where there is one. Threads: one loop.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/json.h"

namespace pawl::mcp {

inline constexpr std::size_t resources_of_a_server_max = 20'000;
inline constexpr std::size_t links_of_a_server_max = 1000;
inline constexpr std::size_t templates_of_a_server_max = 256;

class ResourceOwners {
 public:
  explicit ResourceOwners(std::size_t servers) : known_(servers) {}

  // One page of a server's list; the first page of a new reading replaces what was known.
  void resources(std::size_t server, json::View result, bool first);
  void templates(std::size_t server, json::View result, bool first);

  // A result of a server, whose `resource_link` may name what no list shows.
  void links(std::size_t server, json::View result);

  // The servers that offer it: none, one, or several.
  std::vector<std::size_t> of_uri(std::string_view uri) const;
  std::vector<std::size_t> of_template(std::string_view pattern) const;

 private:
  struct Known {
    std::unordered_set<std::string> uris, linked;
    std::set<std::string, std::less<>> patterns;
  };
  std::vector<Known> known_;
};

}  // namespace pawl::mcp
