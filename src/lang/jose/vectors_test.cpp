// The numbers that the RFCs publish.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "lang/jose/tokens_test.h"

namespace pawl::jose {
namespace {

constexpr std::string_view any_type[] = {"", "jwt"};

const std::string kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
const std::string kModulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX"
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const std::string kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

std::string set_text(const std::string& jwk) {
  return R"({"keys":[)" + jwk + "]}";
}

std::string bytes_of_base64url(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(unbase64url(text, bytes));
  return bytes;
}

// RFC 8037, appendix A.1 to A.5.
TEST(Vectors, Ed25519) {
  const auto key =
      SigningKey::from_seed(bytes_of_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");  // A.3
  EXPECT_THAT(key->public_key().jwk(),
              testing::HasSubstr(R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")"));
  const std::string token =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  EXPECT_EQ(made::token_of(*key, R"({"alg":"EdDSA"})", "Example of Ed25519 signing"), token);
  const KeySet set = made::set_of(set_text(
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"));
  const auto opened = open(token, set, any_type);
  ASSERT_TRUE(opened) << to_string(opened.error());
  EXPECT_EQ(opened->payload, "Example of Ed25519 signing");
  EXPECT_EQ(opened->key, key->kid());
}

// RFC 7515, appendix A.2.
TEST(Vectors, Rs256) {
  const KeySet set =
      made::set_of(set_text(R"({"kty":"RSA","e":"AQAB","n":")" + kModulus + R"("})"));
  const auto opened = open("eyJhbGciOiJSUzI1NiJ9." + kPayload + "." + kRsaSignature, set, any_type);
  ASSERT_TRUE(opened) << to_string(opened.error());
  EXPECT_EQ(opened->payload,
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
}

// RFC 7515, appendix A.3.
TEST(Vectors, Es256) {
  const KeySet set = made::set_of(
      set_text(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
               R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"));
  const std::string token = "eyJhbGciOiJFUzI1NiJ9." + kPayload +
                            ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ"
                            "xfKTUJqPP3-Kg6NU1Q";
  const auto opened = open(token, set, any_type);
  ASSERT_TRUE(opened) << to_string(opened.error());
  std::string other = token;
  other.back() = 'A';  // still canonical, another number
  EXPECT_EQ(open(other, set, any_type).error().flaw, Flaw::signature);
}

// RFC 7515, appendix A.1 (HS256) and A.5 (none): never, whatever the keys are.
TEST(Vectors, WhatIsNotSignedByAPublicKey) {
  const KeySet set = made::set_of(made::signing_key());
  const auto hmac = open("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + kPayload +
                             ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                         set, any_type);
  EXPECT_EQ(hmac.error().flaw, Flaw::algorithm);
  const auto none = open("eyJhbGciOiJub25lIn0." + kPayload + ".", set, any_type);
  EXPECT_EQ(none.error().flaw, Flaw::signature);
  const auto signed_none = open("eyJhbGciOiJub25lIn0." + kPayload + ".AAAA", set, any_type);
  EXPECT_EQ(signed_none.error().flaw, Flaw::algorithm);
  EXPECT_EQ(to_string(signed_none.error()), "header.alg: `none`: the token is not signed");
}

// RFC 7638, section 3.1.
TEST(Vectors, Thumbprint) {
  const KeySet set = made::set_of(set_text(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7a)"
      R"(PFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h)"
      R"(4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08)"
      R"(qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz)"
      R"(KnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})"));
  EXPECT_EQ(set.keys()[0].thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(set.keys()[0].kid(), "2011-04-29");
}

TEST(Base64Url, OneSpellingOnly) {
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(bytes_of_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(bytes_of_base64url(""), "");
  std::string bytes;
  for (const char* text : {"-_8=", "+/8", "-_9", "-_8\n", " -_8", "-", "-_8AA"}) {
    EXPECT_FALSE(unbase64url(text, bytes)) << text;
  }
}

}  // namespace
}  // namespace pawl::jose
