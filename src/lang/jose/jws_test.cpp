// Tokens that an attacker made to be believed.
#include "lang/jose/jws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lang/jose/tokens_test.h"

namespace pawl::jose {
namespace {

using made::OtherKey;
using made::set_of;
using made::signing_key;
using made::token_of;

constexpr std::string_view plain_types[] = {"jwt", ""};

Flaw flaw_of(std::string_view token, const KeySet& keys) {
  const auto opened = open(token, keys, plain_types);
  EXPECT_FALSE(opened) << token;
  return opened ? Flaw::size : opened.error().flaw;
}

struct BadHeader {
  const char* header;
  Flaw flaw;
  const char* at;
};

// Each is signed by the right key: only the header is at fault.
TEST(Jws, RefusesHeadersThatAskForMoreThanASignature) {
  const SigningKey key = signing_key();
  const KeySet keys = set_of(key);
  const BadHeader cases[] = {
      {R"({"alg":"none"})", Flaw::algorithm, "header.alg"},
      {R"({"alg":"None"})", Flaw::algorithm, "header.alg"},
      {R"({"alg":"HS256"})", Flaw::algorithm, "header.alg"},
      {R"({"alg":"eddsa"})", Flaw::algorithm, "header.alg"},
      {R"({"alg":"ES512"})", Flaw::algorithm, "header.alg"},
      {R"({"alg":"RS256"})", Flaw::key_unknown, "header.kid"},
      {R"({"alg":["EdDSA"]})", Flaw::algorithm, "header.alg"},
      {R"({"alg":null})", Flaw::algorithm, "header.alg"},
      {R"({"typ":"JWT"})", Flaw::algorithm, "header.alg"},
      {R"({"alg":"EdDSA","alg":"EdDSA"})", Flaw::json, "header"},
      {R"({"alg":"EdDSA","ALG":"none"})", Flaw::json, "header"},
      {R"({"alg":"EdDSA","kid":""})", Flaw::header, "header.kid"},
      {R"({"alg":"EdDSA","kid":7})", Flaw::header, "header.kid"},
      {R"({"alg":"EdDSA","kid":["a"]})", Flaw::header, "header.kid"},
      {R"({"alg":"EdDSA","kid":"../../etc/passwd"})", Flaw::key_unknown, "header.kid"},
      {R"({"alg":"EdDSA","kid":"x' OR '1'='1"})", Flaw::key_unknown, "header.kid"},
      {R"({"alg":"EdDSA","jwk":{"kty":"OKP"}})", Flaw::brings_key, "header.jwk"},
      {R"({"alg":"EdDSA","jku":"https://evil.example/keys"})", Flaw::brings_key, "header.jku"},
      {R"({"alg":"EdDSA","x5u":"https://evil.example/c"})", Flaw::brings_key, "header.x5u"},
      {R"({"alg":"EdDSA","x5c":["AA=="]})", Flaw::brings_key, "header.x5c"},
      {R"({"alg":"EdDSA","crit":["exp"],"exp":1})", Flaw::critical, "header.crit"},
      {R"({"alg":"EdDSA","crit":[]})", Flaw::critical, "header.crit"},
      {R"({"alg":"EdDSA","b64":false})", Flaw::critical, "header.b64"},
      {R"({"alg":"EdDSA","zip":"DEF"})", Flaw::critical, "header.zip"},
      {R"({"alg":"EdDSA","enc":"A128GCM"})", Flaw::critical, "header.enc"},
      {R"({"alg":"EdDSA","typ":"pawl-run+jwt"})", Flaw::type, "header.typ"},
      {R"({"alg":"EdDSA","typ":"secevent+jwt"})", Flaw::type, "header.typ"},
      {R"({"alg":"EdDSA","typ":""})", Flaw::header, "header.typ"},
      {R"({"alg":"EdDSA","cty":"JWT"})", Flaw::type, "header.cty"},
      {R"(["EdDSA"])", Flaw::json, "header"},
      {"\xef\xbb\xbf{\"alg\":\"EdDSA\"}", Flaw::json, "header"},
      {"", Flaw::form, "header"},
  };
  for (const BadHeader& one : cases) {
    const auto opened = open(token_of(key, one.header, "{}"), keys, plain_types);
    ASSERT_FALSE(opened) << one.header;
    EXPECT_EQ(opened.error().flaw, one.flaw) << one.header << ": " << to_string(opened.error());
    EXPECT_EQ(opened.error().at, one.at) << one.header;
  }
}

TEST(Jws, ReadsTheSameTypeInItsSpellings) {
  const SigningKey key = signing_key();
  for (const char* type : {"JWT", "jwt", "application/jwt", "APPLICATION/JWT"}) {
    const std::string header = fmt::format(R"({{"alg":"EdDSA","typ":"{}"}})", type);
    EXPECT_TRUE(open(token_of(key, header, "{}"), set_of(key), plain_types)) << type;
  }
}

TEST(Jws, RefusesEverySpellingButOne) {
  const SigningKey key = signing_key();
  const KeySet keys = set_of(key);
  const std::string good = seal(key, "JWT", "{}");
  ASSERT_TRUE(open(good, keys, plain_types));
  for (const std::string& token :
       {std::string(), std::string("."), std::string(".."), good + ".", "." + good, good + "=",
        good + "\n", " " + good, "Bearer " + good, good.substr(0, good.rfind('.')),
        good + "." + "AA.AA", std::string("a.b"), std::string("{}.{}.{}")}) {
    const auto opened = open(token, keys, plain_types);
    EXPECT_FALSE(opened) << token;
  }
  EXPECT_EQ(flaw_of(good.substr(0, good.rfind('.') + 1), keys), Flaw::signature);
  EXPECT_EQ(flaw_of(std::string(token_bytes_max + 1, 'a'), keys), Flaw::size);
  EXPECT_EQ(flaw_of(token_of(key, R"({"alg":"EdDSA","x":")" + std::string(5000, 'x') + "\"}", "{}"),
                    keys),
            Flaw::size);
}

TEST(Jws, EveryBitCounts) {
  const SigningKey key = signing_key();
  const KeySet keys = set_of(key);
  const std::string good = seal(key, "JWT", R"({"sub":"a"})");
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char bit : {'\x01', '\x02', '\x04', '\x08', '\x10', '\x20'}) {
      std::string other = good;
      other[i] = static_cast<char>(other[i] ^ bit);
      EXPECT_FALSE(open(other, keys, plain_types)) << i;
    }
  }
  EXPECT_EQ(flaw_of(seal(signing_key('\x08'), "JWT", "{}"), keys), Flaw::key_unknown);
}

// A token may only name the algorithm of its key: the public key is not a shared secret, and
// neither padding of RSA stands in for the other.
TEST(Jws, TheKeyHasTheAlgorithm) {
  const OtherKey rsa = OtherKey::rsa(2048);
  const OtherKey p256 = OtherKey::ec("P-256", 32);
  const OtherKey p384 = OtherKey::ec("P-384", 48);
  const KeySet keys =
      set_of(R"({"keys":[)" + rsa.jwk(R"(,"kid":"ps","alg":"PS256")") + "," +
             OtherKey::rsa(2048).jwk(R"(,"kid":"rs","alg":"RS256")") + "," +
             p256.jwk(R"(,"kid":"e2","alg":"ES256")") + "," + p384.jwk(R"(,"kid":"e3")") + "]}");
  ASSERT_EQ(keys.keys().size(), 4U);
  const auto header = [](const char* alg, const char* kid) {
    return fmt::format(R"({{"alg":"{}","kid":"{}"}})", alg, kid);
  };
  EXPECT_TRUE(open(rsa.token(header("PS256", "ps"), "{}", "SHA256", true), keys, plain_types));
  EXPECT_TRUE(open(p256.token(header("ES256", "e2"), "{}", "SHA256"), keys, plain_types));
  EXPECT_TRUE(open(p384.token(header("ES384", "e3"), "{}", "SHA384"), keys, plain_types));

  EXPECT_EQ(flaw_of(rsa.token(header("RS256", "ps"), "{}", "SHA256"), keys), Flaw::algorithm);
  EXPECT_EQ(flaw_of(rsa.token(header("PS256", "ps"), "{}", "SHA256"), keys), Flaw::signature);
  EXPECT_EQ(flaw_of(rsa.token(header("RS256", "rs"), "{}", "SHA256"), keys), Flaw::signature);
  EXPECT_EQ(flaw_of(p384.token(header("ES256", "e3"), "{}", "SHA256"), keys), Flaw::algorithm);
  EXPECT_EQ(flaw_of(p384.token(header("ES384", "e3"), "{}", "SHA256"), keys), Flaw::signature);
  EXPECT_EQ(flaw_of(p256.token(header("EdDSA", "e2"), "{}", "SHA256"), keys), Flaw::algorithm);
}

TEST(Jws, SignaturesThatAreNoNumbersOfTheCurve) {
  const OtherKey p256 = OtherKey::ec("P-256", 32);
  const KeySet keys = set_of(R"({"keys":[)" + p256.jwk("") + "]}");
  const std::string text = base64url(R"({"alg":"ES256"})") + "." + base64url("{}");
  for (const std::string& signature :
       {std::string(64, '\0'), std::string(64, '\xff'), std::string(63, '\1'),
        std::string(65, '\1'), std::string("\x30\x06\x02\x01\x01\x02\x01\x01", 8),
        std::string(32, '\0') + std::string(32, '\1')}) {
    EXPECT_EQ(flaw_of(text + "." + base64url(signature), keys), Flaw::signature);
  }
}

TEST(Jws, NamesOneKeyOrNone) {
  const OtherKey one = OtherKey::ec("P-256", 32);
  const OtherKey other = OtherKey::ec("P-256", 32);
  const KeySet both =
      set_of(R"({"keys":[)" + one.jwk("") + "," + other.jwk(R"(,"kid":"b")") + "]}");
  EXPECT_EQ(flaw_of(one.token(R"({"alg":"ES256"})", "{}", "SHA256"), both), Flaw::key_unknown);
  EXPECT_TRUE(open(other.token(R"({"alg":"ES256","kid":"b"})", "{}", "SHA256"), both, plain_types));
  const KeySet single = set_of(R"({"keys":[)" + one.jwk("") + "]}");
  EXPECT_TRUE(open(one.token(R"({"alg":"ES256"})", "{}", "SHA256"), single, plain_types));
  EXPECT_EQ(flaw_of(one.token(R"({"alg":"ES256","kid":"b"})", "{}", "SHA256"), single),
            Flaw::key_unknown);
}

}  // namespace
}  // namespace pawl::jose
