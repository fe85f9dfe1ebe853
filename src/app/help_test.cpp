#include <gmock/gmock.h>

#include <algorithm>

#include "app/commands.h"
#include "app/run_test.h"
#include "base/json.h"

namespace pawl::app {
namespace {

using ::testing::HasSubstr;
using testing::run;

TEST(Help, AsJsonHasEveryCommandThatPeopleSee) {
  const auto ran = run({"help", "--json"});
  EXPECT_EQ(ran.status, 0);
  const auto rows = json::parse(ran.out);
  ASSERT_TRUE(rows) << ran.out;
  EXPECT_EQ(rows->root().size(), shown_commands().size());
  for (const json::View row : rows->root().elements()) {
    EXPECT_TRUE(row.text("usage")) << json::write(row);
  }
}

TEST(Help, AsJsonOfAFamilyHasItsMembers) {
  const auto rows = json::parse(run({"help", "--json", "approvals"}).out);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->root().size(), family("approvals").size());
}

TEST(Help, AsJsonOfAnUnknownCommandNamesTheNearest) {
  const auto ran = run({"help", "--json", "chek"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("`check`"));
}

// Everything that prints for people prints for programs too; those that are left out print nothing
// else than JSON (`decide`, `eval`, `schema`), what a client reads (`mcp`), or a log (`serve`).
TEST(Help, EveryCommandThatPrintsHasJson) {
  for (const CommandRow* row : shown_commands()) {
    if (row->name == "decide" || row->name == "eval" || row->name == "schema" ||
        row->name == "mcp" || row->name == "serve") {
      continue;
    }
    const bool has = std::ranges::any_of(
        row->options, [](const OptionRow& option) { return option.name == json_option.name; });
    EXPECT_TRUE(has) << row->name;
  }
}

TEST(Accept, JsonDoesNotAskQuestions) {
  const auto ran = run({"accept", "--json", "--policy", "p.yaml", "--", "true"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("needs `--yes`"));
}

}  // namespace
}  // namespace pawl::app
