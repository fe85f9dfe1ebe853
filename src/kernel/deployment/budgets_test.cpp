#include "kernel/deployment/budgets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/deployment/deployment.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

Instant at(std::string_view text) {
  return *parse_instant(text);
}

constexpr std::string_view kRoles =
    "roles:\n  sre: {file: sre.yaml, team: ops}\n  support: {file: support.yaml}\n";

LoadedDeployment load(std::string_view budgets) {
  return load_deployment(std::string(kRoles) + std::string(budgets), "d.yaml");
}

TEST(Budgets, CountByTheWindowsOfTheCalendar) {
  const Instant now = at("2026-12-31T23:59:59.5Z");
  EXPECT_EQ(window_of(BudgetPer::hour, now), at("2026-12-31T23:00:00Z"));
  EXPECT_EQ(window_of(BudgetPer::day, now), at("2026-12-31T00:00:00Z"));
  EXPECT_EQ(window_of(BudgetPer::month, now), at("2026-12-01T00:00:00Z"));
  EXPECT_EQ(window_of(BudgetPer::month, at("2027-01-01T00:00:00Z")), at("2027-01-01T00:00:00Z"));
  EXPECT_EQ(window_of(BudgetPer::day, at("1969-12-31T23:00:00Z")), at("1969-12-31T00:00:00Z"));
}

TEST(Budgets, CountTheRolesThatTheyName) {
  const LoadedDeployment loaded = load(
      "budgets:\n  all: {per: month, max_cost_usd: 100.50}\n"
      "  ops: {per: day, teams: [ops], max_tokens: 1000}\n"
      "  desk: {per: hour, roles: [support], max_model_calls: 5}\n");
  ASSERT_TRUE(loaded.errors.empty()) << to_string(loaded.errors.front());
  const Instant now = at("2026-11-26T10:20:30Z");
  const auto sre = budgets_of(*loaded.deployment, "sre", now);
  ASSERT_EQ(sre.size(), 2U);
  EXPECT_EQ(sre[0].window, (BudgetWindow{"all per month", at("2026-11-01T00:00:00Z")}));
  EXPECT_EQ(sre[0].money, 100'500'000'000U);
  EXPECT_EQ(sre[1].window, (BudgetWindow{"ops per day", at("2026-11-26T00:00:00Z")}));
  EXPECT_EQ(sre[1].tokens, 1000U);
  const auto support = budgets_of(*loaded.deployment, "support", now);
  ASSERT_EQ(support.size(), 2U);
  EXPECT_EQ(support[1].window, (BudgetWindow{"desk per hour", at("2026-11-26T10:00:00Z")}));
  EXPECT_EQ(support[1].calls, 5U);
}

TEST(Budgets, MistakesAreSaidWithTheirPlace) {
  const LoadedDeployment loaded = load(
      "budgets:\n  a: {per: week, max_tokens: 1}\n  b: {per: day}\n"
      "  c: {per: day, roles: [srre], teams: [opps], max_tokens: 1}\n");
  std::string all;
  for (const Error& error : loaded.errors) all += to_string(error) + "\n";
  EXPECT_THAT(all, HasSubstr("`per` must be `hour`, `day` or `month`, found `week`"));
  EXPECT_THAT(all, HasSubstr("the budget `b` limits nothing"));
  EXPECT_THAT(all, HasSubstr("there is no role `srre`: did you mean `sre`?"));
  EXPECT_THAT(all, HasSubstr("there is no team `opps`: did you mean `ops`?"));
}

}  // namespace
}  // namespace pawl
