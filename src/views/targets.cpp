#include "views/targets.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "kernel/policy/policy.h"
#include "kernel/state/state.h"

namespace pawl::views {
namespace {

constexpr std::size_t near_max = 3;
constexpr std::size_t targets_max = 5000;  // of one scope, for who picks

using Names = std::set<std::string, std::less<>>;

std::string_view tool_alone(std::string_view tool) {
  const std::size_t slash = tool.find('/');
  return slash == tool.npos ? tool : tool.substr(slash + 1);
}

void add_tools(Names& names, const Policy& policy) {
  for (const ToolRule& entry : policy.tools) {
    for (const std::string& name : entry.names) {
      if (name.find_first_of("*?[") == name.npos) names.insert(name);
    }
  }
}

Names tools_of(const Gate& gate, const StandingNames& standing) {
  Names names;
  for (const auto& [key, pin] : gate.state().pins()) {
    const auto& [server, tool] = key;
    if (!tool.empty()) names.insert(server.empty() ? tool : server + "/" + tool);
  }
  for (const auto& [id, run] : gate.state().runs()) {
    if (run.phase == RunPhase::closed) continue;
    if (const auto policy = gate.runs.policy_of(id)) add_tools(names, *policy);
  }
  for (const auto& policy : standing.policies) add_tools(names, *policy);
  return names;
}

Names runs_of(const State& state) {
  Names names;
  for (const auto& [id, run] : state.runs()) {
    if (run.phase != RunPhase::closed) names.insert(id);
  }
  return names;
}

// A role is called by its policy's `agent.id`; an agent by that too, or by its name in the
// deployment file.
Names callers_of(const State& state, const StandingNames& standing, bool agents) {
  Names names(standing.roles.begin(), standing.roles.end());
  for (const auto& policy : standing.policies) names.insert(policy->agent);
  for (const auto& [id, run] : state.runs()) {
    names.insert(run.agent);
    if (agents) names.insert(run.caller);
  }
  if (agents) names.insert(standing.agents.begin(), standing.agents.end());
  names.erase("");
  return names;
}

Names servers_of(const State& state, const StandingNames& standing) {
  Names names(standing.servers.begin(), standing.servers.end());
  for (const auto& [key, pin] : state.pins()) names.insert(key.first);
  names.erase("");
  return names;
}

}  // namespace

std::vector<std::string> targets_of(std::string_view scope, const Gate& gate,
                                    const StandingNames& standing) {
  Names names;
  if (scope == "run") names = runs_of(gate.state());
  if (scope == "role" || scope == "agent") {
    names = callers_of(gate.state(), standing, scope == "agent");
  }
  if (scope == "upstream") names = servers_of(gate.state(), standing);
  if (scope == "tool") names = tools_of(gate, standing);
  return {names.begin(), names.end()};
}

// As `covers` and `covers_tool` compare (kernel/state): tools and servers whatever their case.
bool is_target(std::string_view scope, std::string_view name,
               const std::vector<std::string>& targets) {
  if (scope == "all") return true;
  if (scope != "tool" && scope != "upstream") {
    return std::ranges::find(targets, name) != targets.end();
  }
  const std::string wanted = fold(name);
  return std::ranges::any_of(targets, [&](const std::string& target) {
    return wanted == fold(target) || (scope == "tool" && wanted == fold(tool_alone(target)));
  });
}

std::vector<std::string> near_targets(std::string_view scope, std::string_view name,
                                      const std::vector<std::string>& targets) {
  std::vector<std::string> left(targets.begin(), targets.end());
  // A tool without its server is as good a name.
  if (scope == "tool" && name.find('/') == name.npos) {
    Names alone;
    for (const std::string& target : left) alone.emplace(tool_alone(target));
    left.assign(alone.begin(), alone.end());
  }
  std::vector<std::string> near;
  while (near.size() < near_max) {
    const std::string next = closest_match(name, left);
    if (next.empty()) break;
    near.push_back(next);
    std::erase(left, next);
  }
  // What begins or ends alike, where no spelling is near.
  const std::string wanted = fold(name);
  for (const std::string& target : left) {
    if (near.size() >= near_max || wanted.size() < 3) break;
    const std::string folded = fold(target);
    if (folded.contains(wanted) || wanted.contains(folded)) near.push_back(target);
  }
  return near;
}

std::string targets_json(const Gate& gate, const StandingNames& standing) {
  json::Writer out;
  out.object();
  const auto list = [&](std::string_view scope) {
    auto names = targets_of(scope, gate, standing);
    if (names.size() > targets_max) names.resize(targets_max);
    out.key(scope).array();
    for (const std::string& name : names) out.string(name);
    out.end();
  };
  list("agent");
  out.key("ok").boolean(true);
  for (const char* scope : {"role", "run", "tool", "upstream"}) list(scope);
  return out.end().take();
}

std::string meant_text(const std::vector<std::string>& near) {
  if (near.empty()) return {};
  if (near.size() == 1) return ": did you mean `" + escape_untrusted(near.front()) + "`?";
  std::string text = ": the nearest names are ";
  for (const std::string& name : near) {
    text += (&name == &near.front() ? "`" : ", `") + escape_untrusted(name) + "`";
  }
  return text;
}

}  // namespace pawl::views
