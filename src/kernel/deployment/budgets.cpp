#include "kernel/deployment/budgets.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel/config/limits.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {

namespace {

void read_per(DeploymentBuild& build, Budget& into, const yaml::Entry& key) {
  build.reading.word(key.value, key.key, {"hour", "day", "month"});
  const std::string& text = key.value.text;
  into.per = text == "hour" ? BudgetPer::hour : text == "month" ? BudgetPer::month : BudgetPer::day;
}

void read_money(DeploymentBuild& build, Budget& into, const yaml::Entry& key) {
  into.money = build.reading.money(key.value, key.key);
}

constexpr auto kBudgetKeys = section_keys<DeploymentBuild, Budget>(
    Section::standing_budget,
    {
        {"per", "`hour`, `day` or `month`", "required", 9,
         "The window, by the calendar in UTC. At its end the budget is whole again.", read_per},
        {"roles", "list of roles", "every role", 9, "Whose runs it counts together.",
         list<&Budget::roles>},
        {"teams", "list of teams", "every team", 9, "The roles of these teams, besides `roles`.",
         list<&Budget::teams>},
        {"max_cost_usd", "decimal number", "no limit", 9, "Money for models, in dollars.",
         read_money},
        {"max_tokens", "whole number", "no limit", 9, "Tokens of models, in and out.",
         count<Between{1, limits::tokens_max}, &Budget::tokens>},
        {"max_model_calls", "whole number", "no limit", 9, "Requests to models that were sent.",
         count<Between{1, limits::steps_max}, &Budget::calls>},
    });

}  // namespace

std::string_view to_string(BudgetPer per) {
  switch (per) {
    case BudgetPer::hour:
      return "hour";
    case BudgetPer::day:
      return "day";
    case BudgetPer::month:
      break;
  }
  return "month";
}

// By the spelling of the time, of which the rest becomes zeroes.
Instant window_of(BudgetPer per, Instant now) {
  std::string text = to_string(now);  // `2026-12-31T23:59:59.5Z`
  switch (per) {
    case BudgetPer::hour:
      text = text.substr(0, 13) + ":00";
      break;
    case BudgetPer::day:
      text = text.substr(0, 10) + "T00:00";
      break;
    case BudgetPer::month:
      text = text.substr(0, 7) + "-01T00:00";
      break;
  }
  constexpr std::int64_t second_ns = 1'000'000'000;
  const auto begins = parse_civil(text);
  return begins ? Instant{seconds_as_utc(*begins) * second_ns} : Instant{};
}

std::vector<BudgetFact> budgets_of(const Deployment& deployment, std::string_view role,
                                   Instant now) {
  std::vector<BudgetFact> out;
  const auto known = deployment.roles.find(role);
  const std::string team = known == deployment.roles.end() ? std::string() : known->second.team;
  const auto has = [](const std::vector<std::string>& names, std::string_view name) {
    return !name.empty() && std::ranges::find(names, name) != names.end();
  };
  for (const auto& [name, budget] : deployment.budgets) {
    const bool all = budget.roles.empty() && budget.teams.empty();
    if (!all && !has(budget.roles, role) && !has(budget.teams, team)) continue;
    BudgetFact fact;
    fact.window = {fmt::format("{} per {}", name, to_string(budget.per)),
                   window_of(budget.per, now)};
    fact.tokens = budget.tokens;
    fact.calls = budget.calls;
    fact.money = budget.money;
    out.push_back(std::move(fact));
  }
  return out;
}

void read_budget(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  if (!build.named(entry, "budget")) return;
  Budget budget;
  budget.name = entry.key;
  budget.at = entry.key_at;
  if (!read_section(build, entry.value, kBudgetKeys, budget)) return;
  if (!budget.tokens && !budget.calls && !budget.money) {
    build.reading.mistake(
        entry.key_at,
        fmt::format("the budget `{}` limits nothing: expected `max_cost_usd`, `max_tokens` or "
                    "`max_model_calls`",
                    entry.key));
  }
  into.budgets.emplace(entry.key, std::move(budget));
}

void check_budgets(DeploymentBuild& build) {
  std::vector<std::string> roles, teams;
  for (const auto& [name, role] : build.into.roles) {
    roles.push_back(name);
    if (!role.team.empty()) teams.push_back(role.team);
  }
  for (const auto& [name, budget] : build.into.budgets) {
    for (const std::string& role : budget.roles) {
      if (std::ranges::find(roles, role) == roles.end())
        build.unknown({role, budget.at}, "role", roles);
    }
    for (const std::string& team : budget.teams) {
      if (std::ranges::find(teams, team) == teams.end())
        build.unknown({team, budget.at}, "team", teams);
    }
  }
}

void list_budget_keys(std::vector<Key>& into) {
  kBudgetKeys.list(into);
}

}  // namespace pawl
