#include "io/identity/identities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "io/identity/bearer.h"

namespace pawl::identity {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kDoor = "https://gate.example/v1";

jose::NewKey key_of(char byte) {
  return *jose::make_api_key(std::string(jose::api_key_random_bytes, byte));
}

// A node with two agents and one run.
struct Gatehouse {
  Gatehouse() : identities(ports(), keys(), "https://gate.example") {
    run.id = "r-1";
    run.agent = "clerk";
    run.sponsor = "ada";
    run.policy = "sha256:" + std::string(64, 'a');
    deploy();
  }

  static std::vector<RunSigner> keys() {
    std::vector<RunSigner> all;
    for (const char byte : {'\x07', '\x08'}) {
      all.push_back({*jose::SigningKey::from_seed(std::string(32, byte))});
    }
    return all;
  }
  IdentityPorts ports() {
    return {.now = [this] { return now; },
            .run = [this](std::string_view id) { return id == run.id ? &run : nullptr; },
            .deadline = [this](std::string_view id) -> std::optional<Instant> {
              return id == run.id ? deadline : std::nullopt;
            },
            .note = [this](const std::string&, const std::string& text) { notes.push_back(text); },
            .random = [this](std::size_t count) { return std::string(count, ++counter); }};
  }
  void deploy(bool with_nightly = true) {
    Deployment deployment;
    deployment.roles["clerk"].file = "clerk.yaml";
    if (with_nightly) {
      DeployedAgent& nightly = deployment.agents["nightly"];
      nightly.role = "clerk";
      nightly.sponsor = "ada";
      nightly.keys = {key_of('a').kept};
    }
    DeployedAgent& executor = deployment.agents["executor"];
    executor.role = "clerk";
    executor.keys = {key_of('b').kept, key_of('c').kept};
    executor.rights = {.settle = true};
    identities.use(deployment);
  }

  Proved<Principal> ask(const std::string& authorization, const std::string& door = kDoor,
                        const std::string& target = "/v1/runs") {
    http::Request request{
        .method = "POST", .target = target, .headers = {}, .body = {}, .remote = {}};
    if (!authorization.empty()) request.headers.add("authorization", authorization);
    return ask(request, door);
  }
  Proved<Principal> ask(const http::Request& request, const std::string& door = kDoor) {
    std::optional<Proved<Principal>> who;
    const auto run_it = [&]() -> Task<void> {
      who = co_await identities.authenticate(request, door);
    };
    spawn(run_it());
    return *who;
  }
  std::string credential(const std::string& audience = kDoor) {
    return identities.issue({.agent = "nightly", .run = "r-1", .audience = audience})->token;
  }

  Instant now{1'800'000'000LL * 1'000'000'000};
  Run run;
  std::optional<Instant> deadline;
  std::vector<std::string> notes;
  char counter = 0;
  Identities identities;
};

TEST(Identities, AKeyIsItsAgent) {
  Gatehouse gate;
  const auto who = gate.ask("Bearer " + key_of('a').secret);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->agent, "nightly");
  EXPECT_EQ(who->role, "clerk");
  EXPECT_EQ(who->sponsor, "ada");
  EXPECT_EQ(to_string(who->rights), "propose watch");
  EXPECT_EQ(who->proof, "key " + key_of('a').kept.prefix);
  const auto other = gate.ask("bearer " + key_of('c').secret);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->agent, "executor");
  EXPECT_EQ(other->sponsor, "executor") << "only it answers for itself";
  EXPECT_EQ(to_string(other->rights), "settle");
  EXPECT_THAT(gate.notes, IsEmpty());
}

TEST(Identities, WhatIsNoKeyOfTheFileIsNoAgents) {
  Gatehouse gate;
  const auto who = gate.ask("Bearer " + key_of('z').secret);
  ASSERT_FALSE(who);
  EXPECT_EQ(who.error().status, 401);
  EXPECT_EQ(who.error().error, "invalid_token");
  gate.deploy(false);
  EXPECT_FALSE(gate.ask("Bearer " + key_of('a').secret)) << "it was taken out of the file";
  ASSERT_EQ(gate.notes.size(), 2U);
  EXPECT_THAT(gate.notes[0], Not(HasSubstr(key_of('z').secret.substr(5))));
}

TEST(Identities, AnAgentTakenOutOfTheFileStandsNoLonger) {
  Gatehouse gate;
  const auto by_key = gate.ask("Bearer " + key_of('a').secret);
  const auto by_credential = gate.ask("Bearer " + gate.credential());
  ASSERT_TRUE(by_key && by_credential);
  gate.deploy(true);
  EXPECT_TRUE(*by_key->stands && *by_credential->stands) << "the file says the same";
  gate.identities.use({});
  EXPECT_FALSE(*by_key->stands || *by_credential->stands);
  gate.deploy(true);
  EXPECT_FALSE(*by_key->stands) << "who comes back proves it anew";
  EXPECT_TRUE(*gate.ask("Bearer " + key_of('a').secret)->stands);
  // A key that goes is not a proof any more; another of the same agent still is.
  const auto kept = gate.ask("Bearer " + key_of('b').secret);
  const auto gone = gate.ask("Bearer " + key_of('c').secret);
  ASSERT_TRUE(kept && gone);
  Deployment fewer;
  fewer.agents["executor"].role = "clerk";
  fewer.agents["executor"].keys = {key_of('b').kept};
  fewer.agents["executor"].rights = {.settle = true};
  gate.identities.use(fewer);
  EXPECT_TRUE(*kept->stands);
  EXPECT_FALSE(*gone->stands);
}

TEST(Identities, AnAgentThatMayDoLessStandsNoLonger) {
  Gatehouse gate;
  const auto by_key = gate.ask("Bearer " + key_of('a').secret);
  const auto by_credential = gate.ask("Bearer " + gate.credential());
  ASSERT_TRUE(by_key && by_credential);
  Deployment less;
  less.roles["clerk"];
  less.agents["nightly"].role = "clerk";
  less.agents["nightly"].sponsor = "ada";
  less.agents["nightly"].keys = {key_of('a').kept};
  less.agents["nightly"].rights = {.propose = true};
  gate.identities.use(less);
  EXPECT_FALSE(*by_key->stands);
  EXPECT_FALSE(*by_credential->stands);
  const auto again = gate.ask("Bearer " + key_of('a').secret);
  ASSERT_TRUE(again);
  EXPECT_TRUE(*again->stands);
  EXPECT_EQ(to_string(again->rights), "propose");
}

TEST(Identities, OneBearerTokenAndNothingElse) {
  Gatehouse gate;
  const auto nothing = gate.ask("");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().error, "") << "no error where nothing was presented";
  EXPECT_THAT(gate.notes, IsEmpty());
  const std::string key = key_of('a').secret;
  for (const std::string& text :
       {"Basic " + key, key, std::string("Bearer"), "Bearer  " + key, "Bearer " + key + " x",
        "Bearer " + key + "\"", "Bearer " + std::string(20'000, 'a')}) {
    EXPECT_FALSE(gate.ask(text)) << text.substr(0, 40);
  }
  http::Request twice{.method = "GET", .target = "/", .headers = {}, .body = {}, .remote = {}};
  twice.headers.add("authorization", "Bearer " + key);
  twice.headers.add("authorization", "Bearer " + key);
  EXPECT_FALSE(gate.ask(twice));
  for (const char* target : {"/v1/runs?access_token=x", "/v1/runs?a=b&access_token=x"}) {
    EXPECT_FALSE(gate.ask("Bearer " + key, kDoor, target)) << target;
  }
}

TEST(Identities, ACredentialIsItsRun) {
  Gatehouse gate;
  const auto who = gate.ask("Bearer " + gate.credential());
  ASSERT_TRUE(who) << gate.notes.back();
  EXPECT_EQ(who->agent, "nightly");
  EXPECT_EQ(who->role, "clerk");
  EXPECT_EQ(who->sponsor, "ada");
  EXPECT_EQ(who->credential->run, "r-1");
  EXPECT_EQ(to_string(who->rights), "propose watch") << "an agent never settles its own calls";
}

TEST(Identities, WhatMakesACredentialUseless) {
  Gatehouse gate;
  const std::string token = gate.credential();
  EXPECT_FALSE(gate.ask("Bearer " + token, "https://gate.example/mcp/clerk")) << "another door";
  EXPECT_FALSE(gate.ask("Bearer " + token.substr(0, token.size() - 2) + "AA")) << "forged";
  ASSERT_TRUE(gate.ask("Bearer " + token));
  EXPECT_FALSE(gate.ask("Bearer " + token, "https://gate.example/mcp/clerk")) << "also when known";
  gate.run.phase = RunPhase::closed;
  EXPECT_FALSE(gate.ask("Bearer " + token)) << "replayed after its run";
  gate.run.phase = RunPhase::halted;
  EXPECT_TRUE(gate.ask("Bearer " + token)) << "a halted run is told that it is halted";
  gate.run.phase = RunPhase::killed;
  gate.run.revoked = gate.now;
  EXPECT_FALSE(gate.ask("Bearer " + token)) << "the kill switch revoked it";
  EXPECT_THAT(gate.notes, Contains(HasSubstr("the kill switch revoked")));
  EXPECT_FALSE(gate.identities.issue({.agent = "nightly", .run = "r-1", .audience = kDoor}));
  gate.run.phase = RunPhase::open;
  EXPECT_FALSE(gate.ask("Bearer " + token)) << "also after a person resumed the run";
  gate.now = gate.now + Duration::seconds(1);
  EXPECT_TRUE(gate.ask("Bearer " + gate.credential())) << "a new one counts";
  gate.run.revoked.reset();
  gate.run.phase = RunPhase::halted;
  gate.deploy(false);
  EXPECT_FALSE(gate.ask("Bearer " + token)) << "its agent is gone";
  gate.deploy();
  gate.now = gate.now + credential_life_default;
  EXPECT_FALSE(gate.ask("Bearer " + token)) << "its time is over";
  EXPECT_FALSE(gate.ask("Bearer " + token)) << "and stays over";
  EXPECT_THAT(gate.notes, Contains(HasSubstr("r-1")));
  for (const std::string& note : gate.notes) EXPECT_THAT(note, Not(HasSubstr(token.substr(80))));
}

// A token of another issuer, or one of ours of another type, stands for nothing here.
TEST(Identities, OnlyItsOwnTokensCount) {
  Gatehouse gate;
  const auto seal = [](char byte, std::string_view type) {
    return jose::seal(*jose::SigningKey::from_seed(std::string(32, byte)), type,
                      R"({"iss":"https://gate.example","aud":"https://gate.example/v1"})");
  };
  EXPECT_FALSE(gate.ask("Bearer " + seal('\x09', jose::run_type)));
  EXPECT_FALSE(gate.ask("Bearer " + seal('\x07', "jwt")));
  EXPECT_FALSE(gate.ask("Bearer eyJhbGciOiJub25lIn0.e30."));
  EXPECT_EQ(gate.notes.size(), 3U);
}

TEST(Identities, TheOlderKeyStillChecks) {
  Gatehouse gate;
  Identities before(gate.ports(), {Gatehouse::keys()[1]}, "https://gate.example");
  const auto issued = before.issue({.agent = "nightly", .run = "r-1", .audience = kDoor});
  ASSERT_TRUE(issued);
  EXPECT_TRUE(gate.ask("Bearer " + issued->token));
  const auto set = json::parse(gate.identities.key_set());
  ASSERT_TRUE(set);
  EXPECT_EQ(set->root()["keys"].size(), 2U);
  // … until its last credential has ended, and then it signs for no thief.
  std::vector<RunSigner> rotated = Gatehouse::keys();
  rotated[1].until = gate.now + Duration::seconds(60);
  gate.identities.sign_with(std::move(rotated));
  EXPECT_TRUE(gate.ask("Bearer " + issued->token));
  gate.now = gate.now + Duration::seconds(60);
  EXPECT_FALSE(gate.ask("Bearer " + issued->token));
  EXPECT_EQ(json::parse(gate.identities.key_set())->root()["keys"].size(), 1U);
  EXPECT_TRUE(gate.ask("Bearer " + gate.credential()));
  gate.identities.sign_with({{*jose::SigningKey::from_seed(std::string(32, '\x09'))}});
  EXPECT_FALSE(gate.ask("Bearer " + gate.credential() + "x"));
  EXPECT_TRUE(gate.ask("Bearer " + gate.credential()));
}

TEST(Identities, NothingIsIssuedForWhatIsOver) {
  Gatehouse gate;
  EXPECT_FALSE(gate.identities.issue({.agent = "nightly", .run = "r-2", .audience = kDoor}));
  gate.run.phase = RunPhase::closed;
  EXPECT_FALSE(gate.identities.issue({.agent = "nightly", .run = "r-1", .audience = kDoor}));
  gate.run.phase = RunPhase::open;
  const auto longest = gate.identities.issue(
      {.agent = "nightly", .run = "r-1", .audience = kDoor, .life = Duration::seconds(10'000'000)});
  EXPECT_EQ(longest->expires, gate.now + credential_life_max);
}

TEST(Identities, NoCredentialOutlivesItsRun) {
  Gatehouse gate;
  const Bearer bearer{.agent = "nightly", .run = "r-1", .audience = kDoor};
  gate.deadline = gate.now + Duration::seconds(61);
  const auto issued = gate.identities.issue(bearer);
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->expires, gate.now + Duration::seconds(61));
  const auto who = gate.ask("Bearer " + issued->token);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->credential->expires, issued->expires);
  EXPECT_EQ(who->until, issued->expires);
  // A sub-agent's ends no later, whatever its parent's says.
  jose::RunCredential child = *who->credential;
  child.run = "s-1";
  child.expires = gate.now + Duration::seconds(3600);
  EXPECT_EQ(gate.identities.issue(child, "r-1")->expires, *gate.deadline);
  // What is left of a second is not a time.
  gate.deadline = gate.now + Duration::milliseconds(999);
  for (const auto& none : {gate.identities.issue(bearer), gate.identities.issue(child, "r-1")}) {
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault, ErrorKind::refused);
    EXPECT_THAT(none.error().message, HasSubstr("has no time left"));
  }
  gate.deadline = gate.now + Duration::seconds(10'000'000);
  EXPECT_EQ(gate.identities.issue(bearer)->expires, gate.now + credential_life_default);
  gate.now = issued->expires;
  EXPECT_FALSE(gate.ask("Bearer " + issued->token));
}

TEST(Identities, ARefusalTellsAStrangerNothing) {
  const Denied denied{.error = "invalid_token", .says = "no", .reason = "the secret reason"};
  const http::Response response =
      refuse(denied, {.metadata = "https://gate.example/.well-known/oauth-protected-resource"});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.find("www-authenticate"),
            "Bearer realm=\"pawl\", error=\"invalid_token\", "
            "resource_metadata=\"https://gate.example/.well-known/oauth-protected-resource\"");
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  Principal who{
      .agent = "a", .role = "r", .sponsor = "s", .rights = {}, .proof = "key x", .credential = {}};
  EXPECT_EQ(refuse(lacks(who, "settle")).headers.find("www-authenticate"),
            "Bearer realm=\"pawl\", error=\"insufficient_scope\", scope=\"settle\"");
}

TEST(Identities, ARunBelongsToWhoOpenedIt) {
  Principal who{
      .agent = "night", .role = "r", .sponsor = "s", .rights = {}, .proof = {}, .credential = {}};
  pawl::Run run;
  run.key = run_key(who, "daily\x1b[2J");
  EXPECT_EQ(run.key, "agent:night:daily\\u{1b}[2J");
  EXPECT_TRUE(opened_by(run, "night"));
  EXPECT_FALSE(opened_by(run, "nightly"));
  EXPECT_FALSE(opened_by(run, "nigh"));
  run.key = "process:night:1";
  EXPECT_FALSE(opened_by(run, "night"));
}

}  // namespace
}  // namespace pawl::identity
