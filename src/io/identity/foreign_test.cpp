#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "io/identity/identities.h"
#include "lang/jose/base64url.h"

namespace pawl::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kForeignNow = 1'800'000'000;
constexpr const char* kMcp = "https://gate.example/mcp/clerk";

constexpr const char* kForeignFile = R"(
roles: {clerk: {file: x}, reader: {file: y}}
people: {ada: {}}
listen: {mcp: "127.0.0.1:0", tls: {certificate: c, key: k, client_ca: ca.pem}}
issuers:
  corp: {issuer: "https://id.example", clock_skew: 10s}
  scoped: {issuer: "https://scoped.example", scopes: {propose: agents.call}, clients: [app]}
trust_domains: {prod.example: {keys: "https://spire.example/bundle"}}
agents:
  nightly: {role: clerk, sponsor: ada, jwt: {issuer: corp, subject: svc-nightly}}
  deployer: {role: reader, jwt: {issuer: corp, subject: ci, claims: {env: prod, own: true}}}
  asking: {role: clerk, jwt: {issuer: scoped, subject: s}}
  worker: {role: clerk, spiffe: "spiffe://prod.example/sa/worker"}
  certified: {role: clerk, certificate: {dns: bot.example}}
  mailer: {role: reader, certificate: {email: bot@example}}
)";

jose::SigningKey signer(char byte) {
  return *jose::SigningKey::from_seed(std::string(32, byte));
}

// A node that knows issuers, whose keys are what `sets` holds.
struct Embassy {
  Embassy() : identities(ports(), {{signer('\x07')}}, "https://gate.example") {
    const LoadedDeployment loaded = load_deployment(kForeignFile, "d");
    EXPECT_TRUE(loaded.deployment);
    identities.use(*loaded.deployment);
    sets["https://id.example"] = set_of('\x01');
    sets["https://scoped.example"] = set_of('\x02');
    sets["https://spire.example/bundle"] = set_of('\x03', "jwt-svid");
  }
  static std::string set_of(char byte, const std::string& use = "sig") {
    const jose::PublicKey keys[] = {signer(byte).public_key()};
    std::string text = jose::KeySet::of(keys).text();
    text.replace(text.find("\"sig\""), 5, "\"" + use + "\"");
    return text;
  }
  IdentityPorts ports() {
    return {.now = [this] { return now; },
            .run = [](std::string_view) { return nullptr; },
            .note = [this](const std::string&, const std::string& text) { notes.push_back(text); },
            .random = [](std::size_t count) { return std::string(count, 'r'); },
            .fetch = [this](KeyPlace place) { return fetch(this, std::move(place)); }};
  }
  static Task<Result<FetchedKeys>> fetch(Embassy* self, KeyPlace place) {
    const auto found = self->sets.find(place.url.empty() ? place.issuer : place.url);
    self->fetched.push_back(place.url.empty() ? place.issuer : place.url);
    if (found == self->sets.end()) co_return fail(ErrorKind::io, "no route");
    co_return FetchedKeys{found->second, {}};
  }

  Proved<Principal> ask(const std::string& token, const std::string& door = kMcp) {
    http::Request request{.method = "POST", .target = "/", .headers = {}, .body = {}, .remote = {}};
    if (!token.empty()) request.headers.add("authorization", "Bearer " + token);
    if (shown) {
      auto remote = std::make_shared<http::Remote>();
      remote->certificate = shown;
      request.remote = std::move(remote);
    }
    std::optional<Proved<Principal>> who;
    const auto run_it = [&]() -> Task<void> {
      who = co_await identities.authenticate(request, door);
    };
    spawn(run_it());
    return *who;
  }
  // `more`: further members of the claims.
  static std::string token(char byte, const std::string& issuer, const std::string& subject,
                           const std::string& more = "", const std::string& audience = kMcp,
                           std::int64_t expires = kForeignNow + 600) {
    const std::string claims = R"({"iss":")" + issuer + R"(","sub":")" + subject + R"(","aud":")" +
                               audience + R"(","exp":)" + std::to_string(expires) + more + "}";
    return jose::seal(signer(byte), "JWT", claims);
  }
  static std::string nightly(const std::string& more = "", const std::string& audience = kMcp) {
    return token('\x01', "https://id.example", "svc-nightly", more, audience);
  }
  std::string refused(const std::string& token, const std::string& door = kMcp) {
    const auto who = ask(token, door);
    EXPECT_FALSE(who);
    return who || notes.empty() ? "" : notes.back();
  }

  Instant now{kForeignNow * 1'000'000'000};
  std::map<std::string, std::string> sets;
  std::vector<std::string> fetched, notes;
  std::optional<http::ClientCertificate> shown;
  Identities identities;
};

TEST(Foreign, ATokenOfAnIssuerIsItsAgent) {
  Embassy embassy;
  const auto who = embassy.ask(Embassy::nightly(R"(,"jti":"t-1")"));
  ASSERT_TRUE(who) << embassy.notes.back();
  EXPECT_EQ(who->agent, "nightly");
  EXPECT_EQ(who->role, "clerk");
  EXPECT_EQ(who->sponsor, "ada");
  EXPECT_EQ(who->how, How::issuer_token);
  EXPECT_EQ(who->proof, "token `t-1` of issuer corp");
  ASSERT_TRUE(who->until);
  EXPECT_GE(*who->until, embassy.now + Duration::seconds(600));
  EXPECT_TRUE(embassy.ask(Embassy::nightly()));
  EXPECT_TRUE(embassy.ask(Embassy::nightly("", "https://gate.example")));
  EXPECT_TRUE(embassy.ask(Embassy::nightly("", "https://gate.example/")));
  EXPECT_THAT(embassy.fetched, SizeIs(1)) << "one fetch of one issuer's keys";
  EXPECT_THAT(embassy.notes, IsEmpty());
}

TEST(Foreign, ClaimsHaveToBeExactlyThese) {
  Embassy embassy;
  const auto ci = [&](const std::string& more) {
    return embassy.ask(Embassy::token('\x01', "https://id.example", "ci", more)).has_value();
  };
  EXPECT_TRUE(ci(R"(,"env":"prod","own":true)"));
  EXPECT_FALSE(ci(R"(,"env":"prod")"));
  EXPECT_FALSE(ci(R"(,"env":"Prod","own":true)"));
  EXPECT_FALSE(ci(R"(,"env":["prod"],"own":true)"));
  EXPECT_FALSE(ci(R"(,"env":"prod","own":"true")"));
  EXPECT_FALSE(ci(R"(,"env":"prod","own":1)"));
}

TEST(Foreign, ForgedExpiredAndForOthers) {
  Embassy embassy;
  EXPECT_THAT(embassy.refused(Embassy::token('\x05', "https://id.example", "svc-nightly")),
              HasSubstr("not a key of this issuer"));
  std::string forged = Embassy::nightly();
  forged.replace(forged.size() - 4, 4, "AAAA");
  EXPECT_THAT(embassy.refused(forged), HasSubstr("signature"));
  EXPECT_THAT(embassy.refused(Embassy::nightly("", "https://gate.example/mcp/reader")),
              HasSubstr("not for us"));
  EXPECT_THAT(embassy.refused(Embassy::nightly("", "https://other.example")),
              HasSubstr("not for us"));
  EXPECT_THAT(embassy.refused(Embassy::token('\x01', "https://id.example", "svc-nightly", "", kMcp,
                                             kForeignNow - 11)),
              HasSubstr("expired"));
  EXPECT_THAT(embassy.refused(Embassy::nightly(R"(,"nbf":1800000300)")), HasSubstr("claims.nbf"));
  EXPECT_THAT(embassy.refused(Embassy::token('\x01', "https://id.example", "stranger")),
              HasSubstr("who is not an agent here"));
  // Another issuer's key, and an issuer that the file does not name.
  EXPECT_THAT(embassy.refused(Embassy::token('\x02', "https://id.example", "svc-nightly")),
              HasSubstr("not a key of this issuer"));
  const std::size_t before = embassy.fetched.size();
  EXPECT_FALSE(embassy.ask(Embassy::token('\x01', "https://169.254.169.254", "svc-nightly")));
  EXPECT_EQ(embassy.fetched.size(), before) << "a token says nothing about where we look";
}

// What is known of a token is its signature; everything else is looked at each time.
TEST(Foreign, AKnownTokenIsJudgedAnew) {
  Embassy embassy;
  const std::string token = Embassy::nightly();
  ASSERT_TRUE(embassy.ask(token));
  EXPECT_THAT(embassy.refused(token, "https://gate.example/mcp/reader"), HasSubstr("not for us"));
  ASSERT_TRUE(embassy.ask(token));
  embassy.now = embassy.now + Duration::seconds(611);
  EXPECT_THAT(embassy.refused(token), HasSubstr("expired")) << "replayed after its end";
}

TEST(Foreign, AWithdrawnKeyIsUselessAfterTheNextFetch) {
  Embassy embassy;
  const std::string token =
      Embassy::token('\x01', "https://id.example", "svc-nightly", "", kMcp, kForeignNow + 90'000);
  ASSERT_TRUE(embassy.ask(token));
  embassy.sets["https://id.example"] = Embassy::set_of('\x04');
  embassy.now = embassy.now + Duration::seconds(3601);
  (void)embassy.ask(token);  // while it is fetched again
  EXPECT_THAT(embassy.refused(token), HasSubstr("not a key of this issuer"));
  const std::string renewed =
      Embassy::token('\x04', "https://id.example", "svc-nightly", "", kMcp, kForeignNow + 90'000);
  EXPECT_TRUE(embassy.ask(renewed));
}

TEST(Foreign, ANewKeyIsFetched) {
  Embassy embassy;
  ASSERT_TRUE(embassy.ask(Embassy::nightly()));
  embassy.sets["https://id.example"] = Embassy::set_of('\x04');
  embassy.now = embassy.now + Duration::seconds(31);
  EXPECT_TRUE(embassy.ask(Embassy::token('\x04', "https://id.example", "svc-nightly")));
}

TEST(Foreign, WithoutKeysNoAgentIsKnownAndThatIsSaid) {
  Embassy embassy;
  embassy.sets.clear();
  const auto who = embassy.ask(Embassy::nightly());
  ASSERT_FALSE(who);
  EXPECT_EQ(who.error().status, 503);
  EXPECT_THAT(embassy.notes, testing::Contains(HasSubstr("no route")));
  const auto answer = embassy.identities.refusal(who.error(), kMcp, "propose");
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.headers.find("www-authenticate"));
}

TEST(Foreign, ScopesAreRights) {
  Embassy embassy;
  const auto scoped = [&](const std::string& more) {
    return embassy.ask(
        Embassy::token('\x02', "https://scoped.example", "s", R"(,"azp":"app")" + more));
  };
  const auto with = scoped(R"(,"scope":"openid agents.call")");
  ASSERT_TRUE(with) << embassy.notes.back();
  EXPECT_EQ(to_string(with->rights), "propose") << "`watch` has no scope, so no agent gets it";
  const auto without = scoped(R"(,"scope":"openid")");
  ASSERT_TRUE(without);
  EXPECT_EQ(to_string(without->rights), "");
  const auto answer = embassy.identities.refusal(lacks(*without, "propose"), kMcp, "propose");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.headers.find("www-authenticate"),
            "Bearer realm=\"pawl\", error=\"insufficient_scope\", scope=\"agents.call\", "
            "resource_metadata=\"https://gate.example/.well-known/oauth-protected-resource/mcp/"
            "clerk\"");
  EXPECT_THAT(embassy.refused(Embassy::token('\x02', "https://scoped.example", "s",
                                             R"(,"azp":"other","scope":"agents.call")")),
              HasSubstr("not a client of ours"));
}

TEST(Foreign, AnSvidIsItsWorkload) {
  Embassy embassy;
  const auto svid = [](char byte, const std::string& subject, const std::string& audience) {
    return Embassy::token(byte, "https://id.example", subject, "", audience);
  };
  const auto who = embassy.ask(svid('\x03', "spiffe://prod.example/sa/worker", kMcp));
  ASSERT_TRUE(who) << embassy.notes.back();
  EXPECT_EQ(who->agent, "worker");
  EXPECT_EQ(who->how, How::svid);
  EXPECT_THAT(embassy.refused(svid('\x03', "spiffe://prod.example/sa/other", kMcp)),
              HasSubstr("not an agent here"));
  EXPECT_THAT(embassy.refused(svid('\x03', "spiffe://prod.example/sa/worker", "https://x.example")),
              HasSubstr("not for us"));
  // The issuer beside it does not sign for the trust domain.
  EXPECT_THAT(embassy.refused(svid('\x01', "spiffe://prod.example/sa/worker", kMcp)),
              HasSubstr("not a key of this issuer"));
}

http::ClientCertificate certificate_of(const std::string& dns, const std::string& email = "") {
  http::ClientCertificate shown;
  shown.subject = "CN=x";
  if (!dns.empty()) shown.dns_names = {dns};
  if (!email.empty()) shown.emails = {email};
  shown.sha256 = hex(std::string(32, '\xab'));
  shown.not_after = kForeignNow + 60;
  return shown;
}

TEST(Foreign, ACertificateIsItsAgent) {
  Embassy embassy;
  embassy.shown = certificate_of("Bot.example");
  const auto who = embassy.ask("");
  ASSERT_TRUE(who) << embassy.notes.back();
  EXPECT_EQ(who->agent, "certified");
  EXPECT_EQ(who->proof, "certificate abababababab");
  EXPECT_EQ(who->until, embassy.now + Duration::seconds(60));
  // The end of those that have none (RFC 5280, 4.1.2.5) is behind the end of our time.
  embassy.shown->not_after = 253'402'300'799;
  EXPECT_TRUE(embassy.ask(""));
  embassy.shown = certificate_of("Bot.example");
  embassy.now = embassy.now + Duration::seconds(60);
  EXPECT_THAT(embassy.refused(""), HasSubstr("which is over"));
  embassy.now = embassy.now + Duration::seconds(-60);
  embassy.shown = certificate_of("other.example");
  EXPECT_THAT(embassy.refused(""), HasSubstr("of no agent here"));
  embassy.shown = certificate_of("bot.example", "bot@example");
  EXPECT_THAT(embassy.refused(""), HasSubstr("of `certified` and of `mailer`"));
}

TEST(Foreign, ACertificateAndATokenAreOneAgents) {
  Embassy embassy;
  embassy.shown = certificate_of("bot.example");
  EXPECT_THAT(embassy.refused(Embassy::nightly()),
              HasSubstr("of `nightly` over a connection of `certified`"));
  embassy.shown = certificate_of("proxy.example");
  EXPECT_TRUE(embassy.ask(Embassy::nightly())) << "one of no agent takes nothing away";
}

TEST(Foreign, ABoundTokenCountsOnItsConnectionOnly) {
  Embassy embassy;
  const std::string thumbprint = jose::base64url(std::string(32, '\xab'));
  const std::string bound = Embassy::nightly(R"(,"cnf":{"x5t#S256":")" + thumbprint + R"("})");
  EXPECT_THAT(embassy.refused(bound), HasSubstr("that the connection lacks")) << "stolen";
  embassy.shown = certificate_of("proxy.example");
  EXPECT_TRUE(embassy.ask(bound));
  embassy.shown->sha256 = hex(std::string(32, '\xac'));
  EXPECT_THAT(embassy.refused(bound), HasSubstr("that the connection lacks")) << "also when known";
  EXPECT_THAT(embassy.refused(Embassy::nightly(R"(,"cnf":{"jkt":"x"})")),
              HasSubstr("cannot be checked here"));
  EXPECT_THAT(
      embassy.refused(Embassy::nightly(R"(,"cnf":{"x5t#S256":")" + thumbprint + R"(","jkt":"x"})")),
      HasSubstr("cannot be checked here"));
}

TEST(Foreign, DoorsSayWhoseTokensTheyTake) {
  Embassy embassy;
  const auto said = json::parse(embassy.identities.metadata("/mcp/clerk"));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->root()["resource"].string(), kMcp);
  EXPECT_EQ(json::write(said->root()["authorization_servers"]),
            R"(["https://id.example","https://scoped.example"])");
  EXPECT_EQ(json::write(said->root()["scopes_supported"]), R"(["agents.call"])");
  // Of any other role they say the same, whether there is such a role or not.
  for (const std::string role : {"reader", "unknown"}) {
    const auto other = json::parse(embassy.identities.metadata("/mcp/" + role));
    ASSERT_TRUE(other);
    EXPECT_EQ(other->root()["resource"].string(), "https://gate.example/mcp/" + role);
    EXPECT_EQ(json::write(other->root()["authorization_servers"]),
              json::write(said->root()["authorization_servers"]));
  }
  EXPECT_THAT(embassy.identities.metadata("/other"), IsEmpty());
  EXPECT_THAT(embassy.identities.metadata(""), HasSubstr("\"https://gate.example\""));
  embassy.identities.use({});
  EXPECT_THAT(embassy.identities.metadata("/mcp/clerk"), IsEmpty());
  const auto who = embassy.ask("");
  const auto answer = embassy.identities.refusal(who.error(), kMcp, "propose");
  EXPECT_EQ(answer.headers.find("www-authenticate"), "Bearer realm=\"pawl\"");
}

}  // namespace
}  // namespace pawl::identity
