// What a provider says that was used, counter by counter, and as disjoint tokens. Private to the
// room: usage.h is its face.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "kernel/model_api/api.h"
#include "model/spend.h"

namespace pawl {

enum class UsageCounter : std::uint8_t {
  input,
  tool_input,     // results of the provider's own tools: Gemini
  cached,         // read from a cache
  written,        // to a cache
  written_short,  // of `written`: for minutes
  written_long,   // of `written`: for an hour
  output,
  reasoning,
  total,
  searches,
  audio,  // has no price here
};
inline constexpr std::size_t usage_counters = 11;

class UsageCounters {
 public:
  explicit UsageCounters(ModelApi api) : api_(api) {}

  // Takes what an object states. Counts are totals so far: one that shrinks, or is none, is an
  // error that says which.
  Status take(json::View usage);

  // Disjoint, or why the counters cannot be: one is missing, or they do not fit each other.
  Result<TokenUsage> tokens() const;

  bool any() const { return any_; }

 private:
  std::optional<std::uint64_t>& at(UsageCounter counter) {
    return values_[static_cast<std::size_t>(counter)];
  }
  std::uint64_t value(UsageCounter counter) const {
    return values_[static_cast<std::size_t>(counter)].value_or(0);
  }
  bool has(UsageCounter counter) const {
    return values_[static_cast<std::size_t>(counter)].has_value();
  }
  Result<TokenUsage> parts_of_input_and_output() const;
  Result<TokenUsage> caches_on_top() const;
  Result<TokenUsage> thoughts_on_top() const;
  Status modalities(json::View usage);

  ModelApi api_;
  bool any_ = false;
  std::array<std::optional<std::uint64_t>, usage_counters> values_;
};

}  // namespace pawl
