#include "model/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pawl {
namespace {

TEST(VerdictTest, EveryCodeHasItsOwnWordAndIsReadBack) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_TRUE(words.insert(to_string(code)).second) << to_string(code);
    Code read = Code::none;
    ASSERT_TRUE(parse_code(to_string(code), read));
    EXPECT_EQ(read, code);
  }
  EXPECT_EQ(to_string(Code::audit_unavailable), "audit_unavailable");
  EXPECT_EQ(to_string(Code::approval_pending), "approval_pending");
}

TEST(VerdictTest, UnknownCodeLeavesTheValueAlone) {
  Code code = Code::blocked;
  EXPECT_FALSE(parse_code("Blocked", code));
  EXPECT_FALSE(parse_code("", code));
  EXPECT_EQ(code, Code::blocked);
}

TEST(VerdictTest, StricterIsTheLaterInTheOrder) {
  EXPECT_EQ(stricter(Effect::allow, Effect::notify), Effect::notify);
  EXPECT_EQ(stricter(Effect::deny, Effect::hold), Effect::deny);
  EXPECT_EQ(stricter(Effect::contain, Effect::hold), Effect::hold);
  EXPECT_EQ(stricter(Effect::allow, Effect::allow), Effect::allow);
}

TEST(VerdictTest, OnlyAllowAndNotifyRun) {
  const Class c{Reversibility::read_only, Blast::small};
  EXPECT_TRUE(Verdict(Effect::allow, c).runs());
  EXPECT_TRUE(Verdict(Effect::notify, c).runs());
  EXPECT_FALSE(Verdict(Effect::contain, c).runs());
  EXPECT_FALSE(Verdict(Effect::hold, c).runs());
  EXPECT_FALSE(Verdict(Effect::deny, c).runs());
}

TEST(VerdictTest, RetryHelpsWhereTimeOrAPersonDoes) {
  EXPECT_TRUE(retryable(Code::rate));
  EXPECT_TRUE(retryable(Code::approval_pending));
  EXPECT_FALSE(retryable(Code::blocked));
  EXPECT_FALSE(retryable(Code::run_halted));
  EXPECT_FALSE(retryable(Code::approval_rejected));
}

TEST(VerdictTest, ADenialCountsWhereTheAgentAskedForWhatItMayNotHave) {
  for (const Code code :
       {Code::not_granted, Code::blocked, Code::constraint, Code::origin, Code::schema,
        Code::not_in_state, Code::approval_rejected, Code::ceiling, Code::ambiguous_request}) {
    EXPECT_TRUE(counts_as_denial(code)) << to_string(code);
  }
  for (const Code code :
       {Code::none, Code::tool_changed, Code::frozen, Code::approval_pending,
        Code::approval_expired, Code::run_halted, Code::rate, Code::killed, Code::identity,
        Code::cancelled, Code::upstream_failed, Code::audit_unavailable, Code::internal}) {
    EXPECT_FALSE(counts_as_denial(code)) << to_string(code);
  }
}

}  // namespace
}  // namespace pawl
