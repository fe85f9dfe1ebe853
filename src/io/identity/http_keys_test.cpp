// Against a server on this machine that says what issuers say, and what they should not.
#include "io/identity/http_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "io/http/server.h"
#include "lang/jose/key_set.h"

namespace pawl::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kOpenIdPath = "/.well-known/openid-configuration";

struct SomeIssuer {
  SomeIssuer()
      : server(loop, {},
               [this](const http::Request& request, http::Responder responder) {
                 asked.push_back(request.target);
                 http::Response response;
                 const auto found = pages.find(request.target);
                 response.status = found == pages.end() ? 404 : 200;
                 if (found != pages.end()) response.body = found->second;
                 if (response.body.starts_with("http")) {
                   response.status = 302;
                   response.headers.add("location", response.body);
                 }
                 response.headers.add("cache-control", "public, max-age=120");
                 std::move(responder).answer(std::move(response));
               }),
        keys(std::in_place, loop) {
    origin = "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1", 0).value_or(0));
    pages[kOpenIdPath] = described(origin, origin + "/keys");
    pages["/keys"] = "the keys";
  }
  static std::string described(const std::string& issuer, const std::string& at) {
    return R"({"issuer":")" + issuer + R"(","jwks_uri":")" + at + R"("})";
  }
  KeyPlace place() const {
    return {.issuer = origin, .url = {}, .file = {}, .ca = {}, .own_network = true};
  }
  static Task<void> note(Task<Result<FetchedKeys>> task, std::optional<Result<FetchedKeys>>& into) {
    into = co_await task;
  }
  Result<FetchedKeys> fetch(const KeyPlace& from) {
    std::optional<Result<FetchedKeys>> got;
    spawn(note(keys->fetch(from, "/nowhere"), got));
    EXPECT_TRUE(loop.run_until([&] { return got.has_value(); }));
    return *got;
  }
  std::string trouble(const KeyPlace& from) {
    const auto got = fetch(from);
    return got ? "it came: " + got->text : got.error().message;
  }

  net::Loop loop;
  std::map<std::string, std::string> pages;
  std::vector<std::string> asked;
  http::Server server;
  std::optional<HttpKeys> keys;
  std::string origin;
};

TEST(HttpKeys, AreDiscovered) {
  SomeIssuer issuer;
  const auto got = issuer.fetch(issuer.place());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->text, "the keys");
  EXPECT_EQ(got->fresh_for, Duration::seconds(120));
  EXPECT_THAT(issuer.asked, ElementsAre(kOpenIdPath, "/keys"));
}

TEST(HttpKeys, AnOAuthServerDescribesItselfElsewhere) {
  SomeIssuer issuer;
  issuer.pages.erase(kOpenIdPath);
  KeyPlace place = issuer.place();
  place.issuer += "/realm";
  issuer.pages["/.well-known/oauth-authorization-server/realm"] =
      SomeIssuer::described(place.issuer, issuer.origin + "/keys");
  EXPECT_TRUE(issuer.fetch(place));
  EXPECT_THAT(issuer.asked, ElementsAre("/realm/.well-known/openid-configuration",
                                        "/.well-known/oauth-authorization-server/realm", "/keys"));
}

TEST(HttpKeys, WhatIsDiscoveredIsAboutTheIssuerAndAtItsHost) {
  SomeIssuer issuer;
  std::string& page = issuer.pages[kOpenIdPath];
  page = SomeIssuer::described("https://other.example", issuer.origin + "/keys");
  EXPECT_THAT(issuer.trouble(issuer.place()), HasSubstr("about another issuer"));
  for (const char* elsewhere : {"http://169.254.169.254/keys", "http://127.0.0.1:1/keys",
                                "http://localhost/keys", "file:///x"}) {
    page = SomeIssuer::described(issuer.origin, elsewhere);
    EXPECT_THAT(issuer.trouble(issuer.place()), HasSubstr("at another place")) << elsewhere;
  }
  page = "{}";
  EXPECT_THAT(issuer.trouble(issuer.place()), HasSubstr("another issuer"));
  page = "<html>";
  EXPECT_FALSE(issuer.fetch(issuer.place()));
  issuer.pages.clear();
  EXPECT_THAT(issuer.trouble(issuer.place()), HasSubstr("does not describe itself"));
}

// S16: an issuer whose keys are said to be at a place that only this machine can reach.
TEST(HttpKeys, NoRedirectIsFollowed) {
  SomeIssuer issuer;
  issuer.pages["/keys"] = issuer.origin + "/inside";
  issuer.pages["/inside"] = "secret";
  EXPECT_THAT(issuer.trouble(issuer.place()), HasSubstr("answers with 302"));
  issuer.pages[kOpenIdPath] = issuer.origin + "/inside";
  EXPECT_THAT(issuer.trouble(issuer.place()), HasSubstr("answers discovery with 302"));
  EXPECT_THAT(issuer.asked, testing::Not(testing::Contains("/inside")));
}

TEST(HttpKeys, ThisMachineIsReachedOnlyWhereTheFileSaysSo) {
  SomeIssuer issuer;
  KeyPlace place = issuer.place();
  place.own_network = false;
  EXPECT_THAT(issuer.trouble(place), HasSubstr("which it may not be"));
  place.url = issuer.origin + "/keys";
  EXPECT_THAT(issuer.trouble(place), HasSubstr("which it may not be"));
  EXPECT_TRUE(issuer.asked.empty());
}

TEST(HttpKeys, AnAddressOrAFileNeedsNoDiscovery) {
  SomeIssuer issuer;
  KeyPlace place = issuer.place();
  place.url = issuer.origin + "/keys";
  EXPECT_TRUE(issuer.fetch(place));
  EXPECT_THAT(issuer.asked, ElementsAre("/keys"));
  place = {.issuer = "x", .url = {}, .file = "absent.json", .ca = {}};
  EXPECT_THAT(issuer.trouble(place), HasSubstr("absent.json` cannot be read"));
}

TEST(HttpKeys, TooMuchIsNotRead) {
  SomeIssuer issuer;
  issuer.pages["/keys"] = std::string(jose::key_set_bytes_max + 1, ' ');
  EXPECT_FALSE(issuer.fetch(issuer.place()));
}

TEST(HttpKeys, AtTheEndAFetchEnds) {
  SomeIssuer issuer;
  std::optional<Result<FetchedKeys>> got;
  spawn(SomeIssuer::note(issuer.keys->fetch(issuer.place(), ""), got));
  issuer.keys->finish();
  ASSERT_TRUE(got);
  EXPECT_FALSE(*got);
  EXPECT_FALSE(issuer.fetch(issuer.place()));
}

TEST(HttpKeys, HowLongKeysAreFresh) {
  EXPECT_EQ(fresh_for("public, Max-Age=60, must-revalidate"), Duration::seconds(60));
  EXPECT_EQ(fresh_for("max-age=99999999999"), fresh_max);
  EXPECT_EQ(fresh_for("no-store"), Duration{});
  EXPECT_EQ(fresh_for("max-age=x"), Duration{});
  EXPECT_EQ(fresh_for("max-age=99999999999999999999"), Duration{});
  EXPECT_EQ(fresh_for("public"), std::nullopt);
}

TEST(HttpKeys, WhereIssuersDescribeThemselves) {
  EXPECT_THAT(discovery_addresses("https://id.example/"),
              ElementsAre("https://id.example/.well-known/openid-configuration",
                          "https://id.example/.well-known/oauth-authorization-server"));
  EXPECT_THAT(discovery_addresses("https://id.example:8443/a/b"),
              ElementsAre("https://id.example:8443/a/b/.well-known/openid-configuration",
                          "https://id.example:8443/.well-known/oauth-authorization-server/a/b"));
}

}  // namespace
}  // namespace pawl::identity
