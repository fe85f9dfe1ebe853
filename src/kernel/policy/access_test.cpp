// The tool with which an agent asks, and the names that no other tool may have.
#include <gmock/gmock.h>

#include "kernel/policy/access.h"
#include "kernel/policy/sample_test.h"
#include "model/access.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AccessTool, NamesWhatMayBeAskedForOfThisServer) {
  const Loaded loaded = sample::load(
      sample::file("may_request:\n  - {name: export_report, by: [leads], for: 30m, max_calls: 2}\n"
                   "  - {name: other/gone, for: 1h}\n"));
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  const std::string tool = access_tool(*loaded.policy, "crm", {"export_report", "read_it", "gone"});
  const auto document = json::parse(tool);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().text("name"), access_tool_name);
  EXPECT_THAT(tool, HasSubstr("- export_report: for 30m at most, 2 calls"));
  EXPECT_THAT(tool, Not(HasSubstr("read_it")));
  EXPECT_THAT(tool, Not(HasSubstr("gone")));
  EXPECT_TRUE(access_tool(*loaded.policy, "mail", {"read_it"}).empty());
  EXPECT_TRUE(parse_definition(document->root(), "crm"));
}

TEST(AccessTool, NoOtherToolHasItsNames) {
  EXPECT_FALSE(parse_name("pawl:access:export_report"));
  EXPECT_FALSE(parse_name("crm/pawl:access:export_report"));
  const auto refused = [](std::string_view name) {
    ToolDefinition tool;
    tool.name = name;
    return !refused_names({tool}).front().empty();
  };
  EXPECT_TRUE(refused("pawl_request_access"));
  EXPECT_TRUE(refused("Pawl_Request_Access"));
  EXPECT_TRUE(refused("pawl:access:x"));
  EXPECT_FALSE(refused("request_access"));
}

TEST(AccessTool, ATaskThatNamesItsToolsAsksForNothing) {
  const Loaded loaded = sample::load(sample::file("may_request: [{name: export, for: 1h}]\n"));
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  const Loaded smaller = load_task(*loaded.policy, "execution: {max_steps: 3}\n", "task.yaml");
  ASSERT_NE(smaller.policy, nullptr) << sample::said(smaller.errors);
  EXPECT_NE(smaller.policy->lendable("", "export").line, nullptr);
  const Loaded fewer = load_task(*loaded.policy, "tools: [tool]\n", "task.yaml");
  ASSERT_NE(fewer.policy, nullptr) << sample::said(fewer.errors);
  EXPECT_EQ(fewer.policy->lendable("", "export").line, nullptr);
}

}  // namespace
}  // namespace pawl
