// Names that a kill may be about: which are meant, and which may have been. The lists themselves
// come from a gate: test/e2e/switch.test.mjs.
#include "views/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::views {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kTools = {"crm/read_customer", "crm/send_mail", "files/read_file"};

TEST(Targets, AreComparedAsAKillIs) {
  EXPECT_TRUE(is_target("all", "", {}));
  EXPECT_TRUE(is_target("role", "tester", {"tester"}));
  EXPECT_FALSE(is_target("role", "Tester", {"tester"}));
  EXPECT_FALSE(is_target("role", "", {"tester"}));
  EXPECT_TRUE(is_target("tool", "SEND_MAIL", kTools));
  EXPECT_TRUE(is_target("tool", "crm/send_mail", kTools));
  EXPECT_FALSE(is_target("tool", "files/send_mail", kTools));
  EXPECT_TRUE(is_target("upstream", "CRM", {"crm"}));
}

TEST(Targets, TheNearestComeFirst) {
  EXPECT_THAT(near_targets("role", "suport-agent", {"support-agent", "tester", "zebra"}),
              ElementsAre("support-agent"));
  EXPECT_THAT(near_targets("tool", "send_mial", kTools), ElementsAre("send_mail"));
  EXPECT_THAT(near_targets("tool", "crm/send_mial", kTools), ElementsAre("crm/send_mail"));
  EXPECT_THAT(near_targets("role", "support", {"support-agent", "support-lead"}),
              ElementsAre("support-agent", "support-lead"));
  EXPECT_THAT(near_targets("role", "zzzzzzzz", {"support-agent"}), IsEmpty());
  EXPECT_THAT(near_targets("role", "x", {}), IsEmpty());
}

TEST(Targets, AreSaidInWords) {
  EXPECT_EQ(meant_text({}), "");
  EXPECT_EQ(meant_text({"a"}), ": did you mean `a`?");
  EXPECT_EQ(meant_text({"a", "b"}), ": the nearest names are `a`, `b`");
}

}  // namespace
}  // namespace pawl::views
