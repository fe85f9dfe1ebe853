#include "lang/secret/secret.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace pawl {
namespace {

// Shapes are put together here, so that this file holds none that a scanner would report.
const std::string aws = std::string("AK") + "IAQWERTZUIOPASDFGH";
const std::string github = std::string("gh") + "p_0123456789abcdefghijABCDEFGHIJ012345";
const std::string slack = std::string("xo") + "xb-1234567890-abcdefghij";
const std::string jwt =
    std::string("ey") + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0.c2ln";

bool found(std::string_view text, const ListedTexts* listed = nullptr) {
  return SecretSearch(listed).find(text).has_value();
}

std::string random_bytes(std::size_t n) {
  std::mt19937 random(7);
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += static_cast<char>(random() & 0xff);
  return out;
}

std::string url_safe(std::string text) {
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::uint64_t weight(std::string_view text) {
  SecretSearch search(nullptr);
  search.begin();
  search.weigh(text);
  return search.encoded();
}

TEST(CredentialTest, KnownShapesAreFoundInsideOfTexts) {
  const std::string dashes = "-----";
  for (const std::string& secret :
       {aws, github, slack, jwt,
        std::string("github_") + "pat_11AAAAAAA0aaaaaaaaaaaa_bbbbbbbbbbbbbbb",
        dashes + "BEGIN RSA PRIVATE KEY" + dashes, dashes + "BEGIN PRIVATE KEY" + dashes,
        "---- BEGIN SSH2 ENCRYPTED " + std::string("PRIVATE KEY ----"),
        dashes + "BEGIN PGP PRIVATE KEY BLOCK" + dashes,
        std::string("sk") + "_live_0123456789abcdefghij",
        std::string("gl") + "pat-01234567890123456789",
        std::string("AI") + "za01234567890123456789012345678901234",
        std::string("SG.") + "0123456789abcdefghijAB.0123456789abcdefghij0123456789abcdefghijABC",
        std::string("np") + "m_0123456789abcdefghij0123456789abcdef",
        std::string("https://user:") + "pass@host.example/x",
        std::string("postgres://app:") + "s3cret@db/x",
        std::string("Authorization: Bear") + "er abcDEF0123456789abcDEF"}) {
    EXPECT_TRUE(found(secret)) << secret;
    EXPECT_TRUE(found("look at this: " + secret + ", please")) << secret;
    EXPECT_TRUE(found("x" + secret + "x")) << secret;
    EXPECT_TRUE(found(base64(secret))) << secret;
    EXPECT_TRUE(found("?q=" + url_safe(base64("a " + secret + " b")))) << secret;
    EXPECT_TRUE(found("Q" + base64(secret) + "QQ")) << secret << ": with another beginning";
    EXPECT_TRUE(found("zz" + hex(secret))) << secret;
    EXPECT_TRUE(found("a" + hex(secret) + "b")) << secret << ": with another beginning";
  }
}

TEST(CredentialTest, SpellingsThatMeanTheSame) {
  std::string percent;
  for (const char c : github) percent += "%" + hex({&c, 1});
  EXPECT_TRUE(found(percent));
  EXPECT_TRUE(found("%67" + github.substr(1)));
  EXPECT_TRUE(found(github.substr(0, 9) + "\u200b" + github.substr(9)));
  EXPECT_TRUE(found("\uff47" + github.substr(1))) << "a full-width letter";
  const std::string encoded = base64("key " + github);
  EXPECT_TRUE(found(encoded.substr(0, 20) + "\r\n" + encoded.substr(20))) << "lines of MIME";
}

TEST(CredentialTest, SaysWhatItLooksLikeAndNothingOfIt) {
  const auto what = SecretSearch(nullptr).find("x " + aws);
  ASSERT_TRUE(what);
  EXPECT_EQ(*what, "what looks like an AWS access key");
  EXPECT_EQ(SecretSearch(nullptr).find(base64(github)), "what looks like a GitHub token, encoded");
}

TEST(CredentialTest, OrdinaryTextsPass) {
  for (const std::string text : {"Please send the report to ann@example.org by Friday.",
                                 "AKIA",
                                 "ghp_short",
                                 "the word BEGIN",
                                 "task-management-systems-for-small-teams-in-2026",
                                 "https://example.org/a/b?c=d#e",
                                 "https://ann@example.org/x",
                                 "see http://localhost:8080/path@v2",
                                 "bearer of good news",
                                 "BEGIN CERTIFICATE",
                                 "a public key",
                                 "eyJ is how a token begins",
                                 "risk-of-flooding",
                                 "/home/ann/Documents/Reports/2026/Quarterly-Report-Final-v2.pdf",
                                 "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
                                 "SELECT * FROM orders WHERE id = 17",
                                 "def find_user(self, user_id: int) -> Optional[User]:",
                                 "100 %",
                                 "50%2",
                                 "%zz",
                                 "%4"}) {
    EXPECT_FALSE(found(text)) << text;
  }
}

TEST(ListedTest, FindsAListedTextInAnySpelling) {
  const auto listed = ListedTexts::make({"Blue Heron", "4111 1111 1111 1111", "Straße 12"});
  ASSERT_TRUE(listed);
  for (const std::string text :
       {"Blue Heron", "we call it blue heron inside", "BLUE-HERON", "blueheron",
        "b.l.u.e h_e_r_o_n", "Blue\u200bHeron", "Ｂｌｕｅ Ｈｅｒｏｎ", "card 4111-1111-1111-1111",
        "4111111111111111", "STRASSE 12", "%42lue%20Heron"}) {
    EXPECT_TRUE(found(text, &*listed)) << text;
  }
  EXPECT_TRUE(found(base64("the project is Blue Heron"), &*listed));
  EXPECT_TRUE(found(url_safe(base64("?? Blue Heron >>")), &*listed));
  EXPECT_TRUE(found(hex("blue heron"), &*listed));
  for (const std::string text : {"a heron, blue", "Blue Hero", "4111 1111 1111 111", ""}) {
    EXPECT_FALSE(found(text, &*listed)) << text;
  }
}

TEST(ListedTest, TooShortTextsAreRefusedAndBeginningsStandForTheirEnds) {
  EXPECT_FALSE(ListedTexts::make({"a-b c"}));
  const auto listed = ListedTexts::make({"alpha one", "alpha", "alphb", "beta"});
  ASSERT_TRUE(listed);
  for (const std::string text : {"xalphax", "alphaoneandmore", "alphb", "abeta"}) {
    EXPECT_TRUE(listed->in(text)) << text;
  }
  EXPECT_FALSE(listed->in("alpx betb"));
}

TEST(EncodedTest, LongEncodedDataWeighsInEveryAlphabetAndCut) {
  const std::string bytes = random_bytes(900);
  const std::string plain = base64(bytes);
  std::string words;
  for (std::size_t i = 0; i < plain.size(); i += 7) words += plain.substr(i, 7) + " ";
  EXPECT_GT(weight(plain), encoded_chars_max);
  EXPECT_GT(weight(url_safe(plain)), encoded_chars_max);
  EXPECT_GT(weight(words), encoded_chars_max) << "as short words";
  EXPECT_GT(weight(hex(bytes)), encoded_chars_max);
  std::string base32, decimal;
  for (const char c : bytes) {
    base32 += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[static_cast<unsigned char>(c) % 32];
    decimal += std::to_string(static_cast<unsigned char>(c)) + " ";
  }
  EXPECT_GT(weight(base32), encoded_chars_max);
  EXPECT_GT(weight(lower_ascii(base32)), encoded_chars_max);
  EXPECT_GT(weight(decimal), encoded_chars_max);
  SecretSearch search(nullptr);
  search.begin();
  for (std::size_t i = 0; i < plain.size(); i += 10) search.weigh(plain.substr(i, 10));
  EXPECT_GT(search.encoded(), encoded_chars_max) << "as elements of a list";
  search.begin();
  EXPECT_EQ(search.encoded(), 0U);
}

TEST(EncodedTest, WordsCodeAndDatesDoNotWeigh) {
  const std::string prose =
      "On 2026-11-22 the team met in Room 12 and decided, after a long talk about risks, to ship "
      "version 1.4.0 on Monday. Ann writes the notes; Bob asks the customers whether the new file "
      "format causes trouble, as it did in March. ";
  const std::string code =
      "std::optional<std::string> readConfig(const Path& fileName) { return parseJson(fileName); } "
      "for (int i = 0; i < 10; ++i) { totalCount += getValue(items[i], defaultOptions); } ";
  const std::string log =
      "2026-11-22T10:54:37Z error worker 17: request to /api/orders/4711 failed after 3 attempts ";
  std::string long_prose, long_code, long_log;
  for (int i = 0; i < 20; ++i) {
    long_prose += prose;
    long_code += code;
    long_log += log;
  }
  EXPECT_LE(weight(long_prose), 64U);
  EXPECT_LE(weight(long_code), encoded_chars_max);
  EXPECT_LE(weight(long_log), encoded_chars_max);
}

}  // namespace
}  // namespace pawl
