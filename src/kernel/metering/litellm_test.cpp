#include "kernel/metering/litellm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/metering/price.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

PriceTable read(std::string_view text) {
  const auto imported = import_litellm(text, "their file", "2026-11-26");
  EXPECT_TRUE(imported) << imported.error().message;
  auto table = PriceTable::parse(imported->yaml, "p.yaml");
  EXPECT_TRUE(table) << imported->yaml;
  return *std::move(table);
}

TEST(LiteLlm, DollarsForATokenBecomeDollarsForAMillionDigitByDigit) {
  const PriceTable table = read(R"({
    "gpt-x": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.25e-06,
      "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 3.75e-08,
      "input_cost_per_token_priority": 2.5e-06, "max_output_tokens": 9000},
    "gemini/gem-y": {"litellm_provider": "gemini", "input_cost_per_token": 0.00000125,
      "output_cost_per_token": 0.00001, "input_cost_per_token_above_200k_tokens": 2.5e-06,
      "output_cost_per_token_above_200k_tokens": 1.5e-05},
    "emb": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 2e-08}
  })");
  const Price& x = *table.find("openai", "gpt-x");
  EXPECT_EQ(x.rates.input, 1'250'000'000U);
  EXPECT_EQ(x.rates.output, 10'000'000'000U);
  EXPECT_EQ(x.rates.cache_read, 37'500'000U);
  EXPECT_EQ(x.services.at("priority").input, 2'500'000'000U);
  EXPECT_EQ(x.services.at("priority").output, 10'000'000'000U);
  EXPECT_EQ(x.output_most, 9000U);
  EXPECT_EQ(x.source, "their file");
  const Price& y = *table.find("gemini", "gem-y");
  EXPECT_EQ(y.above, 200'000U);
  EXPECT_EQ(y.rates_above.input, 2'500'000'000U);
  EXPECT_EQ(y.rates_above.output, 15'000'000'000U);
  EXPECT_EQ(table.find("openai", "emb")->rates.input, 20'000'000U);
}

TEST(LiteLlm, WhatIsLeftOutIsSaid) {
  const auto imported = import_litellm(R"({
    "sample_spec": {"mode": "one of"},
    "dall": {"litellm_provider": "openai", "mode": "image_generation"},
    "bad": {"litellm_provider": "openai", "input_cost_per_token": "free"},
    "none": {"litellm_provider": "anthropic", "output_cost_per_token": 1e-06},
    "good": {"litellm_provider": "anthropic", "input_cost_per_token": 1e-06}
  })",
                                       "s", "2026-11-26");
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->lines, 1U);
  EXPECT_EQ(imported->others, 2U);
  EXPECT_THAT(imported->unreadable, ElementsAre(HasSubstr("bad: `input_cost_per_token` is not"),
                                                HasSubstr("none: it has no `input_cost")));
}

TEST(LiteLlm, AnotherFileIsNone) {
  for (const std::string_view text : {"", "[]", "{}", "{\"a\": 1}", "{\"a\":1,\"a\":2}"}) {
    EXPECT_FALSE(import_litellm(text, "s", "2026-11-26")) << text;
  }
}

}  // namespace
}  // namespace pawl
