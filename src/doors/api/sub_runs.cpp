#include "doors/api/sub_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl::api {
namespace {

// A pattern with a slash is about one server's tool, one without about any server's, as in a
// policy.
bool covers(const std::string& pattern, std::string_view server, std::string_view tool) {
  if (!pattern.contains('/') || tool.starts_with("mcp:")) return glob_match(pattern, tool);
  return glob_match(pattern, std::string(server) + "/" + std::string(tool));
}

std::uint64_t used(const SubRun& run, token::Limit limit) {
  return limit == token::Limit::steps ? run.steps : run.denials;
}

}  // namespace

Status SubRuns::add(SubRun run, Instant now) {
  std::erase_if(runs_, [now](const auto& entry) { return now >= entry.second.expires; });
  const auto of_root = std::ranges::count_if(
      runs_, [&](const auto& entry) { return entry.second.root == run.root; });
  if (static_cast<std::size_t>(of_root) >= per_root_max_) {
    return fail(Fault::refused,
                fmt::format("ceiling: one run has at most {} sub-runs", per_root_max_));
  }
  std::string id = run.id;
  runs_.emplace(std::move(id), std::move(run));
  return {};
}

const SubRun* SubRuns::find(std::string_view id, Instant now) const {
  const SubRun* found = nullptr;
  // One whose parent is over is over: along the chain ends only come earlier.
  for (std::string_view at = id;;) {
    const auto known = runs_.find(at);
    if (known == runs_.end()) return found != nullptr && at == found->root ? found : nullptr;
    if (now >= known->second.expires) return nullptr;
    if (found == nullptr) found = &known->second;
    at = known->second.parent;
  }
}

std::string SubRuns::objection(std::string_view id, std::string_view server, std::string_view tool,
                               Instant now) const {
  if (find(id, now) == nullptr) return "the sub-run is over";
  for (auto at = runs_.find(id); at != runs_.end(); at = runs_.find(at->second.parent)) {
    const SubRun& run = at->second;
    const auto& tools = run.attenuation.tools;
    if (tools && std::ranges::none_of(*tools, [&](const std::string& pattern) {
          return covers(pattern, server, tool);
        })) {
      return "the sub-run has no such tool";
    }
    for (const auto& [limit, most] : run.attenuation.limits) {
      if (used(run, limit) < most) continue;
      return fmt::format("the sub-run `{}` has used its {} {}", run.id, most,
                         token::name_of(limit));
    }
  }
  return {};
}

void SubRuns::charge_step(std::string_view id) {
  for (auto at = runs_.find(id); at != runs_.end(); at = runs_.find(at->second.parent)) {
    ++at->second.steps;
  }
}

void SubRuns::charge_denial(std::string_view id) {
  for (auto at = runs_.find(id); at != runs_.end(); at = runs_.find(at->second.parent)) {
    ++at->second.denials;
  }
}

std::vector<std::string> SubRuns::end(std::string_view id) {
  std::vector<std::string> gone = {std::string(id)};
  for (std::size_t i = 0; i < gone.size(); ++i) {
    for (const auto& [name, run] : runs_) {
      if (run.parent == gone[i]) gone.push_back(name);
    }
  }
  for (const std::string& name : gone) runs_.erase(name);
  return gone;
}

void SubRuns::end_root(std::string_view root) {
  std::erase_if(runs_, [root](const auto& entry) { return entry.second.root == root; });
}

}  // namespace pawl::api
