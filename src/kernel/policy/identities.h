// Whether the roles of a deployment can be told apart by what they are at the servers.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/policy/deployment.h"
#include "kernel/policy/policy.h"

namespace pawl {

// Roles that are judged as if they worked in production, whatever their files say.
using ProductionRoles = std::set<std::string>;

// `roles`: the policies that the deployment's roles have. Mistakes, each at its `agent`, there or
// in the deployment file: two roles with one identity, an agent that is proved by the identity of
// another role, and, but in development, an identity or a proof that is a person's: their name,
// their account, or what their provider calls them.
std::vector<Error> shared_identities(const Deployment& deployment,
                                     std::span<const std::shared_ptr<const Policy>> roles,
                                     const ProductionRoles& production = {});

// Credentials of several roles, one of which works in production: no accepted risk reaches there.
std::vector<Error> shared_credentials(const Deployment& deployment,
                                      std::span<const std::shared_ptr<const Policy>> roles,
                                      const ProductionRoles& production = {});

}  // namespace pawl
