// The exact value of a JSON number that is spelled with a fraction or an exponent.
//
// Used inside the parser: a double alone cannot tell `9007199254740993.0` from its neighbour, so
// the digits themselves are read.
#pragma once

#include <cstdint>
#include <string_view>

namespace pawl::json {

inline constexpr int significant_digits_max = 17;

struct Decimal {
  enum class Form : std::uint8_t {
    integer,   // a whole number in int64
    natural,   // a whole number in uint64 only
    fraction,  // anything else with at most `significant_digits_max` significant digits
    too_long,  // more digits than a double can keep apart
  };
  Form form = Form::fraction;
  bool zero = false;
  std::int64_t integer = 0;
  std::uint64_t natural = 0;
};

// `token` follows the grammar of RFC 8259. Zeros in front and zeros at the end are not significant.
Decimal read_decimal(std::string_view token);

// Finds, one after the other, the numbers of a valid JSON text that are not spelled as integers.
class FractionScanner {
 public:
  explicit FractionScanner(std::string_view valid_json) : rest_(valid_json) {}
  // Empty when there is none left.
  std::string_view next();

 private:
  void skip_string();
  std::string_view rest_;
};

}  // namespace pawl::json
