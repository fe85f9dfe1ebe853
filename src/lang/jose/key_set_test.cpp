#include "lang/jose/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lang/jose/tokens_test.h"

namespace pawl::jose {
namespace {

using made::OtherKey;
using made::signing_key;
using testing::HasSubstr;

const char kPoint[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

std::string okp(const std::string& more) {
  return fmt::format(R"({{"kty":"OKP","crv":"Ed25519","x":"{}"{}}})", kPoint, more);
}

std::string why_refused(const std::string& keys) {
  const auto set = KeySet::parse(R"({"keys":[)" + keys + "]}");
  return set ? "it was read" : set.error().message;
}

TEST(KeySet, RefusesWeakForeignAndSecretKeys) {
  EXPECT_THAT(why_refused(""), HasSubstr("empty"));
  EXPECT_THAT(why_refused(R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qz"})"),
              HasSubstr("`k` makes it a secret key"));
  EXPECT_THAT(why_refused(R"({"kty":"oct"})"), HasSubstr("`kty` must be"));
  EXPECT_THAT(why_refused(okp(R"(,"d":"AAAA")")), HasSubstr("`d` makes it a secret key"));
  EXPECT_THAT(why_refused(okp(R"(,"use":"enc")")), HasSubstr("`use` is not `sig`"));
  EXPECT_THAT(why_refused(okp(R"(,"key_ops":["sign"])")), HasSubstr("does not permit `verify`"));
  EXPECT_THAT(why_refused(okp(R"(,"alg":"RS256")")), HasSubstr("`alg` is not `EdDSA`"));
  EXPECT_THAT(why_refused(okp(R"(,"alg":"HS256")")), HasSubstr("`alg` is not `EdDSA`"));
  EXPECT_THAT(why_refused(okp(R"(,"kid":"")")), HasSubstr("`kid` is not a text"));
  EXPECT_THAT(why_refused(R"({"kty":"OKP","crv":"X25519","x":"AAAA"})"), HasSubstr("`crv`"));
  EXPECT_THAT(why_refused(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"), HasSubstr("32 bytes"));
  EXPECT_THAT(why_refused(R"({"kty":"EC","crv":"P-521","x":"AAAA","y":"AAAA"})"),
              HasSubstr("`crv`"));
  EXPECT_THAT(why_refused(OtherKey::rsa(1024).jwk("")), HasSubstr("1024 bits"));
  EXPECT_THAT(why_refused(OtherKey::rsa(2048).jwk(R"(,"alg":"RS512")")), HasSubstr("`alg`"));
  EXPECT_THAT(why_refused("[]"), HasSubstr("not an object"));
}

TEST(KeySet, RefusesNumbersThatAreNoKey) {
  const std::string modulus = OtherKey::rsa(2048).number("n");
  const auto rsa = [](const std::string& n, const std::string& e) {
    return fmt::format(R"({{"kty":"RSA","n":"{}","e":"{}"}})", n, e);
  };
  EXPECT_EQ(why_refused(rsa(modulus, "AQAB")), "it was read");
  EXPECT_THAT(why_refused(rsa(modulus, "Aw")), HasSubstr("`e`"));        // 3
  EXPECT_THAT(why_refused(rsa(modulus, "AQAA")), HasSubstr("`e`"));      // 65536
  EXPECT_THAT(why_refused(rsa(modulus, "AQAAAAAB")), HasSubstr("`e`"));  // more than four bytes
  EXPECT_THAT(why_refused(rsa(modulus, "AAEAAQ")), HasSubstr("shortest form"));
  EXPECT_THAT(why_refused(rsa(modulus + "=", "AQAB")), HasSubstr("base64url"));
  EXPECT_THAT(why_refused(rsa(base64url(std::string(1025, '\xff')), "AQAB")), HasSubstr("8200"));
  const OtherKey p256 = OtherKey::ec("P-256", 32);
  const std::string off = fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}})",
                                      p256.number("qx"), p256.number("qx"));
  EXPECT_THAT(why_refused(off), HasSubstr("not a point"));
  const std::string wide = fmt::format(R"({{"kty":"EC","crv":"P-384","x":"{}","y":"{}"}})",
                                       p256.number("qx"), p256.number("qy"));
  EXPECT_THAT(why_refused(wide), HasSubstr("48 bytes"));
}

TEST(KeySet, TakesWhatItCanUseAndSaysWhatItLeftOut) {
  const auto set = KeySet::parse(R"({"keys":[{"kty":"oct","kid":"h"},)" + okp(R"(,"kid":"a")") +
                                 "," + okp(R"(,"kid":"e","use":"enc")") + R"(],"more":1})");
  ASSERT_TRUE(set);
  ASSERT_EQ(set->keys().size(), 1U);
  EXPECT_EQ(set->keys()[0].kid(), "a");
  ASSERT_EQ(set->skipped().size(), 2U);
  EXPECT_EQ(set->skipped()[0].kid, "`h`");
  EXPECT_EQ(why_refused(okp(R"(,"kid":"a")") + "," + okp(R"(,"kid":"a")")),
            "two keys of the set are named `a`");
}

TEST(KeySet, HasBounds) {
  std::string many = okp("");
  for (std::size_t i = 0; i < keys_max; ++i) many += "," + okp("");
  EXPECT_THAT(why_refused(many), HasSubstr("at most 64 keys"));
  EXPECT_FALSE(KeySet::parse(std::string(key_set_bytes_max + 1, ' ')));
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})"}) {
    EXPECT_FALSE(KeySet::parse(text)) << text;
  }
}

TEST(KeySet, OursIsReadByEverybodyAndRotates) {
  const SigningKey fresh = signing_key('\x01');
  const SigningKey before = signing_key('\x02');
  const PublicKey keys[] = {fresh.public_key(), before.public_key()};
  const std::string text = KeySet::of(keys).text();
  EXPECT_THAT(text, testing::Not(HasSubstr("\"d\"")));
  const auto again = KeySet::parse(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->text(), text);
  ASSERT_EQ(again->keys().size(), 2U);
  EXPECT_EQ(again->keys()[0].kid(), fresh.kid());
  EXPECT_EQ(again->keys()[0].thumbprint(), fresh.kid());
  EXPECT_NE(fresh.kid(), before.kid());
  for (const OtherKey& other : {OtherKey::rsa(2048), OtherKey::ec("P-384", 48)}) {
    const auto one = KeySet::parse(R"({"keys":[)" + other.jwk("") + "]}");
    ASSERT_TRUE(one);
    EXPECT_TRUE(KeySet::parse(one->text()));
  }
}

TEST(KeySet, OfATrustDomainHoldsKeysForItsOwnPurpose) {
  const std::string keys = R"({"keys":[)" + okp(R"(,"kid":"j","use":"jwt-svid")") + "," +
                           okp(R"(,"kid":"x","use":"x509-svid")") + "," + okp(R"(,"kid":"s")") +
                           "," + okp(R"(,"use":"jwt-svid")") + "]}";
  const auto set = KeySet::parse(keys, KeyUse::jwt_svid);
  ASSERT_TRUE(set);
  ASSERT_EQ(set->keys().size(), 1U);
  EXPECT_EQ(set->keys()[0].kid(), "j");
}

}  // namespace
}  // namespace pawl::jose
