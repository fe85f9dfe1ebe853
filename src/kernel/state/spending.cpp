#include "kernel/state/spending.h"

#include <limits>

namespace pawl {

namespace {

void add(TokenUsage& to, const TokenUsage& more) {
  to.input = sum_of(to.input, more.input);
  to.cache_read = sum_of(to.cache_read, more.cache_read);
  to.cache_write = sum_of(to.cache_write, more.cache_write);
  to.cache_write_long = sum_of(to.cache_write_long, more.cache_write_long);
  to.output = sum_of(to.output, more.output);
  to.reasoning = sum_of(to.reasoning, more.reasoning);
  to.searches = sum_of(to.searches, more.searches);
}

void charge(Spending::Use& use, std::uint64_t amount) {
  use.settled = sum_of(use.settled, amount);
}

}  // namespace

bool Spending::can_reserve(const Spend& spend) const {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / 4;
  const auto fits = [](const Use& use, std::uint64_t more) {
    return more <= most && use.reserved <= most;
  };
  return fits(input, spend.input) && fits(output, spend.output) && fits(money, spend.money);
}

void Spending::reserve(const Spend& spend) {
  input.reserved += spend.input;
  output.reserved += spend.output;
  money.reserved += spend.money;
  ++calls.reserved;
}

void Spending::release(const Spend& spend) {
  input.reserved -= spend.input;
  output.reserved -= spend.output;
  money.reserved -= spend.money;
  --calls.reserved;
}

void Spending::settle(const Spend& spend, const Spent* spent) {
  release(spend);
  charge(calls, 1);
  charge(input, spent == nullptr ? spend.input : spent->usage.into());
  charge(output, spent == nullptr ? spend.output : spent->usage.out());
  charge(money, spent == nullptr ? spend.money : spent->money);
  if (spent != nullptr) add(used, spent->usage);
}

bool exceeds(const Spend& spend, const Spent& spent) {
  if (!spend.bounded) return false;
  return spent.usage.into() > spend.input || spent.usage.out() > spend.output ||
         spent.money > spend.money;
}

const Spending* StandingBudgets::find(const BudgetWindow& window) const {
  const auto budget = budgets_.find(window.budget);
  if (budget == budgets_.end()) return nullptr;
  const auto found = budget->second.find(window.since);
  return found == budget->second.end() ? nullptr : &found->second;
}

Spending& StandingBudgets::at(const BudgetWindow& window) {
  return budgets_[window.budget][window.since];
}

void StandingBudgets::forget_before(const BudgetWindow& window) {
  const auto budget = budgets_.find(window.budget);
  if (budget == budgets_.end()) return;
  std::erase_if(budget->second, [&](const auto& one) {
    return one.first < window.since && !one.second.in_flight();
  });
}

}  // namespace pawl
