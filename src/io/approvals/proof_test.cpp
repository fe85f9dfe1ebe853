#include "io/approvals/proof.h"

#include <gtest/gtest.h>

namespace pawl {
namespace {

const std::string kSalt(16, 's');
constexpr Instant kNow{1'000'000'000'000};

Challenge challenge() {
  return {"node+1", "aa", "ada", "sha256:00"};
}

TEST(Proof, FitsOneActOfOnePersonOnOneNode) {
  const auto verifier = make_verifier("correct horse", kSalt);
  ASSERT_TRUE(verifier.has_value());
  EXPECT_TRUE(valid_verifier(*verifier));
  const auto signature = sign(challenge(), "correct horse", *verifier);
  ASSERT_TRUE(signature.has_value());
  EXPECT_TRUE(verify(challenge(), *signature, *verifier));
  for (auto change :
       {+[](Challenge& c) { c.node = "other"; }, +[](Challenge& c) { c.nonce = "ab"; },
        +[](Challenge& c) { c.person = "eve"; }, +[](Challenge& c) { c.act = "sha256:01"; }}) {
    Challenge other = challenge();
    change(other);
    EXPECT_FALSE(verify(other, *signature, *verifier));
  }
}

TEST(Proof, AWrongPassphraseSignsNothing) {
  const auto verifier = make_verifier("correct horse", kSalt);
  ASSERT_TRUE(verifier.has_value());
  const auto signature = sign(challenge(), "correct house", *verifier);
  ASSERT_FALSE(signature.has_value());
  EXPECT_EQ(signature.error().fault, ErrorKind::refused);
}

TEST(Proof, APassphraseThatWasTypedElsewhereIsTheOneOrNot) {
  const auto verifier = make_verifier("correct horse", kSalt);
  ASSERT_TRUE(verifier.has_value());
  EXPECT_TRUE(check_passphrase("correct horse", *verifier));
  EXPECT_EQ(check_passphrase("correct house", *verifier).error().fault, ErrorKind::refused);
  EXPECT_EQ(check_passphrase("", *verifier).error().fault, ErrorKind::refused);
  EXPECT_EQ(check_passphrase("correct horse", "other").error().fault, ErrorKind::invalid);
}

TEST(Proof, RefusesBrokenSignaturesAndVerifiers) {
  const auto verifier = make_verifier("correct horse", kSalt);
  ASSERT_TRUE(verifier.has_value());
  EXPECT_FALSE(verify(challenge(), "", *verifier));
  EXPECT_FALSE(verify(challenge(), "AAAA", *verifier));
  EXPECT_FALSE(valid_verifier(""));
  EXPECT_FALSE(valid_verifier("argon2id$m=8,t=1,p=1$AAAA$AAAA"));
  EXPECT_FALSE(make_verifier("short", kSalt).has_value());
}

std::string nonce_of(int number) {
  std::string nonce = "n" + std::to_string(number);
  nonce.resize(32, '.');
  return nonce;
}

TEST(Challenges, CountOnceForTheirPersonUntilTheyEnd) {
  Challenges challenges;
  const auto nonce = challenges.open("here", "ada", nonce_of(1), kNow);
  ASSERT_TRUE(nonce.has_value());
  EXPECT_FALSE(challenges.take(*nonce, "here", "eve", kNow));
  EXPECT_FALSE(challenges.take(*nonce, "here", "ada", kNow));  // the wrong try used it up
  const auto second = challenges.open("here", "ada", nonce_of(2), kNow);
  EXPECT_TRUE(challenges.take(*second, "here", "ada", kNow + Duration::seconds(1)));
  const auto third = challenges.open("here", "ada", nonce_of(3), kNow);
  EXPECT_FALSE(challenges.take(*third, "here", "ada", kNow + challenge_lifetime));
}

TEST(Challenges, AreOfTheConnectionThatAskedForThem) {
  Challenges challenges;
  const auto nonce = challenges.open("here", "ada", nonce_of(1), kNow);
  EXPECT_FALSE(challenges.take(*nonce, "there", "ada", kNow)) << "it is not theirs";
  EXPECT_TRUE(challenges.take(*nonce, "here", "ada", kNow)) << "and they did not use it up";
}

TEST(Challenges, WrongProofsSlowTheirSourceAlone) {
  Challenges challenges;
  for (int i = 0; i < 1000; ++i) challenges.failed("there", kNow);
  EXPECT_FALSE(challenges.open("there", "ada", nonce_of(1), kNow).has_value());
  EXPECT_FALSE(challenges.open("there", "grace", nonce_of(2), kNow).has_value());
  EXPECT_TRUE(challenges.open("here", "ada", nonce_of(3), kNow).has_value());
  EXPECT_TRUE(
      challenges.open("there", "ada", nonce_of(4), kNow + Duration::seconds(61)).has_value());
  challenges.succeeded("there");
  EXPECT_TRUE(challenges.open("there", "ada", nonce_of(5), kNow).has_value());
}

TEST(Challenges, AFloodInTheirNamePushesNoReviewerOut) {  // H09
  Challenges challenges;
  const auto nonce = challenges.open("here", "ada", nonce_of(0), kNow);
  for (int i = 0; i < 8000; ++i) {
    const std::string source = "there " + std::to_string(i % 4000);
    ASSERT_TRUE(challenges.open(source, "ada", nonce_of(i + 1), kNow).has_value()) << i;
  }
  EXPECT_TRUE(challenges.take(*nonce, "here", "ada", kNow));
}

TEST(Brake, SlowsASourceByItsOwnFailures) {
  Brake brake;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(brake.may_try("there", kNow));
    brake.failed("there", kNow);
  }
  EXPECT_EQ(brake.may_try("there", kNow).error().fault, ErrorKind::refused);
  EXPECT_TRUE(brake.may_try("here", kNow));
  EXPECT_TRUE(brake.may_try("there", kNow + Duration::seconds(1)));
  for (int i = 0; i < 100; ++i) brake.failed("there", kNow);
  EXPECT_FALSE(brake.may_try("there", kNow + Duration::seconds(59)));
  EXPECT_TRUE(brake.may_try("there", kNow + Duration::seconds(60)));
  brake.succeeded("there");
  EXPECT_TRUE(brake.may_try("there", kNow));
}

TEST(Brake, ItsTableIsBounded) {
  Brake brake;
  for (int i = 0; i < 10; ++i) brake.failed("busy", kNow + Duration::seconds(1));
  for (int i = 0; i < 20'000; ++i) brake.failed("source " + std::to_string(i), kNow);
  EXPECT_EQ(brake.size(), Brake::sources_max);
  EXPECT_FALSE(brake.may_try("busy", kNow + Duration::seconds(2)));
}

}  // namespace
}  // namespace pawl
