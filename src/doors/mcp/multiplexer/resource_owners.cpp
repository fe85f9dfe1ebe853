#include "doors/mcp/multiplexer/resource_owners.h"

#include <algorithm>

#include "doors/mcp/multiplexer/names.h"

namespace pawl::mcp {

void ResourceOwners::resources(std::size_t server, json::View result, bool first) {
  Known& known = known_[server];
  if (first) known.uris.clear();
  for (json::View resource : result["resources"].elements()) {
    const auto uri = resource.text("uri");
    if (uri && known.uris.size() < resources_of_a_server_max) known.uris.emplace(*uri);
  }
}

void ResourceOwners::templates(std::size_t server, json::View result, bool first) {
  Known& known = known_[server];
  if (first) known.patterns.clear();
  for (json::View listed : result["resourceTemplates"].elements()) {
    const auto pattern = listed.text("uriTemplate");
    if (!pattern || known.patterns.size() >= templates_of_a_server_max) continue;
    known.patterns.emplace(*pattern);
  }
}

void ResourceOwners::links(std::size_t server, json::View result) {
  Known& known = known_[server];
  for (json::View part : result["content"].elements()) {
    const auto uri = part.text("uri");
    if (part.text("type") != "resource_link" || !uri) continue;
    // The oldest are forgotten together: a list shows what is there to stay.
    if (known.linked.size() >= links_of_a_server_max) known.linked.clear();
    known.linked.emplace(*uri);
  }
}

std::vector<std::size_t> ResourceOwners::of_uri(std::string_view uri) const {
  std::vector<std::size_t> found;
  const std::string text(uri);
  for (std::size_t i = 0; i < known_.size(); ++i) {
    if (known_[i].uris.contains(text)) found.push_back(i);
  }
  if (!found.empty()) return found;
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const bool made = std::ranges::any_of(
        known_[i].patterns, [&](const std::string& p) { return from_template(p, uri); });
    if (made || known_[i].linked.contains(text)) found.push_back(i);
  }
  return found;
}

std::vector<std::size_t> ResourceOwners::of_template(std::string_view pattern) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < known_.size(); ++i) {
    if (known_[i].patterns.contains(pattern)) found.push_back(i);
  }
  return found.empty() ? of_uri(pattern) : found;
}

}  // namespace pawl::mcp
