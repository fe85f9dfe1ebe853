#include "gate/state/policy_cache.h"

#include <algorithm>
#include <utility>

#include "kernel/policy/policy.h"

namespace pawl {

std::string tool_key(std::string_view server, std::string_view tool) {
  std::string key;
  key.reserve(server.size() + 1 + tool.size());
  key.append(server).append("\n").append(tool);
  return key;
}

PolicyInUse::PolicyInUse(std::shared_ptr<const Policy> policy)
    : policy_(std::move(policy)), digest_(to_string(policy_->digest)) {}

bool PolicyInUse::still_good(const Kept& kept, const ToolDefinition* definition,
                             Instant now) const {
  if (kept.defined != (definition != nullptr)) return false;
  if (definition != nullptr && kept.definition != definition->digest) return false;
  return std::ranges::none_of(policy_->risks, [&](const AcceptedRisk& risk) {
    return (kept.at < risk.until) != (now < risk.until);
  });
}

std::shared_ptr<const BoundTool> PolicyInUse::bound(
    std::string_view server, std::string_view tool,
    const std::shared_ptr<const ToolDefinition>& definition, Instant now) {
  std::string key = tool_key(server, tool);
  const auto known = kept_.find(key);
  if (known != kept_.end() && still_good(known->second, definition.get(), now)) {
    return known->second.tool;
  }
  auto bound = bind_call(*policy_, server, tool, definition, now);
  if (!bound) return nullptr;
  if (known == kept_.end() && kept_.size() >= bound_tools_max) kept_.clear();
  Kept& kept = kept_[std::move(key)];
  kept.defined = definition != nullptr;
  kept.definition = definition ? definition->digest : Digest{};
  kept.at = now;
  kept.tool = std::make_shared<const BoundTool>(std::move(*bound));
  return kept.tool;
}

std::shared_ptr<PolicyInUse> PolicyCache::keep(const std::shared_ptr<const Policy>& policy) {
  std::string digest = to_string(policy->digest);
  auto& kept = by_digest_[std::move(digest)];
  // One that was read back from the journal does not know its file's name: the first one that does
  // takes its place. Calls that wait hold on to entries of the old one, so that one stays too.
  if (!kept || kept->policy().file != policy->file) {
    kept = std::make_shared<PolicyInUse>(policy);
    all_.push_back(kept);
  }
  return kept;
}

std::shared_ptr<PolicyInUse> PolicyCache::find(std::string_view digest) const {
  const auto found = by_digest_.find(digest);
  return found == by_digest_.end() ? nullptr : found->second;
}

}  // namespace pawl
