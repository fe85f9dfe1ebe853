#include "io/approvals/ways.h"

#include <gtest/gtest.h>

#include <string>

#include "io/approvals/proof.h"

namespace pawl {
namespace {

// Two keys of RFC 7517 and RFC 7515.
std::string passkey(const std::string& id) {
  return "passkey$localhost$" + id +
         "$f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
         "$x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0$YmFnZQ";
}
const std::string kOne = passkey("AAAAAAAAAAAAAAAAAAAAAA");
const std::string kTwo = passkey("BBBBBBBBBBBBBBBBBBBBBA");

TEST(Ways, PasskeysStandBesideThePassphrase) {
  const auto phrase = make_verifier("correct horse", std::string(16, 's'));
  ASSERT_TRUE(phrase);
  EXPECT_EQ(kinds_of(*phrase), "passphrase");
  const auto both = with_passkey(*phrase, kOne);
  ASSERT_TRUE(both) << to_string(both.error());
  EXPECT_EQ(*both, *phrase + " " + kOne);
  EXPECT_EQ(kinds_of(*both), "passphrase, passkey");
  EXPECT_EQ(passkeys_of(*both).front().label, "bage");
  // The passphrase proves as before; the file may name it alone.
  EXPECT_TRUE(check_passphrase("correct horse", *both));
  EXPECT_FALSE(check_passphrase("wrong horse", *both));
  EXPECT_FALSE(valid_verifier(*both));
  EXPECT_TRUE(is_known_by(*both, *phrase));
  EXPECT_FALSE(is_known_by(*both, *phrase + " " + kTwo));
  EXPECT_FALSE(is_known_by(*both, ""));
  EXPECT_FALSE(with_passkey(*both, kOne));
  EXPECT_FALSE(with_passkey(*both, "passkey$localhost$x"));
  const auto three = with_passkey(*both, kTwo);
  ASSERT_TRUE(three);
  const auto again = without_passkey(*three, passkeys_of(kOne).front().id);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *phrase + " " + kTwo);
  EXPECT_EQ(without_passkey(*again, passkeys_of(kOne).front().id).error().fault,
            ErrorKind::missing);
}

TEST(Ways, SomethingIsLeftAndNotTooMuch) {
  EXPECT_EQ(without_passkey(kOne, passkeys_of(kOne).front().id).error().fault, ErrorKind::refused);
  std::string all = kOne;
  for (char c = 'C'; c < 'C' + 7; ++c) {
    const auto more = with_passkey(all, passkey(std::string(21, c) + "A"));
    ASSERT_TRUE(more) << to_string(more.error());
    all = *more;
  }
  EXPECT_EQ(with_passkey(all, kTwo).error().fault, ErrorKind::refused);
}

}  // namespace
}  // namespace pawl
