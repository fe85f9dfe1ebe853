// H13: what an automated reviewer may say, and what is none of it.
#include "io/notify/reviewer_answer.h"

#include <gtest/gtest.h>

namespace pawl::notify {
namespace {

bool counts(std::string_view text) {
  return read_reviewer_answer(text, "a-1", "sha256:11").has_value();
}

TEST(ReviewerAnswer, IsExactlyOneObject) {
  const auto yes = read_reviewer_answer(
      R"({"answer":"approve","approval":"a-1","binding":"sha256:11","reason":"fine"})", "a-1",
      "sha256:11");
  ASSERT_TRUE(yes);
  EXPECT_TRUE(yes->approve);
  const auto no = read_reviewer_answer(
      R"({"answer":"reject","approval":"a-1","binding":"sha256:11","reason":"a\u001b[2J"})", "a-1",
      "sha256:11");
  ASSERT_TRUE(no);
  EXPECT_FALSE(no->approve);
  EXPECT_EQ(no->reason.find('\x1b'), std::string::npos);
}

TEST(ReviewerAnswer, IsNothingElse) {
  for (const std::string_view text : {
           "",
           "approve",
           R"("approve")",
           R"(["approve"])",
           "{}",
           R"(ok {"answer":"approve","approval":"a-1","binding":"sha256:11","reason":""})",
           R"({"answer":"approve","approval":"a-1","binding":"sha256:11","reason":""} ok)",
           R"({"answer":"approve","approval":"a-1","binding":"sha256:11","reason":""}{})",
           R"({"answer":"approve","approval":"a-1","binding":"sha256:11"})",
           R"({"answer":"approve","approval":"a-1","binding":"sha256:11","reason":"","x":1})",
           R"({"answer":"Approve","approval":"a-1","binding":"sha256:11","reason":""})",
           R"({"answer":true,"approval":"a-1","binding":"sha256:11","reason":""})",
           R"({"answer":"approve","approval":"a-2","binding":"sha256:11","reason":""})",
           R"({"answer":"approve","approval":"a-1","binding":"sha256:12","reason":""})",
           R"({"answer":"approve","approval":"a-1","binding":"sha256:11","reason":7})",
           R"({"answer":"reject","answer":"approve","approval":"a-1","binding":"sha256:11"})",
           R"({"answer":"reject","Answer":"approve","approval":"a-1","binding":"sha256:11"})",
           R"({"comment":"approve","approval":"a-1","binding":"sha256:11","reason":"approve"})",
       }) {
    EXPECT_FALSE(counts(text)) << text;
  }
  const std::string long_reason(501, 'x');
  EXPECT_FALSE(counts(R"({"answer":"approve","approval":"a-1","binding":"sha256:11","reason":")" +
                      long_reason + R"("})"));
}

}  // namespace
}  // namespace pawl::notify
