// The doors as resources of OAuth: what they say about themselves (RFC 9728), and what they ask for
// when they refuse a caller (RFC 6750, section 3).
#include <algorithm>
#include <set>

#include "base/json.h"
#include "io/identity/bearer.h"
#include "io/identity/identities.h"

namespace pawl::identity {
namespace {

constexpr std::string_view kMcpDoor = "/mcp/";
constexpr std::string_view kMetadata = "/.well-known/oauth-protected-resource";

std::string_view role_of_door(std::string_view path) {
  return path.starts_with(kMcpDoor) ? path.substr(kMcpDoor.size()) : std::string_view();
}

}  // namespace

// Whose tokens can open a door. Not of which role: a caller that proved nothing learns from no
// answer which roles there are.
std::vector<const TokenSource*> Identities::issuers() const {
  std::set<std::string> names;
  for (const auto& [name, agent] : deployed_) {
    if (agent.jwt) names.insert(agent.jwt->issuer);
  }
  std::vector<const TokenSource*> all;
  for (const std::string& name : names) {
    const auto found = sources_.find("issuer " + name);
    if (found != sources_.end()) all.push_back(&found->second);
  }
  return all;
}

// How an issuer calls a right; without one, how all of those that care call it. Empty: they differ.
std::string Identities::scope_of(std::string_view right, const std::string& issuer) const {
  std::set<std::string> words;
  for (const auto& [name, source] : sources_) {
    if (source.scopes.empty() || (!issuer.empty() && name != "issuer " + issuer)) continue;
    const auto scope = source.scopes.find(right);
    words.insert(scope == source.scopes.end() ? std::string() : scope->second);
  }
  return words.size() == 1 ? *words.begin() : std::string();
}

std::string Identities::metadata(std::string_view path) const {
  const bool door = path.empty() || path == "/v1" || !role_of_door(path).empty();
  if (!door) return {};
  const auto all = issuers();
  if (all.empty()) return {};
  std::set<std::string> scopes;
  json::Writer out;
  out.object().key("resource").string(issuer_ + std::string(path));
  out.key("authorization_servers").array();
  for (const TokenSource* source : all) {
    out.string(source->keys.issuer);
    for (const auto& [right, scope] : source->scopes) scopes.insert(scope);
  }
  out.end();
  if (!scopes.empty()) {
    out.key("scopes_supported").array();
    for (const std::string& scope : scopes) out.string(scope);
    out.end();
  }
  out.key("bearer_methods_supported").array().string("header").end();
  return out.end().take();
}

http::Response Identities::refusal(const Denied& denied, const std::string& audience,
                                   std::string_view needs) const {
  ChallengeTerms terms;
  const std::string_view path = audience.starts_with(issuer_)
                                    ? std::string_view(audience).substr(issuer_.size())
                                    : std::string_view();
  if (!issuers().empty()) {
    terms.metadata = issuer_ + std::string(kMetadata) + std::string(path);
    // A client that has nothing yet asks for what this door wants.
    terms.scope = scope_of(denied.scope.empty() ? needs : denied.scope, denied.issuer);
  }
  return refuse(denied, terms);
}

}  // namespace pawl::identity
