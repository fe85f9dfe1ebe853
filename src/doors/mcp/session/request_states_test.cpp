#include "doors/mcp/session/request_states.h"

#include <gtest/gtest.h>

#include "doors/mcp/session/pending.h"

namespace pawl::mcp {
namespace {

constexpr Duration now = Duration::seconds(1000);
const Bound bound{"r-1", "crm", "tools/call", R"({"arguments":{"a":1},"name":"t"})"};

struct LegsTest : testing::Test {
  std::string issue(char name, std::string approval = "a-1") {
    Continuation continuation;
    continuation.round = 2;
    continuation.approval = std::move(approval);
    return request_states.issue(std::string(16, name), bound, std::move(continuation), now);
  }
  RequestStates request_states{std::string(32, 'k')};
};

TEST_F(LegsTest, OneComesBackOnce) {
  const std::string text = issue('a');
  const auto continuation = request_states.redeem(text, bound, now);
  ASSERT_TRUE(continuation.has_value());
  EXPECT_EQ(continuation->round, 2U);
  EXPECT_EQ(continuation->approval, "a-1");
  EXPECT_FALSE(request_states.redeem(text, bound, now).has_value());
}

// Threats, R07: other arguments, another run, another server, another method.
TEST_F(LegsTest, OneIsGoodForItsRequestOnly) {
  const std::string text = issue('a');
  Bound other = bound;
  other.params = R"({"arguments":{"a":2},"name":"t"})";
  EXPECT_FALSE(request_states.redeem(text, other, now).has_value());
  other = bound;
  other.run = "r-2";
  EXPECT_FALSE(request_states.redeem(text, other, now).has_value());
  other = bound;
  other.server = "mail";
  EXPECT_FALSE(request_states.redeem(text, other, now).has_value());
  other = bound;
  other.method = "prompts/get";
  EXPECT_FALSE(request_states.redeem(text, other, now).has_value());
  EXPECT_TRUE(request_states.redeem(text, bound, now).has_value());
}

TEST_F(LegsTest, OneIsWaitedForByItsVeryRequest) {
  EXPECT_FALSE(request_states.wait_for(bound, now));
  const std::string text = issue('a');
  EXPECT_TRUE(request_states.wait_for(bound, now));
  Bound other = bound;
  other.params = R"({"arguments":{"a":2},"name":"t"})";
  EXPECT_FALSE(request_states.wait_for(other, now));
  EXPECT_FALSE(request_states.wait_for(bound, now + continuation_lifetime));
  ASSERT_TRUE(request_states.redeem(text, bound, now).has_value());
  EXPECT_FALSE(request_states.wait_for(bound, now));
}

TEST_F(LegsTest, NoDamagedTextComesBack) {
  const std::string text = issue('a');
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = damaged[i] == '0' ? '1' : '0';
    EXPECT_FALSE(request_states.redeem(damaged, bound, now).has_value()) << i;
    EXPECT_FALSE(request_states.redeem(text.substr(0, i), bound, now).has_value()) << i;
  }
  EXPECT_FALSE(request_states.redeem(text + "0", bound, now).has_value());
  EXPECT_TRUE(request_states.redeem(text, bound, now).has_value());
}

TEST_F(LegsTest, AnotherNodeKnowsItNot) {
  const std::string text = issue('a');
  RequestStates others{std::string(32, 'o')};
  Continuation continuation;
  continuation.round = 2;
  continuation.approval = "a-1";
  ASSERT_NE(others.issue(std::string(16, 'a'), bound, std::move(continuation), now), text);
  EXPECT_FALSE(others.redeem(text, bound, now).has_value());
}

TEST_F(LegsTest, OneEnds) {
  const std::string text = issue('a');
  EXPECT_FALSE(request_states.redeem(text, bound, now + continuation_lifetime).has_value());
}

TEST_F(LegsTest, ThereAreNotEndlesslyMany) {
  for (std::size_t i = 0; i < continuations_open_max; ++i) {
    std::string name(16, 'n');
    name[0] = static_cast<char>(i % 256);
    name[1] = static_cast<char>(i / 256);
    EXPECT_NE(request_states.issue(name, bound, {}, now), "");
  }
  EXPECT_EQ(issue('a'), "");
  Continuation later;
  EXPECT_NE(request_states.issue(std::string(16, 'z'), bound, std::move(later),
                                 now + continuation_lifetime),
            "");
  EXPECT_EQ(request_states.open(), 1U);
}

TEST_F(LegsTest, AParkedCallIsForgottenWithItsLeg) {
  auto parked = std::make_shared<Pending>();
  Continuation continuation;
  continuation.parked = parked;
  const std::string text =
      request_states.issue(std::string(16, 'p'), bound, std::move(continuation), now);
  request_states.forget(*parked);
  EXPECT_FALSE(request_states.redeem(text, bound, now).has_value());
}

}  // namespace
}  // namespace pawl::mcp
