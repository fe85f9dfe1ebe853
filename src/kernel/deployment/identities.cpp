#include "kernel/deployment/identities.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "kernel/deployment/credential_sources.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

// By their name, by what their provider calls them, or by an account of theirs.
bool is_of_person(const Deployment& deployment, const std::string& folded) {
  return std::ranges::any_of(deployment.people, [&folded](const auto& entry) {
    const auto& [name, person] = entry;
    const auto same = [&folded](const std::string& known) { return fold(known) == folded; };
    return same(name) || (!person.oidc.empty() && same(person.oidc)) ||
           std::ranges::any_of(person.accounts, same);
  });
}

// Where a person's identity may be an agent's too.
bool in_development(const DeployedRole& role, const ProductionRoles& production) {
  return role.policy->environment == Environment::development && !production.contains(role.name);
}

// Also where an argument of some call says so.
bool may_be_production(const Policy& policy) {
  if (policy.environment == Environment::production) return true;
  return std::ranges::any_of(policy.tools, [](const ToolRule& entry) {
    return entry.environment_by != nullptr &&
           std::ranges::any_of(entry.environment_by->values, [](const auto& value) {
             return value.second == Environment::production;
           });
  });
}

// The names by which others know an agent.
std::vector<std::string> names_of(const DeployedAgent& agent) {
  std::vector<std::string> names;
  if (agent.jwt) {
    for (const std::string_view claim : {"sub", "email", "preferred_username", "upn"}) {
      const auto found = agent.jwt->claims.find(claim);
      if (found == agent.jwt->claims.end()) continue;
      const auto value = json::parse(found->second);
      if (value && value->root().is_string()) names.emplace_back(value->root().string());
    }
  }
  if (agent.certificate) names.push_back(agent.certificate->value);
  if (!agent.spiffe.empty()) names.push_back(agent.spiffe);
  return names;
}

void check_proofs(const Deployment& deployment, const DeployedRole& role,
                  const std::map<std::string, std::string>& owners,
                  const ProductionRoles& production, std::vector<Error>& errors) {
  for (const auto& [name, agent] : deployment.agents) {
    if (agent.role != role.name) continue;
    for (const std::string& known : names_of(agent)) {
      const std::string folded = fold(known);
      if (!in_development(role, production) && is_of_person(deployment, folded)) {
        errors.push_back({ErrorKind::invalid,
                          fmt::format("`{}` is proved as `{}`, a person: outside of development an "
                                      "agent has an identity of its own",
                                      escape_untrusted(name), escape_untrusted(known)),
                          agent.at});
      }
      const auto owner = owners.find(folded);
      if (owner == owners.end() || owner->second == role.name) continue;
      errors.push_back({ErrorKind::invalid,
                        fmt::format("`{}` is proved as `{}`, which is the identity of the role "
                                    "`{}`: what two roles do could not be told apart",
                                    escape_untrusted(name), escape_untrusted(known),
                                    escape_untrusted(owner->second)),
                        agent.at});
    }
  }
}

}  // namespace

std::vector<Error> shared_identities(const Deployment& deployment,
                                     std::span<const DeployedRole> roles,
                                     const ProductionRoles& production) {
  std::vector<Error> errors;
  std::map<std::string, std::string> owners;  // folded identity -> role
  for (const DeployedRole& role : roles) {
    const auto& policy = role.policy;
    if (policy->identity.empty()) continue;
    const std::string folded = fold(policy->identity);
    const auto [owner, fresh] = owners.emplace(folded, role.name);
    if (!fresh) {
      errors.push_back(
          {ErrorKind::invalid,
           fmt::format("`{}` is the identity of the role `{}` too: what two roles do "
                       "could not be told apart",
                       escape_untrusted(policy->identity), escape_untrusted(owner->second)),
           policy->agent_rule.at});
    }
    if (!in_development(role, production) && is_of_person(deployment, folded)) {
      errors.push_back({ErrorKind::invalid,
                        fmt::format("`{}` is a person of the deployment file: outside of "
                                    "development an agent has an identity of its own",
                                    escape_untrusted(policy->identity)),
                        policy->agent_rule.at});
    }
  }
  for (const DeployedRole& role : roles) {
    check_proofs(deployment, role, owners, production, errors);
  }
  return errors;
}

std::vector<Error> misnamed_roles(const Deployment& deployment, std::span<const DeployedRole> roles,
                                  const std::function<bool(const std::string& role)>& served,
                                  const ProductionRoles& production) {
  std::vector<Error> errors;
  for (const DeployedRole& role : roles) {
    const std::string& agent = role.policy->agent;
    if (agent == role.name) continue;
    if (in_development(role, production) && !served(role.name)) continue;
    const auto written = deployment.roles.find(role.name);
    Position at = written == deployment.roles.end() ? Position{} : written->second.at;
    at.file = deployment.file;
    errors.push_back(
        {ErrorKind::invalid,
         fmt::format("the role `{}` has the policy of the agent `{}`: a role is called "
                     "as its policy's `agent.id`",
                     escape_untrusted(role.name), escape_untrusted(agent)),
         std::move(at)});
  }
  return errors;
}

std::vector<Error> shared_credentials(const Deployment& deployment,
                                      std::span<const DeployedRole> roles,
                                      const ProductionRoles& production) {
  std::vector<Error> errors;
  const UsersOfCredentials all = users_of_credentials(deployment);
  for (const auto& [name, credential] : deployment.credentials) {
    const std::set<std::string>& users = all.find(name)->second.roles;
    if (users.size() < 2) continue;
    const auto known = std::ranges::find_if(roles, [&](const DeployedRole& role) {
      return users.contains(role.name) &&
             (may_be_production(*role.policy) || production.contains(role.name));
    });
    if (known == roles.end()) continue;
    errors.push_back(
        {ErrorKind::invalid,
         fmt::format("`{}` is for {} roles, and `{}` {} in production: there, a "
                     "role has a credential of its own, whatever risk is accepted",
                     escape_untrusted(name), users.size(), escape_untrusted(known->name),
                     may_be_production(*known->policy) ? "works" : "would work"),
         credential.at});
  }
  return errors;
}

std::vector<Error> client_keys(const Deployment& deployment, std::span<const DeployedRole> roles,
                               const ProductionRoles& production) {
  std::vector<Error> errors;
  const auto works = std::ranges::find_if(roles, [&](const DeployedRole& role) {
    return may_be_production(*role.policy) || production.contains(role.name);
  });
  if (works == roles.end()) return errors;
  for (const auto& [name, provider] : deployment.providers) {
    if (!provider.passes_client()) continue;
    errors.push_back({ErrorKind::invalid,
                      fmt::format("`{}` is asked with the caller's own key, and `{}` works in "
                                  "production: there, the key is a credential of the deployment",
                                  escape_untrusted(name), escape_untrusted(works->name)),
                      provider.at});
  }
  return errors;
}

}  // namespace pawl
