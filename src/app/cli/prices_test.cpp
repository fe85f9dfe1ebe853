#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli/run_test.h"
#include "base/json.h"

namespace pawl::app {
namespace {

using testing::Folder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;

TEST(PricesCommand, ShowsTheTableOrAPartOfIt) {
  const auto all = run({"prices", "show"});
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("openai/gpt-5 "));
  const auto part = run({"prices", "show", "claude-haiku"});
  EXPECT_THAT(part.out, HasSubstr("anthropic/claude-haiku-4-5"));
  EXPECT_THAT(part.out, Not(HasSubstr("gpt")));
  EXPECT_EQ(run({"prices", "show", "nothing-like-it"}).status, 2);
  const auto told = run({"prices", "show", "gpt-5-nano", "--json"});
  const auto document = json::parse(told.out);
  ASSERT_TRUE(document);
  const json::View line = *document->root()["prices"].elements().begin();
  EXPECT_EQ(line["nano_usd_per_million"]["input"].natural(), 50'000'000U);
}

TEST(PricesCommand, ChecksATableAndNamesWhatIsLower) {
  const Folder folder;
  const std::string file = folder.write(
      "p.yaml",
      "version: 1\nprices:\n  openai/gpt-5: {input: 1, output: 10, date: 2020-01-01, source: s}\n");
  const auto checked = run({"prices", "check", file});
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("1 prices, 1 of them older than 90 days"));
  EXPECT_THAT(checked.err, HasSubstr("openai/gpt-5: input is 1, and was 1.25"));
  EXPECT_THAT(run({"prices", "check", file, "--json"}).out, HasSubstr(R"("old":1,"prices":1)"));
  const auto wrong = run({"prices", "check", folder.write("w.yaml", "prices: {a: {input: x}}\n")});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("w.yaml:1:"));
  const auto shown = run({"prices", "show", "openai/gpt-5", "--prices", file});
  EXPECT_THAT(shown.out, HasSubstr("openai/gpt-5-mini"));
}

TEST(PricesCommand, ImportsAFileOfLiteLlm) {
  const Folder folder;
  const std::string file =
      folder.write("model_prices.json",
                   R"({"gpt-x": {"litellm_provider": "openai", "input_cost_per_token": 1e-06,
          "output_cost_per_token": 2e-06}, "other": {"litellm_provider": "azure"}})");
  const auto printed = run({"prices", "import", file});
  EXPECT_EQ(printed.status, 0) << printed.err;
  EXPECT_THAT(printed.out, HasSubstr("openai/gpt-x: {input: 1, output: 2, date: "));
  EXPECT_THAT(printed.err, HasSubstr("1 prices; 1 of other providers and kinds are left out"));
  EXPECT_THAT(run({"prices", "import", file, "--json"}).out, HasSubstr(R"("others":1,"prices":1)"));
  const std::string into = folder.at("prices.yaml");
  EXPECT_EQ(run({"prices", "import", file, "--output", into}).status, 0);
  EXPECT_EQ(run({"prices", "check", into}).status, 0);
  EXPECT_EQ(run({"prices", "import", into}).status, 1);
}

}  // namespace
}  // namespace pawl::app
