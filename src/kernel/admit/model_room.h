// The limits that a request to a model meets: the ceilings of its run, and the standing budgets
// that count it, with what is settled and what is reserved of each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/admit/admit.h"

namespace pawl {

struct Rule;

struct ModelLimit {
  enum class Of : std::uint8_t { input, output, tokens, calls, money };

  Of of = Of::tokens;
  std::uint64_t most = 0, settled = 0, reserved = 0;
  const Rule* rule = nullptr;  // of the policy; null: a budget of the deployment
  std::string whose;           // `of the run`, `of the budget agent/sre per day`

  // `50000 tokens`, `$2.00`.
  std::string shown(std::uint64_t amount) const;
  // What the request may take of it without any output.
  std::string needed(const ModelFact& request) const;
};

// Precondition: the situation is of a request to a model, with its fact.
std::vector<ModelLimit> model_limits(const Situation& s);

// `$2.00`, `$0.0000125`.
std::string shown_money(NanoUsd money);

}  // namespace pawl
