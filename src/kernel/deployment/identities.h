// Whether the roles of a deployment can be told apart by what they are at the servers.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/deployment/deployment.h"

namespace pawl {

class Policy;

// Roles that are judged as if they worked in production, whatever their files say.
using ProductionRoles = std::set<std::string>;

// A role of the deployment file, with the policy that its file is.
struct DeployedRole {
  std::string name;
  std::shared_ptr<const Policy> policy;
};

// `roles`: those of the deployment whose policies load. Mistakes, each at its `agent`, there or in
// the deployment file: two roles with one identity, an agent that is proved by the identity of
// another role, and, but in development, an identity or a proof that is a person's: their name,
// their account, or what their provider calls them.
std::vector<Error> shared_identities(const Deployment& deployment,
                                     std::span<const DeployedRole> roles,
                                     const ProductionRoles& production = {});

// The name of a role is its policy's `agent.id`: by it the deployment file, the doors and the
// journal mean the same. Roles of another name, but in development where no agent is at a door for
// them: `served` says for which roles an agent may be.
std::vector<Error> misnamed_roles(const Deployment& deployment, std::span<const DeployedRole> roles,
                                  const std::function<bool(const std::string& role)>& served,
                                  const ProductionRoles& production = {});

// Secrets of several roles, under one name or several, one of which works in production: no
// accepted risk reaches there.
std::vector<Error> shared_credentials(const Deployment& deployment,
                                      std::span<const DeployedRole> roles,
                                      const ProductionRoles& production = {});

// Providers of models whose key is the caller's own, where a role works in production: what such a
// caller sends past pawl nobody counts.
std::vector<Error> client_keys(const Deployment& deployment, std::span<const DeployedRole> roles,
                               const ProductionRoles& production = {});

}  // namespace pawl
