// What models cost: a table with a line for each model, its source and its date.
//
// The table of the program is `prices/models.yaml`; a deployment may lay its own over it. Prices
// are dollars for a million tokens, read digit by digit: nothing here is a floating-point number. A
// request is charged the sum of its tokens at their prices, rounded up once to a nano-dollar. A
// reservation is made at the dearest price that such a request can meet (`dearest`): uncached or
// written to a cache, in the highest tier that its input can reach, in the dearest service class.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "model/spend.h"

namespace pawl {

// Nano-USD for a million tokens.
struct Rates {
  NanoUsd input = 0, cache_read = 0, cache_write = 0, cache_write_long = 0, output = 0;
  friend bool operator==(const Rates&, const Rates&) = default;
};

struct Price {
  std::string name;  // `openai/gpt-5`
  Rates rates;
  // Of requests with more input tokens than this; absent: there is one tier.
  std::optional<std::uint64_t> above;
  Rates rates_above;
  std::map<std::string, Rates, std::less<>> services;  // by service class
  NanoUsd search = 0;                                  // for one search of the provider
  std::uint64_t output_most = 0;                       // tokens of one answer; zero: not known
  std::string source, date;
  Position at;
};

class PriceTable {
 public:
  // Every mistake of the file at once, each with its place.
  static std::expected<PriceTable, std::vector<Error>> parse(std::string_view text,
                                                             std::string_view file);
  // The table of the program.
  static const PriceTable& builtin();
  // This table with the lines of another in place of its own.
  PriceTable with(const PriceTable& own) const;

  // The line of a model, or of the model whose dated snapshot it is (`gpt-5-2025-08-07`,
  // `claude-haiku-4-5-20251001`); null: there is none.
  const Price* find(std::string_view provider, std::string_view model) const;

  const std::map<std::string, Price, std::less<>>& lines() const { return lines_; }
  // Of the texts that it was read from.
  const std::string& digest() const { return digest_; }

 private:
  std::map<std::string, Price, std::less<>> lines_;
  std::string digest_;
};

// What a request costs in this service class; `standard`, `default`, `auto` and the empty text are
// the ordinary one. Nothing: the line has no such class.
std::optional<NanoUsd> cost(const Price& price, const TokenUsage& usage, std::string_view service);

DearestPrice dearest(const Price& price, std::uint64_t input_most, std::string_view table);

std::string_view builtin_prices();

}  // namespace pawl
