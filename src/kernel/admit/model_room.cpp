#include "kernel/admit/model_room.h"

#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

using Of = ModelLimit::Of;

void add(std::vector<ModelLimit>& to, Of of, const std::optional<std::uint64_t>& most,
         Spending::Use use, const Rule* rule, const std::string& whose) {
  if (most) to.push_back({of, *most, use.settled, use.reserved, rule, whose});
}

Spending::Use both(const Spending& spending) {
  return {sum_of(spending.input.settled, spending.output.settled),
          sum_of(spending.input.reserved, spending.output.reserved)};
}

}  // namespace

std::string shown_money(NanoUsd money) {
  std::string decimals = fmt::format("{:09}", money % nano_usd_per_usd);
  while (decimals.size() > 2 && decimals.ends_with('0')) decimals.pop_back();
  return fmt::format("${}.{}", money / nano_usd_per_usd, decimals);
}

std::string ModelLimit::shown(std::uint64_t amount) const {
  switch (of) {
    case Of::input:
      return fmt::format("{} input tokens", amount);
    case Of::output:
      return fmt::format("{} output tokens", amount);
    case Of::tokens:
      return fmt::format("{} tokens", amount);
    case Of::calls:
      return fmt::format("{} requests to models", amount);
    case Of::money:
      break;
  }
  return shown_money(amount);
}

std::string ModelLimit::needed(const ModelFact& request) const {
  switch (of) {
    case Of::calls:
      return "one more";
    case Of::output:
      return "more output";
    case Of::input:
    case Of::tokens:
      return fmt::format("{} for its input", request.input_most);
    case Of::money:
      break;
  }
  return "more than is left";
}

std::vector<ModelLimit> model_limits(const Situation& s) {
  std::vector<ModelLimit> limits;
  const Ceilings& c = s.policy.ceilings;
  const Spending& run = s.run.spending;
  const std::string whose = "of the run";
  add(limits, Of::calls, c.model_calls, run.calls, &c.model_calls_rule, whose);
  add(limits, Of::tokens, c.tokens, both(run), &c.tokens_rule, whose);
  add(limits, Of::input, c.input_tokens, run.input, &c.input_rule, whose);
  add(limits, Of::output, c.output_tokens, run.output, &c.output_rule, whose);
  add(limits, Of::money, c.cost_nano_usd, run.money, &c.cost_rule, whose);
  static const Spending nothing;
  for (const BudgetFact& budget : s.facts.model->budgets) {
    const Spending* found = s.state.spending(budget.window);
    const Spending& spent = found == nullptr ? nothing : *found;
    const std::string of = "of the budget `" + escape_untrusted(budget.window.budget) + "`";
    add(limits, Of::calls, budget.calls, spent.calls, nullptr, of);
    add(limits, Of::tokens, budget.tokens, both(spent), nullptr, of);
    add(limits, Of::money, budget.money, spent.money, nullptr, of);
  }
  return limits;
}

}  // namespace pawl
