// What requests to models use: tokens by what they cost, and money.
//
// Money is a whole number of nano-USD (a billionth of a dollar), never a floating-point number. A
// price is nano-USD for a million tokens, so that every published price is a whole number:
// $0.075 for a million tokens is 75'000'000. A request is charged the sum of its parts, rounded up
// once (kernel/metering).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/sum.h"
#include "base/time.h"

namespace pawl {

using NanoUsd = std::uint64_t;
inline constexpr NanoUsd nano_usd_per_usd = 1'000'000'000;

// Disjoint: the sum of all of them is what went in and what came out. Providers that count cached
// tokens as a part of the input are read that way too (kernel/model_api).
struct TokenUsage {
  std::uint64_t input = 0;  // neither read from a cache nor written to one
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write = 0;       // kept for minutes
  std::uint64_t cache_write_long = 0;  // kept for an hour
  std::uint64_t output = 0;            // without reasoning
  std::uint64_t reasoning = 0;
  std::uint64_t searches = 0;  // requests of the provider's own search tool: no tokens

  std::uint64_t into() const {
    return sum_of(sum_of(input, cache_read), sum_of(cache_write, cache_write_long));
  }
  std::uint64_t out() const { return sum_of(output, reasoning); }
  std::uint64_t total() const { return sum_of(into(), out()); }
  friend bool operator==(const TokenUsage&, const TokenUsage&) = default;
};

// What a request reserves before it is sent, and what counts against ceilings.
struct Spend {
  std::uint64_t input = 0, output = 0;  // tokens
  NanoUsd money = 0;
  // False: no ceiling asks for a cap, and the model's own is not known. `output` is then 0, and
  // what comes out is only counted.
  bool bounded = true;

  std::uint64_t tokens() const { return sum_of(input, output); }
  friend bool operator==(const Spend&, const Spend&) = default;
};

// The dearest that a bounded request can cost, in nano-USD: for a million tokens, and for the
// request whatever its tokens are.
struct DearestPrice {
  NanoUsd input = 0, output = 0, request = 0;
  std::string line;   // of the table: `openai/gpt-5`
  std::string table;  // digest of the table
  friend bool operator==(const DearestPrice&, const DearestPrice&) = default;
};

// A standing budget as it is for one call: of an agent, a team or the whole deployment, within a
// window of the calendar.
struct BudgetWindow {
  std::string budget;  // `agent/sre per day`
  Instant since{};     // of the window
  friend bool operator==(const BudgetWindow&, const BudgetWindow&) = default;
};
struct BudgetFact {
  BudgetWindow window;
  std::optional<std::uint64_t> tokens, calls;  // at most, within the window; absent: no limit
  std::optional<NanoUsd> money;
  friend bool operator==(const BudgetFact&, const BudgetFact&) = default;
};

// A request to a model as its door found it, before it is judged. A fact: recorded, and read again
// by replay.
inline constexpr std::uint64_t no_bound = std::numeric_limits<std::uint64_t>::max();
struct ModelFact {
  std::uint64_t input_most = 0;  // tokens; an upper bound, or `no_bound`
  std::uint64_t choices = 1;     // answers that are asked for
  // Tokens of each answer: the cap that the request states (the largest of several), and the least
  // that it can be lowered to (what its thinking budget needs). Zero: it states none.
  std::uint64_t output_asked = 0, output_least = 0;
  std::uint64_t output_most = 0;      // of each answer, by the model; zero: not known
  std::optional<DearestPrice> price;  // absent: the table has none
  std::vector<BudgetFact> budgets;    // that count this call too; the gate fills them in
  friend bool operator==(const ModelFact&, const ModelFact&) = default;
};

// How a request to a model was settled.
struct Spent {
  TokenUsage usage;
  NanoUsd money = 0;
  std::string line, table;  // as of DearestPrice; empty: unpriced
  // False: its usage could not be told or not be believed, and `why` says why. It was charged what
  // it had reserved.
  bool measured = true;
  std::string why;
  friend bool operator==(const Spent&, const Spent&) = default;
};

}  // namespace pawl
