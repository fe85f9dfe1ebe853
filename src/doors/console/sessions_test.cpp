#include "doors/console/sessions.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::console {
namespace {

constexpr Duration kHour = Duration::seconds(3600);

Sessions::Random counting() {
  return [at = 0](std::size_t bytes) mutable {
    std::string text(bytes, '\0');
    const std::string number = std::to_string(++at);
    text.replace(0, number.size(), number);
    return text;
  };
}

jose::PublicKey some_key() {
  const auto document =
      json::parse(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                  R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  return *jose::PublicKey::from_jwk(document->root());
}

Opened opened(Sessions& sessions, Duration now, const std::string& person = "ada") {
  return sessions.open(person, "verifier", "https://gate.example", some_key(), now);
}

TEST(Sessions, NeitherCookieNorTokenIsGoodAlone) {
  Sessions sessions(counting());
  const Opened mine = opened(sessions, {});
  const Opened other = opened(sessions, {}, "bob");
  ASSERT_NE(sessions.find(mine.cookie, mine.token, true, {}), nullptr);
  EXPECT_EQ(sessions.find(mine.cookie, mine.token, true, {})->person, "ada");
  EXPECT_EQ(sessions.find(mine.cookie, "", true, {}), nullptr);
  EXPECT_EQ(sessions.find(mine.cookie, other.token, true, {}), nullptr);
  EXPECT_EQ(sessions.find("", mine.token, true, {}), nullptr);
  EXPECT_EQ(sessions.find(mine.token, mine.cookie, true, {}), nullptr);
}

TEST(Sessions, WhatThePageAsksByItselfDoesNotProlongOne) {
  Sessions sessions(counting());
  const Opened one = opened(sessions, {});
  Duration now{};
  for (int minute = 0; minute < 29; ++minute) {
    now = Duration::seconds(60L * minute);
    ASSERT_NE(sessions.find(one.cookie, one.token, false, now), nullptr);
  }
  EXPECT_EQ(sessions.find(one.cookie, one.token, false, Duration::seconds(1800)), nullptr);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST(Sessions, NoUseProlongsOneBeyondADaysWork) {
  Sessions sessions(counting());
  const Opened one = opened(sessions, {});
  for (int minutes = 0; minutes < 12 * 60; minutes += 20) {
    ASSERT_NE(sessions.find(one.cookie, one.token, true, Duration::seconds(60L * minutes)),
              nullptr);
  }
  EXPECT_EQ(sessions.find(one.cookie, one.token, true, Duration{12 * kHour.ns}), nullptr);
}

TEST(Sessions, ANonceCountsOnceAndForAWhileAndForItsSession) {
  Sessions sessions(counting());
  const Opened one = opened(sessions, {});
  const Opened other = opened(sessions, {}, "bob");
  Session& mine = *sessions.find(one.cookie, one.token, true, {});
  const std::string first = sessions.challenge(mine, {});
  Session& theirs = *sessions.find(other.cookie, other.token, true, {});
  EXPECT_FALSE(sessions.take(theirs, first, {}));
  EXPECT_TRUE(sessions.take(mine, first, {}));
  EXPECT_FALSE(sessions.take(mine, first, {}));
  const std::string late = sessions.challenge(mine, {});
  EXPECT_FALSE(sessions.take(mine, late, Duration::seconds(120)));
  EXPECT_FALSE(sessions.take(mine, "", {}));
}

TEST(Sessions, NoncesAndSessionsAreBounded) {
  Sessions sessions(counting());
  const Opened one = opened(sessions, {});
  Session& mine = *sessions.find(one.cookie, one.token, true, {});
  const std::string first = sessions.challenge(mine, {});
  for (int i = 0; i < 16; ++i) (void)sessions.challenge(mine, {});
  EXPECT_EQ(mine.nonces.size(), 16u);
  EXPECT_FALSE(sessions.take(mine, first, {}));
  for (int i = 0; i < 20; ++i) (void)opened(sessions, {});
  EXPECT_EQ(sessions.size(), 8u);
  EXPECT_EQ(sessions.find(one.cookie, one.token, true, {}), nullptr) << "the oldest goes";
  for (int i = 0; i < 300; ++i) (void)opened(sessions, {}, "p" + std::to_string(i));
  EXPECT_EQ(sessions.size(), 256u);
}

TEST(Sessions, WhoDoesNotStandAnyMoreIsSignedOut) {
  Sessions sessions(counting());
  const Opened one = opened(sessions, {});
  const Opened two = opened(sessions, {}, "bob");
  sessions.sweep({}, [](const Session& session) { return session.person != "ada"; });
  EXPECT_EQ(sessions.find(one.cookie, one.token, true, {}), nullptr);
  EXPECT_NE(sessions.find(two.cookie, two.token, true, {}), nullptr);
  sessions.end(two.number);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST(Sessions, WhatIsSignedNamesNodePageAndPerson) {
  Sessions sessions(counting());
  const Opened one = opened(sessions, {});
  const Session& mine = *sessions.find(one.cookie, one.token, true, {});
  EXPECT_EQ(act_text("node", mine, "n", "sha256:d"),
            "pawl console act v1\nnode\nhttps://gate.example\nada\nn\nsha256:d\n");
}

}  // namespace
}  // namespace pawl::console
