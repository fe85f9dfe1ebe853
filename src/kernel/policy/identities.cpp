#include "kernel/policy/identities.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"

namespace pawl {
namespace {

bool is_of_person(const Deployment& deployment, const std::string& folded) {
  for (const auto& [name, person] : deployment.people) {
    if (fold(name) == folded) return true;
  }
  return false;
}

}  // namespace

std::vector<Error> shared_identities(const Deployment& deployment,
                                     std::span<const std::shared_ptr<const Policy>> roles) {
  std::vector<Error> errors;
  std::map<std::string, std::string> owners;  // folded identity -> role
  for (const auto& policy : roles) {
    if (policy->identity.empty()) continue;
    const std::string folded = fold(policy->identity);
    const auto [owner, fresh] = owners.emplace(folded, policy->agent);
    if (!fresh && owner->second != policy->agent) {
      errors.push_back({Fault::invalid,
                        fmt::format("`{}` is the identity of the role `{}` too: what two roles do "
                                    "could not be told apart",
                                    visible(policy->identity), visible(owner->second)),
                        policy->agent_rule.at});
    }
    if (policy->environment != Environment::development && is_of_person(deployment, folded)) {
      errors.push_back({Fault::invalid,
                        fmt::format("`{}` is a person of the deployment file: outside of "
                                    "development an agent has an identity of its own",
                                    visible(policy->identity)),
                        policy->agent_rule.at});
    }
  }
  return errors;
}

}  // namespace pawl
