#include "io/issue/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::issue {
namespace {

using testing::ElementsAre;

constexpr const char* kServer = "https://mcp.example:8443/v1/mcp";
constexpr const char* kIssuer = "https://login.example/tenant";

std::string said_by_resource(const std::string& resource, const std::string& issuer) {
  const auto named = issuers_of_resource(
      R"({"resource":")" + resource + R"(","authorization_servers":[")" + issuer + R"("]})",
      kServer);
  if (!named) return named.error().message;
  const Status fine = check_named(*named, kIssuer);
  return fine ? "fine" : fine.error().message;
}

TEST(Discovery, ThePlacesOfTheStandards) {
  EXPECT_THAT(places_of_resource(kServer),
              ElementsAre("https://mcp.example:8443/.well-known/oauth-protected-resource/v1/mcp",
                          "https://mcp.example:8443/.well-known/oauth-protected-resource"));
  EXPECT_THAT(places_of_issuer(kIssuer),
              ElementsAre("https://login.example/.well-known/oauth-authorization-server/tenant",
                          "https://login.example/.well-known/openid-configuration/tenant",
                          "https://login.example/tenant/.well-known/openid-configuration"));
}

TEST(Discovery, AServerSpeaksOfItselfAndOfTheNamedIssuer) {
  EXPECT_EQ(said_by_resource(kServer, kIssuer), "fine");
  EXPECT_EQ(said_by_resource("https://mcp.example:8443/", std::string(kIssuer) + "/"), "fine");
  EXPECT_EQ(said_by_resource("https://mcp.example:8443/v1", kIssuer), "fine");
  for (const char* other : {"https://mcp.example:8443/v1/mc", "https://mcp.example/v1/mcp", "",
                            "https://mcp.example:8443.evil.example/"}) {
    EXPECT_EQ(said_by_resource(other, kIssuer),
              "what the server says of itself is about another address")
        << other;
  }
  EXPECT_EQ(said_by_resource(kServer, "https://evil.example"),
            "the server names `https://evil.example` as its authorization server, and the "
            "`issuer` in the deployment file is `https://login.example/tenant`");
  for (const char* odd : {"https://a b", "javascript:x", "https://x\u202e", "https://x`", "",
                          "https://x\\\"", "https://", "/x"}) {
    EXPECT_EQ(said_by_resource(kServer, odd),
              "the server names authorization servers that are no addresses, or too many")
        << odd;
  }
  EXPECT_FALSE(issuers_of_resource("[]", kServer));
  EXPECT_EQ(check_named({}, kIssuer).error().message, "the server names no authorization server");
}

std::string authorization(const std::string& issuer, const std::string& token,
                          const std::string& more = {}) {
  const auto read = read_authorization(
      R"({"issuer":")" + issuer + R"(","authorization_endpoint":"https://login.example/a",)" +
          R"("token_endpoint":")" + token + R"(","code_challenge_methods_supported":["S256"])" +
          more + "}",
      kIssuer);
  return read ? read->token_url + " " + read->register_url : read.error().message;
}

TEST(Discovery, SecretsGoToTheOriginOfTheIssuerAlone) {
  EXPECT_EQ(authorization(kIssuer, "https://login.example/t"), "https://login.example/t ");
  EXPECT_EQ(authorization(kIssuer, "https://login.example/t",
                          R"(,"registration_endpoint":"https://login.example/r")"),
            "https://login.example/t https://login.example/r");
  const std::string elsewhere = " of the authorization server is not at `https://login.example`";
  for (const char* token : {"https://evil.example/t", "http://login.example/t",
                            "https://login.example:444/t", "https://login.example.evil/t"}) {
    EXPECT_EQ(authorization(kIssuer, token), "`token_endpoint`" + elsewhere) << token;
  }
  EXPECT_EQ(authorization(kIssuer, "https://login.example/t",
                          R"(,"registration_endpoint":"https://evil.example/r")"),
            "`registration_endpoint`" + elsewhere);
  EXPECT_EQ(authorization("https://login.example/other", "https://login.example/t"),
            "what the authorization server says of itself is about another issuer");
  EXPECT_FALSE(read_authorization("[]", kIssuer));
}

TEST(Discovery, ARegistrationGivesAnId) {
  EXPECT_EQ(read_registration(201, R"({"client_id":"c-1"})"), "c-1");
  EXPECT_FALSE(read_registration(201, R"({"client_id":""})"));
  EXPECT_FALSE(read_registration(201, R"({"client_id":7})"));
  EXPECT_FALSE(read_registration(403, R"({"client_id":"c-1"})"));
}

TEST(Discovery, ARegistrationIsOfAProgramWithoutASecret) {
  EXPECT_EQ(registration("http://127.0.0.1:1/callback", "a b"),
            R"({"application_type":"native","client_name":"pawl",)"
            R"("grant_types":["authorization_code","refresh_token"],)"
            R"("redirect_uris":["http://127.0.0.1:1/callback"],"response_types":["code"],)"
            R"("scope":"a b","token_endpoint_auth_method":"none"})");
}

}  // namespace
}  // namespace pawl::issue
