#include "io/issue/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::issue {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Instant kNow{1'800'000'000'000'000'000};  // 2027-01-15T08:00:00Z

std::string value_of(const Result<Answered>& answer, std::size_t which = 0) {
  if (!answer) return answer.error().message;
  return std::string(answer->values.at(which).second.bytes());
}

TEST(Answers, OfAVault) {
  const std::string good = R"({"data":{"data":{"token":"kv-secret-value","n":7},
    "metadata":{"version":3,"destroyed":false}}})";
  const auto read = read_vault(200, good, "token");
  EXPECT_EQ(value_of(read), "kv-secret-value");
  EXPECT_EQ(read->version, "3");
  EXPECT_EQ(read->lasts, unsaid_end);
  EXPECT_THAT(value_of(read_vault(200, good, "other")), HasSubstr("no field `other`"));
  EXPECT_THAT(value_of(read_vault(200, good, "n")), HasSubstr("no text in that field"));
  EXPECT_THAT(value_of(read_vault(200, R"({"data":{"token":"kv-secret-value"}})", "token")),
              HasSubstr("version 2"));
  EXPECT_THAT(value_of(read_vault(404, good, "token")), HasSubstr("no such secret"));
  EXPECT_THAT(value_of(read_vault(403, good, "token")), HasSubstr("status 403"));
  EXPECT_THAT(value_of(read_vault(307, good, "token")), HasSubstr("elsewhere"));
  const auto login =
      read_vault_login(200, R"({"auth":{"client_token":"hvs.abcdefgh","lease_duration":60}})");
  EXPECT_EQ(value_of(login), "hvs.abcdefgh");
  EXPECT_EQ(login->lasts, Duration::seconds(60));
}

TEST(Answers, OfAnAuthorizationServer) {
  const auto read =
      read_oauth(200, R"({"access_token":"at-12345678","token_type":"bearer","expires_in":600})");
  EXPECT_EQ(value_of(read), "at-12345678");
  EXPECT_EQ(read->lasts, Duration::seconds(600));
  EXPECT_EQ(read_oauth(200, R"({"access_token":"at-12345678","token_type":"Bearer"})")->lasts,
            unsaid_end);
  EXPECT_THAT(value_of(read_oauth(200, R"({"access_token":"at-12345678","token_type":"DPoP"})")),
              HasSubstr("Bearer"));
  EXPECT_THAT(value_of(read_oauth(200, R"({"token_type":"Bearer"})")), HasSubstr("no token"));
  EXPECT_THAT(value_of(read_oauth(200, R"({"access_token":"short","token_type":"Bearer"})")),
              HasSubstr("less than 8 bytes"));
  EXPECT_THAT(value_of(read_oauth(401, R"({"error":"invalid_client"})")),
              HasSubstr("401 (`invalid_client`)"));
  // What is not a code could be anything.
  EXPECT_THAT(value_of(read_oauth(400, R"({"error":"secret-1234 was wrong"})")),
              testing::AllOf(HasSubstr("status 400"), Not(HasSubstr("secret-1234"))));
  EXPECT_THAT(value_of(read_oauth(200, "<html>")), HasSubstr("not a JSON object"));
  EXPECT_THAT(value_of(read_oauth(302, "")), HasSubstr("redirects are not followed"));
}

TEST(Answers, OfGithub) {
  const auto read =
      read_github(201, R"({"token":"ghs_12345678","expires_at":"2027-01-15T09:00:00Z"})", kNow);
  EXPECT_EQ(value_of(read), "ghs_12345678");
  EXPECT_EQ(read->lasts, Duration::seconds(3600));
  EXPECT_THAT(value_of(read_github(201, R"({"token":"ghs_12345678"})", kNow)),
              HasSubstr("until when"));
  EXPECT_THAT(value_of(read_github(
                  201, R"({"token":"ghs_12345678","expires_at":"2027-01-15T07:59:59Z"})", kNow)),
              HasSubstr("until when"));
  EXPECT_THAT(value_of(read_github(200, "{}", kNow)), HasSubstr("status 200"));
}

std::string aws(std::string_view inside, std::string_view end = "2027-01-15T08:15:00Z") {
  return "<AssumeRoleResponse><AssumeRoleResult><Credentials>" + std::string(inside) +
         "<Expiration>" + std::string(end) +
         "</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/a/pawl"
         "</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>";
}

TEST(Answers, OfAws) {
  const std::string keys =
      "<AccessKeyId>ASIA1234</AccessKeyId><SecretAccessKey>secret/+key=</SecretAccessKey>"
      "<SessionToken>session-token</SessionToken>";
  const auto read = read_aws(200, aws(keys), kNow);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(value_of(read, 1), "secret/+key=");
  EXPECT_EQ(read->values[2].first, "AWS_SESSION_TOKEN");
  EXPECT_EQ(read->lasts, Duration::seconds(900));
  EXPECT_EQ(read->principal, "arn:aws:sts::1:assumed-role/a/pawl");
  EXPECT_THAT(value_of(read_aws(200, aws(keys + keys), kNow)), HasSubstr("`AccessKeyId`"));
  EXPECT_THAT(value_of(read_aws(200, aws(keys, "2020-01-01T00:00:00Z"), kNow)),
              HasSubstr("until when"));
  EXPECT_THAT(value_of(read_aws(200, "<AccessKeyId>ASIA12<b/>34</AccessKeyId>", kNow)),
              HasSubstr("`AccessKeyId`"));
  EXPECT_THAT(value_of(read_aws(403, "<Error><Code>AccessDenied</Code></Error>", kNow)),
              HasSubstr("403 (`AccessDenied`)"));
}

}  // namespace
}  // namespace pawl::issue
