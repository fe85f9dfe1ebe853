#include "model/sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace pawl {
namespace {

std::string read_amount(std::string_view number) {
  const auto amount = parse_amount(number);
  return amount ? to_string(*amount) : "none";
}

TEST(Amount, IsExactHoweverItIsSpelled) {
  EXPECT_EQ(read_amount("0"), "0");
  EXPECT_EQ(read_amount("-0"), "0");
  EXPECT_EQ(read_amount("-0.000"), "0");
  EXPECT_EQ(read_amount("0e99999999999999999999"), "0");
  EXPECT_EQ(read_amount("1e2"), "100");
  EXPECT_EQ(read_amount("1E+2"), "100");
  EXPECT_EQ(read_amount("12.50"), "12.5");
  EXPECT_EQ(read_amount("0.1"), "0.1");
  EXPECT_EQ(read_amount("100e-2"), "1");
  EXPECT_EQ(read_amount("0.000000001"), "0.000000001");
  EXPECT_EQ(read_amount("1e-9"), "0.000000001");
  EXPECT_EQ(read_amount("10000000000e-10"), "1");
  EXPECT_EQ(read_amount("9000000000"), "9000000000");
  EXPECT_EQ(read_amount("8999999999.999999999"), "8999999999.999999999");
}

TEST(Amount, WhatIsNoAmount) {
  EXPECT_EQ(read_amount("-1"), "none");
  EXPECT_EQ(read_amount("-0.000000001"), "none");
  EXPECT_EQ(read_amount("0.0000000001"), "none") << "ten decimals";
  EXPECT_EQ(read_amount("0.30000000000000004"), "none") << "what 0.1 + 0.2 is in doubles";
  EXPECT_EQ(read_amount("9000000000.000000001"), "none");
  EXPECT_EQ(read_amount("9000000001"), "none");
  EXPECT_EQ(read_amount("18446744073709551616"), "none");
  EXPECT_EQ(read_amount("1e300"), "none");
  EXPECT_EQ(read_amount("1e99999999999999999999"), "none");
  EXPECT_EQ(read_amount("1e-99999999999999999999"), "none");
}

TEST(Amount, ComesFromNumbersOnlyAndAsTheyAreForwarded) {
  const auto document = json::parse(R"([0.1,1e2,-0.0,"5",true,null,[1],{"a":1},20.00])");
  ASSERT_TRUE(document);
  std::string out;
  for (const json::View value : document->root().elements()) {
    const auto amount = amount_of(value);
    out += (amount ? to_string(*amount) : "none") + " ";
  }
  EXPECT_EQ(out, "0.1 100 0 none none none none none 20 ");
  EXPECT_FALSE(amount_of(json::View()));
}

// Any amount, with its point anywhere and zeros at both ends.
TEST(Amount, IsTheSameInEverySpelling) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t scale = std::uint64_t{1} << (random() % 63);
    const Amount amount{random() % std::min(scale, amount_units_max * nano_per_unit + 1)};
    std::string digits = std::to_string(amount.nano) + std::string(random() % 3, '0');
    const auto zeros =
        static_cast<std::int64_t>(digits.size() - std::to_string(amount.nano).size());
    const std::size_t behind = random() % (digits.size() + 1);
    std::string text = digits.substr(0, digits.size() - behind);
    if (text.empty()) text = "0";
    if (behind > 0) text += "." + digits.substr(digits.size() - behind);
    text += "e" + std::to_string(static_cast<std::int64_t>(behind) - zeros - amount_decimals_max);
    const auto read_amount = parse_amount(text);
    ASSERT_TRUE(read_amount) << text;
    EXPECT_EQ(read_amount->nano, amount.nano) << text;
    EXPECT_EQ(parse_amount(to_string(amount)), amount);
  }
}

TEST(Amount, AddsUpAsFarAsAnAmountGoes) {
  const Amount most{amount_units_max * nano_per_unit};
  EXPECT_EQ(to_string(*plus(*parse_amount("0.1"), *parse_amount("0.2"))), "0.3");
  EXPECT_TRUE(plus(most, {}));
  EXPECT_FALSE(plus(most, {1}));
  EXPECT_FALSE(plus(most, most));
}

}  // namespace
}  // namespace pawl
