#include "kernel/metering/price.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kTable =
    "version: 1\nprices:\n"
    "  acme/one: {input: 2, cache_read: 0.5, cache_write: 2.5, output: 10, search: 0.01,\n"
    "    above: {tokens: 272000, input: 4, output: 15}, output_most: 9000,\n"
    "    services: {priority: {input: 5, output: 20}}, date: 2026-11-26, source: \"https://x\"}\n"
    "  acme/tiny: {input: 0.0375, output: 0.075, date: 2026-11-26, source: \"https://x\"}\n";

PriceTable table() {
  auto read = PriceTable::parse(kTable, "p.yaml");
  EXPECT_TRUE(read);
  return *std::move(read);
}

TokenUsage usage(std::uint64_t input, std::uint64_t cached, std::uint64_t written,
                 std::uint64_t output, std::uint64_t thought = 0) {
  TokenUsage out;
  out.input = input;
  out.cache_read = cached;
  out.cache_write = written;
  out.output = output;
  out.reasoning = thought;
  return out;
}

TEST(Prices, TheTableOfTheProgramIsReadWhole) {
  const auto read = PriceTable::parse(builtin_prices(), "prices/models.yaml");
  std::string said;
  if (!read) {
    for (const Error& error : read.error()) said += to_string(error) + "\n";
  }
  ASSERT_TRUE(read) << said;
  EXPECT_GT(read->lines().size(), 15U);
  EXPECT_EQ(PriceTable::builtin().digest(), read->digest());
  for (const auto& [name, line] : read->lines()) {
    EXPECT_THAT(line.source, HasSubstr("https://")) << name;
    EXPECT_EQ(line.date.size(), 10U) << name;
    EXPECT_GE(line.rates.input, line.rates.cache_read) << name;
  }
}

TEST(Prices, ARequestCostsTheSumOfItsPartsRoundedUpOnce) {
  const PriceTable all = table();
  const Price& one = *all.find("acme", "one");
  // 13 at $2, 2803 at $0.50, 100 at $2.50, 21 + 4 at $10, each for a million.
  EXPECT_EQ(cost(one, usage(13, 2803, 100, 21, 4), ""), 26'000U + 1'401'500U + 250'000U + 250'000U);
  const Price& tiny = *all.find("acme", "tiny");
  EXPECT_EQ(cost(tiny, usage(1, 0, 0, 0), ""), 38U);   // 37.5
  EXPECT_EQ(cost(tiny, usage(1, 0, 0, 1), ""), 113U);  // 112.5
  EXPECT_EQ(cost(tiny, usage(2, 0, 0, 0), ""), 75U);
  TokenUsage searched = usage(0, 0, 0, 0);
  searched.searches = 3;
  EXPECT_EQ(cost(one, searched, "default"), 30'000'000U);
}

TEST(Prices, TiersAndServicesHaveTheirOwn) {
  const PriceTable all = table();
  const Price& one = *all.find("acme", "one");
  EXPECT_EQ(cost(one, usage(272'000, 0, 0, 0), ""), 544'000'000U);
  EXPECT_EQ(cost(one, usage(272'001, 0, 0, 0), ""), 1'088'004'000U);
  EXPECT_EQ(cost(one, usage(1'000'000, 0, 0, 1'000'000), "priority"), 25'000'000'000U);
  EXPECT_EQ(cost(one, usage(1, 0, 0, 0), "flex"), std::nullopt);
}

TEST(Prices, AReservationMeetsTheDearestThatTheInputCanReach) {
  Price line = *table().find("acme", "one");
  line.services.clear();
  const DearestPrice low = dearest(line, 272'000, "t");
  EXPECT_EQ(low.input, 2'500'000'000U);  // written to a cache
  EXPECT_EQ(low.output, 10'000'000'000U);
  const DearestPrice high = dearest(line, 272'001, "t");
  EXPECT_EQ(high.input, 4'000'000'000U);
  EXPECT_EQ(high.output, 15'000'000'000U);
  line.rates.cache_read = 9'000'000'000;
  EXPECT_EQ(dearest(line, 1, "t").input, 9'000'000'000U);
  const DearestPrice any = dearest(*table().find("acme", "one"), 1, "t");
  EXPECT_EQ(any.input, 5'000'000'000U);
  EXPECT_EQ(any.output, 20'000'000'000U);
  EXPECT_EQ(any.line, "acme/one");
}

TEST(Prices, NothingOverflows) {
  Price most = *table().find("acme", "one");
  most.above.reset();
  most.rates = {1'000'000'000'000'000, 1'000'000'000'000'000, 1'000'000'000'000'000,
                1'000'000'000'000'000, 1'000'000'000'000'000};
  TokenUsage all = usage(no_bound, no_bound, no_bound, no_bound, no_bound);
  all.cache_write_long = all.searches = no_bound;
  EXPECT_EQ(cost(most, all, ""), no_bound);
  const auto dear = PriceTable::parse(
      "prices: {a/b: {input: 1000001, output: 1, date: 2026-11-26, source: s}}\n", "o");
  EXPECT_FALSE(dear);
}

TEST(Prices, ADatedSnapshotHasThePriceOfItsModel) {
  const PriceTable all = table();
  EXPECT_NE(all.find("acme", "one-2026-01-31"), nullptr);
  EXPECT_NE(all.find("acme", "one-20260131"), nullptr);
  EXPECT_EQ(all.find("acme", "one-pro"), nullptr);
  EXPECT_EQ(all.find("acme", "one-2026-01"), nullptr);
  EXPECT_EQ(all.find("other", "one"), nullptr);
}

TEST(Prices, ATableOfTheDeploymentWins) {
  const auto own = PriceTable::parse(
      "version: 1\nprices: {acme/one: {input: 1, output: 1, date: 2026-11-26, source: s}}\n", "o");
  ASSERT_TRUE(own);
  const PriceTable both = table().with(*own);
  EXPECT_EQ(both.find("acme", "one")->rates.input, 1'000'000'000U);
  EXPECT_NE(both.find("acme", "tiny"), nullptr);
  EXPECT_NE(both.digest(), table().digest());
}

TEST(Prices, MistakesAreSaidWithTheirPlaces) {
  const auto read = PriceTable::parse(
      "version: 2\nprices:\n  one: {input: 1, output: x, date: d}\n  a/b: {output: 1, fee: 2, "
      "services: 5}\n",
      "p.yaml");
  ASSERT_FALSE(read);
  std::string all;
  for (const Error& error : read.error()) all += to_string(error) + "\n";
  EXPECT_THAT(all, HasSubstr("p.yaml:1:10: `version` must be 1"));
  EXPECT_THAT(all, HasSubstr("p.yaml:3:3: `one` is no `PROVIDER/MODEL`"));
  EXPECT_THAT(all, HasSubstr("p.yaml:3:27: `output` must be dollars"));
  EXPECT_THAT(all, HasSubstr("the price of `one` has no `source`"));
  EXPECT_THAT(all, HasSubstr("a price has no `input`"));
  EXPECT_THAT(all, HasSubstr("unknown key `fee`"));
  EXPECT_THAT(all, HasSubstr("`services` must be a mapping"));
  EXPECT_THAT(all, HasSubstr("`date` must be a day"));
}

}  // namespace
}  // namespace pawl
