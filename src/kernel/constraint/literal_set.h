// The values of `in` and `not_in`, indexed, and the exact comparison of numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/text_set.h"

namespace pawl {

// Beyond this magnitude a reader that keeps numbers as doubles sees another number (P05).
inline constexpr std::int64_t exact_in_double_max = std::int64_t{1} << 53;
bool inexact_in_double(json::View number);

// Completes a literal from its JSON text: canonical form, string, number, integer.
Status complete(Literal& literal);

class LiteralSet {
 public:
  // The literals are complete.
  explicit LiteralSet(std::span<const Literal> literals);

  // Equality of canonical JSON: `5` and `"5"` differ. `text` is what is forwarded for a string.
  bool contains(json::View value, std::string_view text) const;
  // The same for what is known to be a string.
  bool contains_text(std::string_view text, const TextKey& key) const {
    return strings_.contains(text, key);
  }
  // Also true for a string that differs only in case, width or compatible characters: a list of
  // what is forbidden must not be passed by another spelling.
  bool resembles(json::View value, std::string_view text) const;
  // Whether some literal is of the same sort (string, number, truth value, null, list, object).
  bool same_sort(json::View value) const;

 private:
  TextSet strings_;
  TextSet folded_;
  std::vector<std::int64_t> integers_;  // sorted
  TextSet others_;                      // canonical JSON of everything else
  unsigned sorts_ = 0;
};

// -1, 0 or 1 as the number is below, at or above the bound, without rounding.
int compare(json::View number, std::int64_t bound);
int compare(json::View number, double bound);

}  // namespace pawl
