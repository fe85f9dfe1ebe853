// Price tables of LiteLLM (`model_prices_and_context_window.json`) as tables of ours.
//
// Dollars for one token, written as numbers such as `1.25e-06`, become dollars for a million, digit
// by digit. Lines of other providers than OpenAI, Anthropic and Gemini, and of other things than
// text and embeddings, are left out. Of several tiers the lowest limit counts, with the dearest of
// their prices.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

inline constexpr std::size_t litellm_bytes_max = 32UL << 20;

struct ImportedPrices {
  std::string yaml;                     // of a price table
  std::size_t lines = 0, others = 0;    // others: of providers and kinds that are not known here
  std::vector<std::string> unreadable;  // names, with what is wrong
};

// `source` and `date` stand in every line. ErrorKind::invalid: it is not such a file.
Result<ImportedPrices> import_litellm(std::string_view text, std::string_view source,
                                      std::string_view date);

}  // namespace pawl
