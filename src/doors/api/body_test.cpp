#include "doors/api/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::api {
namespace {

using ::testing::HasSubstr;

json::Document document(std::string_view text) {
  return *json::parse(text);
}

TEST(Body, ACall) {
  const auto root =
      document(R"({"tool":"pay","server":"bank","arguments":{"to":"acme"},"wait_seconds":0})");
  const auto call = read_new_call(root.root());
  ASSERT_TRUE(call);
  EXPECT_EQ(call->tool, "pay");
  EXPECT_EQ(call->server, "bank");
  EXPECT_EQ(call->wait, Duration{});
  EXPECT_FALSE(call->definition.exists());
}

TEST(Body, WhatACallMustNotSay) {
  for (const char* text :
       {R"({})", R"([])", R"({"tool":"a"})", R"({"tool":"","arguments":{}})",
        R"({"tool":1,"arguments":{}})", R"({"tool":"a","arguments":[]})",
        R"({"tool":"a","arguments":{},"args":{}})", R"({"tool":"a","arguments":{},"result":{}})",
        R"({"tool":"a","arguments":{},"wait_seconds":3601})",
        R"({"tool":"a","arguments":{},"wait_seconds":-1})",
        R"({"tool":"a","arguments":{},"wait_seconds":1.5})",
        R"({"tool":"a","arguments":{},"definition":"x"})"}) {
    EXPECT_FALSE(read_new_call(document(text).root())) << text;
  }
  const auto near = read_new_call(document(R"({"tool":"a","argumnts":{}})").root());
  EXPECT_THAT(near.error().message, HasSubstr("did you mean `arguments`?"));
}

TEST(Body, ARun) {
  EXPECT_TRUE(read_new_run(document("{}").root()));
  const auto root =
      document(R"({"key":"daily","task":{"tools":["a"]},"user_text":"two\nlines","audience":"mcp",)"
               R"("lasts_seconds":60})");
  const auto run = read_new_run(root.root());
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->for_mcp);
  EXPECT_EQ(run->lasts, Duration::seconds(60));
  for (const char* text : {R"({"key":""})", R"({"task":"x"})", R"({"audience":"web"})",
                           R"({"lasts_seconds":5})", R"({"lasts_seconds":86401})",
                           R"({"sponsor":"a\u202eb"})", R"({"agent":"x"})", R"({"tools":["a"]})"}) {
    EXPECT_FALSE(read_new_run(document(text).root())) << text;
  }
}

TEST(Body, ASubRunIsBoundedByWhatIsCounted) {
  const auto root = document(R"({"agent":"reader","tools":["get_*"],"limits":{"steps":3}})");
  const auto run = read_new_sub_run(root.root());
  ASSERT_TRUE(run);
  EXPECT_EQ(run->attenuation.limits.at(jose::Limit::steps), 3U);
  EXPECT_FALSE(run->for_mcp);
  const auto door = document(R"({"agent":"reader","audience":"mcp"})");
  EXPECT_TRUE(read_new_sub_run(door.root())->for_mcp);
  EXPECT_FALSE(read_new_sub_run(document(R"({"agent":"a","audience":"web"})").root()));
  const auto tokens = read_new_sub_run(document(R"({"agent":"a","limits":{"tokens":3}})").root());
  ASSERT_FALSE(tokens);
  EXPECT_THAT(tokens.error().message, HasSubstr("nothing meters"));
  const auto executed =
      read_new_sub_run(document(R"({"agent":"a","limits":{"calls":2,"records":9}})").root());
  ASSERT_TRUE(executed);
  EXPECT_EQ(executed->attenuation.limits.at(jose::Limit::calls), 2U);
  EXPECT_EQ(executed->attenuation.limits.at(jose::Limit::records), 9U);
  EXPECT_FALSE(read_new_sub_run(document(R"({"tools":["a"]})").root()));
  EXPECT_FALSE(read_new_sub_run(document(R"({"agent":"a","task":{}})").root()));
}

TEST(Body, AnOutcome) {
  const auto done = read_outcome(document(R"({"outcome":"completed","result":{"a":1}})").root());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->kind, Outcome::Kind::result);
  EXPECT_EQ(done->result, R"({"content":[],"structuredContent":{"a":1}})");
  const auto failed =
      read_outcome(document(R"({"outcome":"failed","error":"no","records":7})").root());
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->result, R"({"code":-32000,"message":"no"})");
  EXPECT_EQ(failed->records, 7U);
  for (const char* text :
       {R"({})", R"({"outcome":"done"})", R"({"outcome":"completed","result":[1]})",
        R"({"outcome":"failed","result":{}})", R"({"outcome":"completed","error":"x"})",
        R"({"outcome":"completed","records":-1})", R"({"outcome":"lost"})"}) {
    EXPECT_FALSE(read_outcome(document(text).root())) << text;
  }
}

}  // namespace
}  // namespace pawl::api
