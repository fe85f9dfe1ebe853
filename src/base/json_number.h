// The exact value of a JSON number that is spelled with a fraction or an exponent.
//
// Used inside the parser: a double alone cannot tell `9007199254740993.0` from its neighbour, so
// the digits themselves are read.
#pragma once

#include <cstdint>
#include <span>
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
  bool whole = false;          // nothing behind the point, whatever the form
  std::int64_t magnitude = 0;  // the power of ten of the first significant digit
  std::int64_t integer = 0;
  std::uint64_t natural = 0;
};

// `token` follows the grammar of RFC 8259. Zeros in front and zeros at the end are not significant.
Decimal read_decimal(std::string_view token);

// For texts that are only passed on. Writes a power of ten of about the same size over every number
// in the text that fits neither 64 bits nor a double, digit for digit, so that offsets stay.
// The text need not be valid; what is not a number by the grammar is left alone.
void round_large_numbers(std::span<char> json);

// Finds, one after the other, the numbers of a valid JSON text that are not spelled as integers.
class FractionScanner {
 public:
  explicit FractionScanner(std::string_view valid_json) : rest_(valid_json) {}
  // Empty when there is none left.
  std::string_view next();

 private:
  std::string_view rest_;
};

}  // namespace pawl::json
