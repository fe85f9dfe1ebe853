#include <gmock/gmock.h>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kProofHead =
    "roles: {clerk: {file: x}, reader: {file: y}}\n"
    "issuers: {corp: {issuer: \"https://id.example\"}, ci: {issuer: \"https://ci.example\"}}\n"
    "trust_domains: {prod.example: {keys_file: bundle.json}}\n"
    "listen: {mcp: \"127.0.0.1:0\", tls: {certificate: c, key: k, client_ca: ca.pem}}\n"
    "agents:\n";

LoadedDeployment proven(const std::string& agents) {
  return load_deployment(kProofHead + agents, "d");
}
std::string proof_mistakes(const std::string& agents) {
  const LoadedDeployment loaded = proven(agents);
  EXPECT_FALSE(loaded.deployment) << agents;
  return sample::said(loaded.errors);
}

TEST(AgentProofs, AreRead) {
  const LoadedDeployment loaded = proven(
      "  a: {role: clerk, jwt: {issuer: corp, subject: svc-a, claims: {env: prod, bot: true}}}\n"
      "  b: {role: reader, certificate: {dns: B.Example}}\n"
      "  c: {role: reader, spiffe: \"spiffe://prod.example/sa/c\"}\n");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const auto& agents = loaded.deployment->agents;
  EXPECT_EQ(agents.at("a").jwt->issuer, "corp");
  EXPECT_THAT(agents.at("a").jwt->claims,
              ElementsAre(Pair("bot", "true"), Pair("env", "\"prod\""), Pair("sub", "\"svc-a\"")));
  EXPECT_EQ(agents.at("b").certificate->by, AgentCertificate::By::dns);
  EXPECT_EQ(agents.at("b").certificate->value, "b.example") << "names know no upper case";
  EXPECT_EQ(agents.at("c").spiffe, "spiffe://prod.example/sa/c");
}

TEST(AgentProofs, NoTwoAgentsHaveOneOfThem) {
  const std::string twice = "  a: {role: clerk, jwt: {issuer: corp, subject: s}}\n";
  EXPECT_THAT(proof_mistakes(twice + "  b: {role: reader, jwt: {issuer: corp, subject: s}}\n"),
              HasSubstr("one token of `corp` could be `a` and `b`"));
  // A token with this subject and this claim would be both.
  EXPECT_THAT(
      proof_mistakes(twice + "  b: {role: reader, jwt: {issuer: corp, claims: {team: x}}}\n"),
      HasSubstr("one token of `corp` could be `a` and `b`"));
  EXPECT_TRUE(proven(twice + "  b: {role: reader, jwt: {issuer: ci, subject: s}}\n").deployment);
  EXPECT_TRUE(proven(twice + "  b: {role: reader, jwt: {issuer: corp, subject: t}}\n").deployment);
  const std::string uri = "  a: {role: clerk, certificate: {uri: \"spiffe://prod.example/x\"}}\n";
  EXPECT_THAT(proof_mistakes(
                  uri + "  b: {role: reader, certificate: {uri: \"spiffe://prod.example/x\"}}\n"),
              HasSubstr("what proves `b` proves `a` too"));
  EXPECT_THAT(proof_mistakes(uri + "  b: {role: reader, spiffe: \"spiffe://prod.example/x\"}\n"),
              HasSubstr("what proves `b` proves `a` too"));
}

TEST(AgentProofs, MistakesAreNamed) {
  const auto jwt = [](const std::string& inside) {
    return proof_mistakes("  a: {role: clerk, jwt: {" + inside + "}}\n");
  };
  EXPECT_THAT(jwt("issuer: corb, subject: s"), HasSubstr("no issuer `corb`: did you mean `corp`?"));
  EXPECT_THAT(jwt("issuer: corp"), HasSubstr("every token of the issuer would be this agent"));
  EXPECT_THAT(jwt("subject: s"), HasSubstr("has no `issuer`"));
  EXPECT_THAT(jwt("issuer: corp, claims: {aud: x}"), HasSubstr("looked at in every token"));
  EXPECT_THAT(jwt("issuer: corp, claims: {sub: x}"), HasSubstr("expected `subject`"));
  EXPECT_THAT(jwt("issuer: corp, claims: {groups: [x]}"), HasSubstr("`groups`"));
  const auto certificate = [](const std::string& inside) {
    return proof_mistakes("  a: {role: clerk, certificate: {" + inside + "}}\n");
  };
  EXPECT_THAT(certificate("dns: a, uri: b"), HasSubstr("says exactly one of"));
  EXPECT_THAT(certificate("sha256: abc"), HasSubstr("not 64 hexadecimal digits"));
  EXPECT_THAT(proof_mistakes("  a: {role: clerk, spiffe: \"spiffe://other.example/x\"}\n"),
              HasSubstr("there is no trust domain `other.example`"));
  EXPECT_THAT(proof_mistakes("  a: {role: clerk, spiffe: \"spiffe://prod.example\"}\n"),
              HasSubstr("is no SPIFFE id of a workload"));
  EXPECT_THAT(proof_mistakes("  a: {role: clerk}\n"), HasSubstr("nothing could prove who it is"));
  const LoadedDeployment unasked = load_deployment(
      "roles: {clerk: {file: x}}\nlisten: {mcp: \"127.0.0.1:0\"}\n"
      "agents: {a: {role: clerk, certificate: {dns: a}}}\n",
      "d");
  EXPECT_THAT(sample::said(unasked.errors), HasSubstr("clients are not asked for certificates"));
}

struct IssuerMistake {
  std::string text, says;
};

TEST(Issuers, MistakesAreNamed) {
  const std::vector<IssuerMistake> all = {
      {"issuers: {a: {issuer: \"http://id.example\"}}", "come over `http`"},
      {"issuers: {a: {issuer: acme}}", "is not an address below which keys could be discovered"},
      {"issuers: {a: {issuer: \"https://id.example/?a=b\"}}", "could be discovered"},
      {"issuers: {a: {issuer: \"https://me@id.example\"}}", "could be discovered"},
      {"issuers: {a: {issuer: x, keys: \"http://id.example/keys\"}}", "come over `http`"},
      {"issuers: {a: {issuer: x, keys: \"https://a.example\", keys_file: f}}", "says again"},
      {"issuers: {a: {issuer: x, keys_file: f, private: true}}", "nothing is fetched"},
      {"issuers: {a: {issuer: x, keys_file: f, algorithms: [HS256]}}", "shared secret"},
      {"issuers: {a: {issuer: x, keys_file: f, algorithms: [none]}}",
       "is not an algorithm of tokens"},
      {"issuers: {a: {issuer: x, keys_file: f, clock_skew: 10m}}", "clock_skew"},
      {"issuers: {a: {issuer: x, keys_file: f, scopes: {approve: y}}}", "unknown key `approve`"},
      {"issuers: {a: {issuer: x, keys_file: f, scopes: {watch: \"a b\"}}}", "one word"},
      {"issuers: {a: {issuer: x, keys_file: f}, b: {issuer: x, keys_file: g}}", "is the issuer"},
      {"trust_domains: {X.example: {keys_file: f}}", "is not a valid trust domain"},
      {"trust_domains: {x.example: {}}", "neither `keys` nor `keys_file`"},
      {"trust_domains: {x.example: {keys: \"http://x.example\"}}", "come over `http`"},
      {"listen: {mcp: \"127.0.0.1:0\", tls: {certificate: c, key: k, clients: required}}",
       "without `client_ca`"},
  };
  for (const auto& [text, says] : all) {
    const LoadedDeployment loaded = load_deployment(text, "d");
    EXPECT_FALSE(loaded.deployment) << text;
    EXPECT_THAT(sample::said(loaded.errors), HasSubstr(says)) << text;
  }
}

TEST(Issuers, AreReadWithTheirBounds) {
  const LoadedDeployment loaded = load_deployment(
      "issuers:\n  corp:\n    issuer: https://id.example/realm\n    audiences: [gate]\n"
      "    algorithms: [ES256, EdDSA]\n    clients: [app]\n    clock_skew: 5s\n"
      "    scopes: {propose: agents.call}\n"
      "  near: {issuer: \"http://127.0.0.1:8080\"}\n",
      "d");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const TokenSource& corp = loaded.deployment->issuers.at("corp");
  EXPECT_EQ(corp.keys.issuer, "https://id.example/realm");
  EXPECT_FALSE(corp.keys.own_network);
  EXPECT_THAT(corp.algorithms, ElementsAre(jose::Algorithm::ES256, jose::Algorithm::EdDSA));
  EXPECT_EQ(corp.clock_skew, Duration::seconds(5));
  EXPECT_EQ(corp.scopes.at("propose"), "agents.call");
  EXPECT_TRUE(loaded.deployment->issuers.at("near").keys.own_network);
}

}  // namespace
}  // namespace pawl
