#include "lang/jose/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lang/jose/svid.h"
#include "lang/jose/tokens_test.h"

namespace pawl::jose {
namespace {

using made::kNow;
using made::set_of;
using made::signing_key;

Expected ours() {
  Expected expected;
  expected.issuer = "https://id.example";
  expected.audiences = {"https://gate.example/mcp/coder"};
  return expected;
}

// Claims that are right, with these members instead of or besides the right ones.
std::string payload(const std::string& change = "") {
  std::string text = R"({"iss":"https://id.example","sub":"agent-7",)"
                     R"("aud":"https://gate.example/mcp/coder","exp":1800000600)";
  const std::size_t colon = change.find(':');
  const std::size_t at =
      colon == std::string::npos ? std::string::npos : text.find(change.substr(0, colon + 1));
  if (at == std::string::npos) return text + (change.empty() ? "}" : "," + change + "}");
  std::size_t end = text.find(",\"", at);
  text.replace(at, end == std::string::npos ? std::string::npos : end - at, change);
  return text + "}";
}

Checked<Claims> judged(const std::string& text, const Expected& expected = ours(),
                       Instant now = kNow) {
  const SigningKey key = signing_key();
  return verify(seal(key, "JWT", text), set_of(key), expected, now);
}

std::string refusal(const std::string& change, const Expected& expected = ours()) {
  const auto claims = judged(payload(change), expected);
  return claims ? "accepted" : std::string(name_of(claims.error().flaw)) + " " + claims.error().at;
}

TEST(Claims, ReadsWhatTheyMean) {
  Expected expected = ours();
  expected.scopes = {"tools:call"};
  expected.parties = {"coder-client"};
  const auto claims = judged(payload(R"("scope":"tools:list tools:call","azp":"coder-client",)"
                                     R"("jti":"t1","nbf":1800000000,"iat":1799999999,"x":[{}])"),
                             expected);
  ASSERT_TRUE(claims) << to_string(claims.error());
  EXPECT_EQ(claims->subject, "agent-7");
  EXPECT_EQ(claims->id, "t1");
  EXPECT_EQ(claims->party, "coder-client");
  EXPECT_THAT(claims->scopes, testing::ElementsAre("tools:list", "tools:call"));
  EXPECT_EQ(claims->expires, (Instant{1'800'000'600LL * 1'000'000'000}));
  EXPECT_EQ(claims->key, signing_key().kid());
  EXPECT_EQ(refusal(R"("aud":["https://other.example","https://gate.example/mcp/coder"])"),
            "accepted");
}

struct Case {
  const char* change;
  const char* refusal;
};

TEST(Claims, RefusesWhatIsNotForUsOrNotNow) {
  const Case cases[] = {
      {R"("iss":"https://id.example/")", "issuer claims.iss"},
      {R"("iss":"https://ID.example")", "issuer claims.iss"},
      {R"("iss":["https://id.example"])", "claim claims.iss"},
      {R"("aud":"https://gate.example/mcp/sre")", "audience claims.aud"},
      {R"("aud":"https://gate.example/mcp/coder/")", "audience claims.aud"},
      {R"("aud":[])", "claim claims.aud"},
      {R"("aud":{"a":1})", "claim claims.aud"},
      {R"("aud":["https://gate.example/mcp/coder",7])", "claim claims.aud"},
      {R"("exp":1799999970)", "expired claims.exp"},
      {R"("exp":"1800000600")", "claim claims.exp"},
      {R"("exp":1800000600.5)", "claim claims.exp"},
      {R"("exp":-1)", "claim claims.exp"},
      {R"("exp":9000000001)", "claim claims.exp"},
      {R"("exp":18446744073709551615)", "claim claims.exp"},
      {R"("exp":1e300)", "claim claims.exp"},
      {R"("exp":null)", "claim claims.exp"},
      {R"("exp":true)", "claim claims.exp"},
      {R"("nbf":1800000031)", "not_yet claims.nbf"},
      {R"("iat":1800000031)", "not_yet claims.iat"},
      {R"("nbf":"0")", "claim claims.nbf"},
      {R"("sub":"")", "claim claims.sub"},
      {R"("sub":"agent\u202e7")", "claim claims.sub"},
      {R"("sub":7)", "claim claims.sub"},
      {R"("jti":{})", "claim claims.jti"},
      {R"("scope":{"a":1})", "claim claims.scope"},
      {R"("scp":["a",1])", "claim claims.scp"},
      {R"("Exp":1)", "json claims"},
      {R"("x":1,"x":1)", "json claims"},
      {R"("x":{"a":1,"a":2})", "json claims"},
  };
  for (const Case& one : cases) EXPECT_EQ(refusal(one.change), one.refusal) << one.change;
  // One number in two spellings is one number.
  EXPECT_EQ(refusal(R"("exp":1800000600.0)"), "accepted");
  EXPECT_EQ(refusal(R"("exp":1.8000006e9)"), "accepted");
}

TEST(Claims, AreMissed) {
  for (const auto& [text, where] :
       {std::pair(R"({"iss":"https://id.example","exp":1800000600})", "audience"),
        std::pair(R"({"aud":"https://gate.example/mcp/coder","exp":1800000600})", "issuer"),
        std::pair(R"({"iss":"https://id.example","aud":"https://gate.example/mcp/coder"})",
                  "claim"),
        std::pair("[]", "json"), std::pair("null", "json"), std::pair("", "form"),
        std::pair("{} {}", "json"), std::pair("{\"iss\":\"\xff\"}", "json")}) {
    const auto claims = judged(text);
    ASSERT_FALSE(claims) << text;
    EXPECT_EQ(name_of(claims.error().flaw), where) << text;
  }
}

TEST(Claims, ALeewayIsForClocksAndHasABound) {
  const auto at = [](std::int64_t seconds, Duration leeway) {
    Expected expected = ours();
    expected.leeway = leeway;
    return judged(payload(), expected, Instant{seconds * 1'000'000'000}).has_value();
  };
  EXPECT_TRUE(at(1'800'000'599, {}));
  EXPECT_FALSE(at(1'800'000'600, {}));
  EXPECT_TRUE(at(1'800'000'629, leeway_default));
  EXPECT_FALSE(at(1'800'000'630, leeway_default));
  EXPECT_FALSE(at(1'800'000'900, Duration::seconds(1'000'000)));
  EXPECT_TRUE(at(1'800'000'899, Duration::seconds(1'000'000)));
  EXPECT_FALSE(at(1'800'000'600, Duration::seconds(-60)));
}

TEST(Claims, AreIssuedToOneOfOurClients) {
  Expected expected = ours();
  expected.parties = {"coder-client"};
  EXPECT_EQ(refusal("", expected), "party claims.azp");
  EXPECT_EQ(refusal(R"("azp":"other")", expected), "party claims.azp");
  EXPECT_EQ(refusal(R"("azp":"coder-client")", expected), "accepted");
  EXPECT_EQ(refusal(R"("client_id":"coder-client")", expected), "accepted");
  EXPECT_EQ(refusal(R"("azp":"other","client_id":"coder-client")", expected), "party claims.azp");
}

TEST(Claims, AMissingScopeIsAnotherAnswerThanABadToken) {
  Expected expected = ours();
  expected.scopes = {"tools:call"};
  EXPECT_EQ(refusal(R"("scope":"tools:calls xtools:call")", expected), "scope claims.scope");
  const auto short_of = judged(payload(R"("scope":"tools:list")"), expected);
  ASSERT_FALSE(short_of);
  EXPECT_EQ(status_of(challenge_of(short_of.error().flaw)), 403);
  EXPECT_EQ(name_of(challenge_of(short_of.error().flaw)), "insufficient_scope");
  // An unknown caller is not told what is missing.
  EXPECT_EQ(refusal(R"("exp":1)", expected), "expired claims.exp");
  EXPECT_EQ(status_of(challenge_of(Flaw::expired)), 401);
  EXPECT_EQ(name_of(challenge_of(Flaw::signature)), "invalid_token");
}

TEST(Claims, SayWhoseKeysToAskFor) {
  const auto whose = stated(seal(signing_key(), "JWT", payload()));
  ASSERT_TRUE(whose);
  EXPECT_EQ(whose->issuer, "https://id.example");
  EXPECT_EQ(whose->subject, "agent-7");
  EXPECT_FALSE(stated("a.b"));
  EXPECT_FALSE(stated("e30.Ww.AA"));
}

TEST(Svid, IsAWorkloadOfOneTrustDomain) {
  const SigningKey key = signing_key();
  const auto verified = [&](const char* subject, const char* type = "JWT") {
    const std::string text =
        fmt::format(R"({{"sub":"{}","aud":["pawl","other"],"exp":1800000600}})", subject);
    return verify_svid(seal(key, type, text), set_of(key), "prod.example", "pawl", kNow);
  };
  const auto good = verified("spiffe://prod.example/ns/agents/sa/coder");
  ASSERT_TRUE(good) << to_string(good.error());
  EXPECT_EQ(good->id, (SpiffeId{"prod.example", "/ns/agents/sa/coder"}));
  EXPECT_TRUE(verified("spiffe://prod.example/a", "JOSE"));
  EXPECT_FALSE(verified("spiffe://prod.example/a", "at+jwt"));
  for (const char* subject :
       {"spiffe://prod.example/", "spiffe://prod.example/a/", "spiffe://prod.example//a",
        "spiffe://prod.example/./a", "spiffe://prod.example/../a", "spiffe://prod.example/a%2fb",
        "spiffe://Prod.example/a", "spiffe://prod.example:443/a", "spiffe://u@prod.example/a",
        "spiffe:///a", "spiffe://", "SPIFFE://prod.example/a", "https://prod.example/a",
        "spiffe://prod.example/a?x", "spiffe://prod.example/a#x", "spiffe://prod.example/a b",
        "spiffe://other.example/a", "spiffe://prod.example.evil.example/a"}) {
    const auto refused = verified(subject);
    ASSERT_FALSE(refused) << subject;
    EXPECT_EQ(refused.error().flaw, Flaw::subject) << subject;
  }
  const auto elsewhere = verify_svid(
      seal(key, "JWT", R"({"sub":"spiffe://prod.example/a","aud":"other","exp":1800000600})"),
      set_of(key), "prod.example", "pawl", kNow);
  EXPECT_EQ(elsewhere.error().flaw, Flaw::audience);
}

}  // namespace
}  // namespace pawl::jose
