// Which credential a call uses, where one of its arguments says so.
#include <gtest/gtest.h>

#include <memory>

#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using W = TestWorld;

class CredentialTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CredentialBy by;
    by.argument = *parse_argument_path("context");
    by.values = {{"prod", "k8s-prod"}, {"stg", "k8s-stg"}};
    by.rule = W::rule("servers/k8s/credential", 7);
    w.grant("scale").credential_by = std::make_shared<const CredentialBy>(std::move(by));
    w.grant("mail").credential = "relay";
    w.grant("read");
    w.policy.index();
    w.open();
  }
  TestWorld w;
};

TEST_F(CredentialTest, TheArgumentSaysWhich) {
  for (const auto& [context, name] : {std::pair{"prod", "k8s-prod"}, std::pair{"stg", "k8s-stg"}}) {
    const Verdict v = w.look("scale", W::small, std::string(R"({"context":")") + context + "\"}");
    EXPECT_TRUE(v.runs());
    ASSERT_NE(v.credential, nullptr);
    EXPECT_EQ(*v.credential, name);
  }
  EXPECT_EQ(*w.look("mail").credential, "relay");
  EXPECT_EQ(w.look("read").credential, nullptr);
}

// Without one the server would take its own, whatever that is.
TEST_F(CredentialTest, WhatNamesNoneIsDenied) {
  for (const std::string arguments :
       {"{}", R"({"context":null})", R"({"context":"dev"})", R"({"context":"PROD"})",
        R"({"context":"prod "})", R"({"context":["prod"]})", R"({"context":{"prod":1}})",
        R"({"Context":"prod"})", R"({"context":""})"}) {
    const Verdict v = w.look("scale", W::small, arguments);
    EXPECT_EQ(v.effect, Effect::deny) << arguments;
    EXPECT_EQ(v.reason.code, Code::constraint) << arguments;
    EXPECT_EQ(v.reason.rule->path, "servers/k8s/credential") << arguments;
    EXPECT_EQ(v.credential, nullptr) << arguments;
  }
}

TEST_F(CredentialTest, AnApprovalIsGoodForOneCredential) {
  const auto binding = [this] {
    const auto bound = w.bind_to("scale", W::small);
    const auto document = json::parse(R"({"context":"prod"})");
    const Call call{"", "scale", document->root()};
    return binding_of(w.policy, *bound, *w.state.run("r"), call, w.facts);
  };
  const Digest before = binding();
  CredentialBy other = *w.policy.tools[0].credential_by;
  other.values[0].second = "k8s-admin";
  w.policy.tools[0].credential_by = std::make_shared<const CredentialBy>(std::move(other));
  EXPECT_NE(binding(), before);
}

}  // namespace
}  // namespace pawl
