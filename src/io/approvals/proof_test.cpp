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
  EXPECT_EQ(signature.error().fault, Fault::refused);
}

TEST(Proof, APassphraseThatWasTypedElsewhereIsTheOneOrNot) {
  const auto verifier = make_verifier("correct horse", kSalt);
  ASSERT_TRUE(verifier.has_value());
  EXPECT_TRUE(check_passphrase("correct horse", *verifier));
  EXPECT_EQ(check_passphrase("correct house", *verifier).error().fault, Fault::refused);
  EXPECT_EQ(check_passphrase("", *verifier).error().fault, Fault::refused);
  EXPECT_EQ(check_passphrase("correct horse", "other").error().fault, Fault::invalid);
}

TEST(Challenges, TheBrakeCountsForProofsWithoutAChallengeToo) {
  Challenges challenges;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(challenges.may_try("ada", kNow));
    challenges.failed("ada", kNow);
  }
  EXPECT_EQ(challenges.may_try("ada", kNow).error().fault, Fault::refused);
  EXPECT_TRUE(challenges.may_try("bob", kNow));
  EXPECT_TRUE(challenges.may_try("ada", kNow + Duration::seconds(1)));
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

TEST(Challenges, CountOnceForTheirPersonUntilTheyEnd) {
  Challenges challenges;
  const auto nonce = challenges.open("ada", std::string(32, 'n'), kNow);
  ASSERT_TRUE(nonce.has_value());
  EXPECT_FALSE(challenges.take(*nonce, "eve", kNow));
  EXPECT_FALSE(challenges.take(*nonce, "ada", kNow));  // the wrong try used it up
  const auto second = challenges.open("ada", std::string(32, 'm'), kNow);
  EXPECT_TRUE(challenges.take(*second, "ada", kNow + Duration::seconds(1)));
  const auto third = challenges.open("ada", std::string(32, 'o'), kNow);
  EXPECT_FALSE(challenges.take(*third, "ada", kNow + challenge_lifetime));
}

TEST(Challenges, WrongProofsSlowTheirPersonAndNobodyElse) {
  Challenges challenges;
  for (int i = 0; i < 1000; ++i) challenges.failed("ada", kNow);
  EXPECT_FALSE(challenges.open("ada", std::string(32, 'a'), kNow).has_value());
  EXPECT_TRUE(challenges.open("grace", std::string(32, 'g'), kNow).has_value());
  EXPECT_TRUE(
      challenges.open("ada", std::string(32, 'a'), kNow + Duration::seconds(61)).has_value());
  challenges.succeeded("ada");
  EXPECT_TRUE(challenges.open("ada", std::string(32, 'b'), kNow).has_value());
}

TEST(Challenges, AFloodInOneNameLocksNobodyElseOut) {  // H09
  Challenges challenges;
  for (int i = 0; i < 5000; ++i) {
    std::string nonce(32, 'a');
    nonce.replace(0, 4, std::to_string(1000 + i));
    ASSERT_TRUE(challenges.open("ada", nonce, kNow + Duration::milliseconds(i)).has_value());
  }
  const auto nonce = challenges.open("grace", std::string(32, 'g'), kNow);
  ASSERT_TRUE(nonce.has_value());
  EXPECT_TRUE(challenges.take(*nonce, "grace", kNow));
}

}  // namespace
}  // namespace pawl
