#include "io/issue/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::issue {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Instant kThen{1'440'938'160'000'000'000};  // 2015-08-30T12:36:00Z

// The example of AWS's own description of Signature Version 4.
TEST(Requests, TheSignatureOfAwsIsTheOneOfItsExample) {
  const AwsRequest request{
      .method = "GET",
      .path = "/",
      .query = "Action=ListUsers&Version=2010-05-08",
      .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                  {"host", "iam.amazonaws.com"},
                  {"x-amz-date", "20150830T123600Z"}},
      .body = {}};
  EXPECT_EQ(sign_aws(request, "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                     "us-east-1", "iam", kThen),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(Requests, ARoleIsAssumedWithItsSessionPolicy) {
  AwsKeys how;
  how.at.url = "https://sts.eu-west-1.amazonaws.com/";
  how.region = "eu-west-1";
  how.role = "arn:aws:iam::111111111111:role/agent";
  how.session = "pawl";
  how.access_key = "AKIDEXAMPLE";
  how.policy = R"({"Statement":[]})";
  const http::Ask ask = ask_aws(how, "the-secret-key", "the-session", kThen);
  EXPECT_EQ(ask.body,
            "Action=AssumeRole&DurationSeconds=900&Policy=%7B%22Statement%22%3A%5B%5D%7D&"
            "RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Fagent&RoleSessionName=pawl&"
            "Version=2011-06-15");
  EXPECT_EQ(ask.headers.find("x-amz-security-token"), "the-session");
  EXPECT_THAT(std::string(*ask.headers.find("authorization")),
              HasSubstr("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"));
  for (std::size_t i = 0; i < ask.headers.size(); ++i) {
    EXPECT_THAT(std::string(ask.headers[i].value), Not(HasSubstr("the-secret-key")));
  }
  EXPECT_THAT(ask.body, Not(HasSubstr("the-secret-key")));
}

TEST(Requests, AClientSaysWhoItIsInTheHeaderOrInTheBody) {
  OAuthToken how;
  how.at.url = "https://as.example/token";
  how.client = "a b:c";
  how.scope = "crm.read crm.list";
  const http::Ask basic = ask_oauth(how, "s&cret=value", "");
  EXPECT_EQ(basic.body, "grant_type=client_credentials&scope=crm.read%20crm.list");
  // Base64 of `a%20b%3Ac:s%26cret%3Dvalue`.
  EXPECT_EQ(basic.headers.find("authorization"), "Basic YSUyMGIlM0FjOnMlMjZjcmV0JTNEdmFsdWU=");
  how.in_body = true;
  how.subject.env = "S";
  how.subject_type = "urn:ietf:params:oauth:token-type:jwt";
  const http::Ask body = ask_oauth(how, "s&cret=value", "subject-token");
  EXPECT_EQ(body.headers.find("authorization"), std::nullopt);
  EXPECT_THAT(body.body,
              testing::AllOf(HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
                                       "token-exchange&"),
                             HasSubstr("&subject_token=subject-token&"),
                             HasSubstr("&client_secret=s%26cret%3Dvalue")));
}

TEST(Requests, AVaultIsAskedForTheSecretOfAnEngine) {
  VaultSecret how;
  how.at.url = "https://vault.example:8200/";
  how.mount = "kv";
  how.path = "agents/mail";
  how.space = "team";
  const http::Ask ask = ask_vault(how, "the-token");
  EXPECT_EQ(ask.url, "https://vault.example:8200/v1/kv/data/agents/mail");
  EXPECT_EQ(ask.headers.find("x-vault-token"), "the-token");
  EXPECT_EQ(ask.headers.find("x-vault-namespace"), "team");
  how.role_id = "r";
  const http::Ask login = ask_vault_login(how, "s\"1");
  EXPECT_EQ(login.url, "https://vault.example:8200/v1/auth/approle/login");
  EXPECT_EQ(login.body, R"({"role_id":"r","secret_id":"s\"1"})");
}

TEST(Requests, AFormThatGrowsIsWhole) {
  Login login;
  login.client = std::string(300, 'c');
  login.resource = "https://a.example/mcp";
  login.refresh_token = std::string(700, 'r') + "/";
  EXPECT_EQ(ask_refresh(login).body, "grant_type=refresh_token&client_id=" + login.client +
                                         "&resource=https%3A%2F%2Fa.example%2Fmcp&refresh_token=" +
                                         std::string(700, 'r') + "%2F");
  login.token_url = "https://a.example/\"t\"";
  const auto again = read_login(write_login(login).bytes());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->refresh_token, login.refresh_token);
  EXPECT_EQ(again->token_url, login.token_url);
  EXPECT_EQ(again->scope, "");
}

TEST(Requests, WhatIsNoPrivateKeySignsNothing) {
  for (const char* pem :
       {"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}) {
    const auto signed_one = sign_rs256(pem, "{}");
    ASSERT_FALSE(signed_one);
    EXPECT_THAT(signed_one.error().message, HasSubstr("not a private RSA key"));
  }
}

}  // namespace
}  // namespace pawl::issue
