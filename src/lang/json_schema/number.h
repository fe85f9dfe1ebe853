// Exact arithmetic on the numbers of JSON documents.
//
// A number that is not an integer stands for the shortest decimal that reads back equal, because
// that is what is forwarded: 0.3 is a multiple of 0.1 here.
#pragma once

#include <cstdint>

#include "base/json.h"

namespace pawl::json_schema {

// (negative ? -1 : 1) * digits * 10^exponent, with no zeros at the end of digits.
struct Decimal {
  bool negative = false;
  std::uint64_t digits = 0;
  int exponent = 0;
};

// Precondition of all: the views are numbers.
Decimal decimal_of(json::View number);
int compare(json::View a, json::View b);                // below, equal to or above 0, as a is to b
bool is_multiple(json::View value, const Decimal& of);  // precondition: `of` is above 0
bool is_whole(json::View number);

}  // namespace pawl::json_schema
