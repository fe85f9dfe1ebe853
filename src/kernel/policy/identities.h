// Whether the roles of a deployment can be told apart by what they are at the servers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "kernel/policy/deployment.h"
#include "kernel/policy/policy.h"

namespace pawl {

// `roles`: the policies that the deployment's roles have. Mistakes, each at its `agent`, there or
// in the deployment file: two roles with one identity, an agent that is proved by the identity of
// another role, and, but in development, an identity or a proof that is a person's: their name,
// their account, or what their provider calls them.
std::vector<Error> shared_identities(const Deployment& deployment,
                                     std::span<const std::shared_ptr<const Policy>> roles);

// Credentials of several roles, one of which works in production: no accepted risk reaches there.
std::vector<Error> shared_credentials(const Deployment& deployment,
                                      std::span<const std::shared_ptr<const Policy>> roles);

}  // namespace pawl
