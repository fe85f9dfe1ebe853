#include "io/issue/challenge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::issue {
namespace {

std::string challenged(std::string_view field) {
  const auto found = bearer_challenge(field);
  return found ? found->metadata + " | " + found->scope : "none";
}

TEST(BearerChallenge, SaysWhereTheServerDescribesItself) {
  EXPECT_EQ(challenged(R"(Bearer resource_metadata="https://mcp.example/m")"),
            "https://mcp.example/m | ");
  EXPECT_EQ(challenged(R"(bearer realm="a, b", scope="read write" , Resource_Metadata="x")"),
            "x | read write");
  EXPECT_EQ(challenged(R"(Bearer error=invalid_token,resource_metadata = x)"), "x | ");
  EXPECT_EQ(challenged("Bearer"), " | ");
  EXPECT_EQ(challenged(R"(Basic realm="r", Bearer scope=s, Digest scope="other")"), " | s");
  EXPECT_EQ(challenged(R"(Negotiate YWJj==, Bearer resource_metadata="x")"), "x | ");
  EXPECT_EQ(challenged(R"(Bearer scope="a \"b\" \\c")"), R"( | a "b" \c)");
}

TEST(BearerChallenge, WhatCanBeReadInTwoWaysSaysNothing) {
  for (const char* field :
       {"", ",", R"(Basic realm="Bearer resource_metadata=x")", R"(Bearer scope="a)",
        R"(Bearer scope="a\)", R"(Bearer resource_metadata="x", resource_metadata="y")",
        R"(Bearer scope=a, Bearer scope=b)", R"(Bearer scope=a; resource_metadata=x)",
        "Bearer \x01=x", "\"Bearer\""}) {
    EXPECT_EQ(challenged(field), "none") << field;
  }
  EXPECT_EQ(challenged(R"(Basic resource_metadata="x", Bearer scope=s)"), " | s");
}

}  // namespace
}  // namespace pawl::issue
