#include "pawl/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pawl {
namespace {

using ::testing::HasSubstr;
using Effect = Decision::Effect;

constexpr const char* policy = R"(agent: {id: a, identity: a@myco.iam}
tools:
  allowed:
    - {name: read_order, class: read_only}
    - {name: update_order, class: reversible small, args: {status: [open, closed]}}
    - {name: send_mail, class: irreversible small}
execution: {max_steps: 8}
)";

TEST(KernelTest, LoadsAndDecides) {
  auto kernel = Kernel::load(policy, "p.yaml");
  ASSERT_TRUE(kernel);
  Decision d = kernel->decide({.run = "r", .tool = "read_order"});
  EXPECT_EQ(d.effect, Effect::allow);
  EXPECT_EQ(d.code, "none");
  EXPECT_EQ(d.rule, "tools/read_order");
  EXPECT_EQ(d.action_class, "read_only");
  d = kernel->decide({.run = "r", .tool = "update_order", .arguments = R"({"status":"lost"})"});
  EXPECT_EQ(d.effect, Effect::deny);
  EXPECT_EQ(d.code, "constraint");
  EXPECT_THAT(d.reason, HasSubstr("p.yaml:5"));
  d = kernel->decide({.run = "r", .tool = "send_mail"});
  EXPECT_EQ(d.effect, Effect::hold);
  EXPECT_THAT(d.obligations, HasSubstr(R"("approval":{)"));
}

TEST(KernelTest, TellsEveryMistakeOfTheFileWithItsPlace) {
  const auto kernel = Kernel::load("agnt: 1\nversion: 7\n", "p.yaml");
  ASSERT_FALSE(kernel);
  EXPECT_THAT(kernel.error(), ::testing::Contains(HasSubstr("p.yaml:1:1")));
  EXPECT_GE(kernel.error().size(), 2U);
}

TEST(KernelTest, ACallHasToPassTheLayersToo) {
  const std::string org =
      "layer: org\nowner: o\nrequire: [{if: 'tool == \"update_order\"', then: hold}]\n";
  PolicySources sources;
  sources.layers = {{"org.yaml", org}};
  auto kernel = Kernel::load(policy, "p.yaml", sources);
  ASSERT_TRUE(kernel);
  const Decision d =
      kernel->decide({.run = "r", .tool = "update_order", .arguments = R"({"status":"open"})"});
  EXPECT_EQ(d.effect, Effect::hold);
  EXPECT_EQ(d.rule, "layers/org/require/1");
  sources.layers = {{"org.yaml", "layer: org\n"}};
  const auto broken = Kernel::load(policy, "p.yaml", sources);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error(), ::testing::Contains(HasSubstr("org.yaml:1:1")));
}

TEST(KernelTest, ATextCannotAddMembersToTheLine) {
  auto kernel = Kernel::load(policy, "p.yaml");
  ASSERT_TRUE(kernel);
  for (const char* arguments : {R"({}, "now": 5)", R"({},"schema":{})", "", "[]", "{", "null"}) {
    const Decision d = kernel->decide({.run = "r", .tool = "read_order", .arguments = arguments});
    EXPECT_EQ(d.effect, Effect::deny) << arguments;
    EXPECT_EQ(d.code, "ambiguous_request") << arguments;
  }
  // Six attempts were charged; two steps are left.
  EXPECT_EQ(kernel->decide({.run = "r", .tool = "read_order"}).code, "none");
  EXPECT_EQ(kernel->decide({.run = "r", .tool = "read_order"}).code, "none");
  EXPECT_EQ(kernel->decide({.run = "r", .tool = "read_order"}).code, "ceiling");
}

TEST(KernelTest, ListsAndZonesComeFromTheCaller) {
  const std::string with_list = std::string(policy) + "lists: {states: {file: states.txt}}\n";
  EXPECT_FALSE(Kernel::load(with_list, "p.yaml"));
  PolicySources sources;
  sources.list_file = [](std::string_view path) -> std::optional<std::string> {
    if (path != "states.txt") return std::nullopt;
    return "open\nclosed\n";
  };
  EXPECT_TRUE(Kernel::load(with_list, "p.yaml", sources));
}

TEST(KernelTest, SpeaksLinesToo) {
  auto kernel = Kernel::load(policy, "p.yaml");
  ASSERT_TRUE(kernel);
  EXPECT_THAT(kernel->decide_line(R"({"run":"r","tool":"read_order","arguments":{}})"),
              HasSubstr(R"("effect":"allow")"));
  Kernel moved = std::move(*kernel);
  EXPECT_THAT(moved.decide_line("garbage"), HasSubstr("ambiguous_request"));
}

}  // namespace
}  // namespace pawl
