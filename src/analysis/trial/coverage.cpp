#include "analysis/trial/coverage.h"

#include <algorithm>
#include <tuple>

namespace pawl {

namespace {

void add(const Rule& rule, std::vector<RuleReach>& all) {
  if (rule.path.empty()) return;
  const bool known =
      std::ranges::any_of(all, [&rule](const RuleReach& one) { return one.path == rule.path; });
  if (!known) all.push_back({rule.path, rule.at, 0});
}

void add_entry(const ToolRule& entry, std::vector<RuleReach>& all) {
  add(entry.rule, all);
  for (const ArgumentRule& argument : entry.arguments) {
    for (const Check& check : argument.checks) add(check.rule, all);
    if (argument.checks.empty() && argument.from.empty()) add(argument.rule, all);
    if (!argument.from.empty()) add(argument.from_rule, all);
  }
  if (entry.max_records_per_run) add(entry.max_records_rule, all);
  if (entry.max_calls_per_run) add(entry.max_calls_rule, all);
  if (entry.max_calls_per_minute) add(entry.max_rate_rule, all);
  for (const CounterRule& counter : entry.counters) add(counter.rule, all);
  if (entry.requires_approval || entry.approval_if) add(entry.approval_rule, all);
  if (entry.only_if) add(entry.conditions[*entry.only_if]->rule(), all);
  if (entry.environment_by != nullptr) add(entry.environment_by->rule, all);
  if (entry.credential_by != nullptr) add(entry.credential_by->rule, all);
  for (const Case& one : entry.cases.list) {
    add(one.rule, all);
    for (const ArgumentRule& limit : one.limits) add(limit.rule, all);
  }
}

void add_ceilings(const Ceilings& ceilings, std::vector<RuleReach>& all) {
  if (ceilings.steps) add(ceilings.steps_rule, all);
  if (ceilings.denials) add(ceilings.denials_rule, all);
  if (ceilings.repeats) add(ceilings.repeats_rule, all);
  if (ceilings.wall_clock) add(ceilings.wall_clock_rule, all);
}

bool within(std::string_view path, std::string_view rule) {
  return path == rule || (path.starts_with(rule) && path[rule.size()] == '/');
}

}  // namespace

std::vector<RuleReach> coverage(const Policy& policy, const Reached& reached) {
  std::vector<RuleReach> all;
  for (const ToolRule& entry : policy.tools) add_entry(entry, all);
  for (const BlockedName& name : policy.blocked) add(name.rule, all);
  for (const Freeze& freeze : policy.freezes) add(freeze.rule, all);
  for (const Layer& layer : policy.layers) {
    for (const Requirement& row : layer.requirements) add(row.rule, all);
  }
  add_ceilings(policy.ceilings, all);
  for (RuleReach& rule : all) {
    for (const auto& [path, times] : reached) {
      // What decided below an entry reached the entry; a denial of an argument may name the whole
      // argument, and then stands for each of its checks.
      const bool below = within(path, rule.path);
      const bool above = rule.path.find("/args/") != std::string::npos &&
                         path.find("/args/") != std::string::npos && within(rule.path, path);
      if (below || above) rule.times += times;
    }
  }
  std::ranges::sort(all, [](const RuleReach& a, const RuleReach& b) {
    return std::tie(a.at.file, a.at.line, a.at.column) <
           std::tie(b.at.file, b.at.line, b.at.column);
  });
  return all;
}

}  // namespace pawl
