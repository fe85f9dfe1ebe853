// Credentials that a service issues: what their mappings say, and which mistakes they have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "kernel/deployment/deployment.h"

namespace pawl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string issued_mistakes(const std::string& credential, const std::string& before = {}) {
  std::string text;
  const std::string whole = before + "credentials: {c: {" + credential + "}}\n";
  for (const Error& error : load_deployment(whole, "").errors) text += error.message + "\n";
  return text;
}

Deployment::Credential issued(const std::string& credential) {
  LoadedDeployment loaded = load_deployment("credentials: {c: {" + credential + "}}\n", "");
  EXPECT_TRUE(loaded.deployment) << loaded.errors.front().message;
  return loaded.deployment ? loaded.deployment->credentials.at("c") : Deployment::Credential{};
}

constexpr const char* kVault =
    "vault: {url: \"https://vault.example:8200\", path: kv/agents/mail, field: token, "
    "token: {file: t}}";
constexpr const char* kOAuth =
    "oauth: {token_url: \"https://as.example/token\", client_id: pawl, client_secret: {env: S}}";
constexpr const char* kGithub =
    "github_app: {id: 12, installation: 34, key: {store: k}, permissions: {contents: read}}";
constexpr const char* kAws =
    "aws_sts: {role: \"arn:aws:iam::111111111111:role/agent\", region: eu-west-1, access_key: "
    "AKIAEXAMPLE, secret_key: {file: k}, policy: '{\"Statement\": [], \"Version\": "
    "\"2012-10-17\"}'}";

TEST(Issued, AVault) {
  const auto vault = issued(kVault).vault;
  ASSERT_TRUE(vault);
  EXPECT_EQ(vault->at.host, "vault.example");
  EXPECT_EQ(vault->at.port, 8200);
  EXPECT_EQ(vault->mount, "kv");
  EXPECT_EQ(vault->path, "agents/mail");
  EXPECT_EQ(vault->token.file, "t");
  const auto mistakes = [](const std::string& keys) {
    return issued_mistakes("vault: {url: \"https://v.example\", " + keys + "}");
  };
  EXPECT_THAT(mistakes("path: kv/x, field: f"), HasSubstr("`token`"));
  EXPECT_THAT(mistakes("path: kv/x, token: {env: T}"), HasSubstr("`field`"));
  EXPECT_THAT(mistakes("path: kv/x, field: f, role_id: r"), HasSubstr("`secret_id`"));
  EXPECT_THAT(mistakes("path: kv/x, field: f, token: {env: T}, secret_id: {env: T}"),
              HasSubstr("belongs to a `role_id`"));
  EXPECT_THAT(mistakes("path: kv/x, field: f, token: {env: T}, role_id: r, secret_id: {env: T}"),
              HasSubstr("`token`"));
  for (const char* path : {"kv", "kv/", "/x", "kv/../sys", "kv//x", "kv/./x"}) {
    EXPECT_THAT(mistakes(std::string("path: ") + path + ", field: f, token: {env: T}"),
                HasSubstr("a mount and a path"))
        << path;
  }
  EXPECT_THAT(mistakes("path: \"kv/a?x\", field: f, token: {env: T}"), HasSubstr("cannot be"));
}

TEST(Issued, AnAuthorizationServer) {
  const auto oauth = issued(kOAuth).oauth;
  ASSERT_TRUE(oauth);
  EXPECT_EQ(oauth->at.url, "https://as.example/token");
  EXPECT_EQ(oauth->client_secret.env, "S");
  EXPECT_FALSE(oauth->in_body);
  EXPECT_FALSE(oauth->subject.given());
  const std::string begun = "oauth: {client_id: p, client_secret: {env: S}, ";
  EXPECT_THAT(issued_mistakes(begun + "token_url: \"http://as.example/\"}"),
              HasSubstr("read by everybody"));
  EXPECT_THAT(issued_mistakes(begun + "subject_type: jwt, token_url: \"https://as.example/\"}"),
              HasSubstr("belongs to a `subject`"));
  const auto exchange = issued(begun +
                               "token_url: \"https://as.example/\", auth: body, "
                               "subject: {file: svid.jwt}, subject_type: jwt}")
                            .oauth;
  EXPECT_TRUE(exchange->in_body);
  EXPECT_EQ(exchange->subject_type, "urn:ietf:params:oauth:token-type:jwt");
}

TEST(Issued, AGithubApp) {
  const auto app = issued(kGithub).github_app;
  ASSERT_TRUE(app);
  EXPECT_EQ(app->at.url, "https://api.github.com");
  EXPECT_EQ(app->app, "12");
  EXPECT_EQ(app->installation, 34U);
  EXPECT_THAT(app->permissions, ElementsAre(Pair("contents", "read")));
  const std::string begun = "github_app: {id: 1, installation: 2, key: {env: K}, ";
  EXPECT_THAT(issued_mistakes(begun + "permissions: {contents: all}}"), HasSubstr("`all`"));
  EXPECT_THAT(issued_mistakes(begun + "permissions: {contents: read}, repositories: [a/b]}"),
              HasSubstr("without the owner"));
  EXPECT_THAT(issued_mistakes(begun.substr(0, begun.size() - 2) + "}"), HasSubstr("permissions"));
  const std::string rest = "permissions: {contents: read}, repositories: ";
  const auto chosen = issued(begun + rest + "\"${args.repo}\"}").github_app;
  EXPECT_EQ(chosen->repository_by, "repo");
  EXPECT_THAT(chosen->repositories, testing::IsEmpty());
  for (const char* wrong : {"\"${args.}\"", "\"${args.a.b}\"", "\"${args.a/../b}\"", "\"${repo}\"",
                            "\"${args.repo\"", "\"$args.repo\"", "\"x${args.repo}\""}) {
    EXPECT_NE(issued_mistakes(begun + rest + wrong + "}"), "") << wrong;
  }
  EXPECT_THAT(issued_mistakes(begun + rest + "[web, \"${args.repo}\"]}"),
              HasSubstr("stands alone"));
  EXPECT_THAT(issued_mistakes(begun + rest + "\"${args.repo}\"}",
                              "servers: {s: {url: \"https://x.example\", credential: c}}\n"),
              HasSubstr("not for every message"));
}

TEST(Issued, AnAwsRole) {
  const auto aws = issued(kAws).aws_sts;
  ASSERT_TRUE(aws);
  EXPECT_EQ(aws->at.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(aws->policy, R"({"Statement":[],"Version":"2012-10-17"})");
  EXPECT_EQ(aws->lasts, Duration::seconds(900));
  const std::string begun =
      "aws_sts: {role: r, region: eu-west-1, access_key: AK, secret_key: {env: K}";
  EXPECT_THAT(issued_mistakes(begun + "}"), HasSubstr("policy"));
  EXPECT_THAT(issued_mistakes(begun + ", policy: \"[]\"}"), HasSubstr("as JSON"));
  EXPECT_THAT(issued_mistakes(begun + ", policy: \"{}\", lasts: 1m}"), HasSubstr("lasts"));
  EXPECT_THAT(issued_mistakes(kAws, "servers: {s: {url: \"https://x.example\", credential: c}}\n"),
              HasSubstr("a program's environment"));
  EXPECT_EQ(issued_mistakes(kAws, "servers: {s: {command: [x], credential: c}}\n"), "");
}

TEST(Issued, ALogin) {
  const auto login = issued("login: {issuer: \"https://login.example\", store: crm-login}").login;
  ASSERT_TRUE(login);
  EXPECT_EQ(login->at.host, "login.example");
  EXPECT_EQ(login->store, "crm-login");
  EXPECT_THAT(issued_mistakes("login: {issuer: \"https://login.example\"}"), HasSubstr("`store`"));
  EXPECT_THAT(issued_mistakes("login: {store: s}"), HasSubstr("`issuer`"));
  EXPECT_THAT(issued_mistakes("login: {issuer: \"http://login.example\", store: s}"),
              HasSubstr("read by everybody"));
}

TEST(Issued, ASourceIsNeverTheSecretItself) {
  const std::string begun = "oauth: {token_url: \"https://as.example/\", client_id: p, ";
  EXPECT_THAT(issued_mistakes(begun + "client_secret: abc-secret}"),
              testing::AllOf(HasSubstr("not the secret"), testing::Not(HasSubstr("abc-secret"))));
  EXPECT_THAT(issued_mistakes(begun + "client_secret: {}}"), HasSubstr("one source"));
  EXPECT_THAT(issued_mistakes(begun + "client_secret: {env: A, file: b}}"),
              HasSubstr("one source"));
  EXPECT_THAT(issued_mistakes(begun + "client_secret: {vault: {}}}"), HasSubstr("`vault`"));
  EXPECT_THAT(issued_mistakes(std::string(kOAuth) + ", env: A"), HasSubstr("has one source"));
}

}  // namespace
}  // namespace pawl
