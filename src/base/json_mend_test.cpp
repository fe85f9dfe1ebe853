#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "base/json_mend.h"

namespace pawl::json {
namespace {

constexpr const char* kReplaced = "\xEF\xBF\xBD";

std::string mended(std::string_view text) {
  return with_replacements(text).value_or("unchanged");
}

TEST(WithReplacements, LeavesAloneWhatIsFine) {
  for (const char* fine :
       {"", "{}", R"({"a":"plain"})", R"({"a":"\ud83d\ude00 \u00e9 \" \\ \n"})",
        "{\"a\":\"\xF0\x9F\x98\x80\"}", "\t {\"a\" :\t1}", "no JSON", R"({"a":"no end)"}) {
    EXPECT_EQ(with_replacements(fine), std::nullopt) << fine;
  }
}

TEST(WithReplacements, PutsTheReplacementWhereAHalfOfAPairStandsAlone) {
  EXPECT_EQ(mended(R"("\ud83d")"), R"("\ufffd")");
  EXPECT_EQ(mended(R"("\uDE00")"), R"("\ufffd")");
  EXPECT_EQ(mended(R"("\ude00\ud83d")"), R"("\ufffd\ufffd")");
  EXPECT_EQ(mended(R"("\ud83d\ud83d\ude00")"), R"("\ufffd\ud83d\ude00")");
  EXPECT_EQ(mended(R"("\ud83d\u0041")"), R"("\ufffd\u0041")");
  EXPECT_EQ(mended(R"("\ud83dx")"), R"("\ufffdx")");
  // No escape: a backslash, and letters behind it.
  EXPECT_EQ(with_replacements(R"("\\ud83d")"), std::nullopt);
  EXPECT_EQ(mended(R"("\\\ud83d")"), R"("\\\ufffd")");
  EXPECT_EQ(mended(R"({"\ud800":"\udfff"})"), R"({"\ufffd":"\ufffd"})");
}

TEST(WithReplacements, PutsItWhereAByteIsNoUtf8) {
  EXPECT_EQ(mended("\"caf\xE9\""), std::string("\"caf") + kReplaced + "\"");
  EXPECT_EQ(mended("\"\xC3\""), std::string("\"") + kReplaced + "\"");
  EXPECT_EQ(mended("\"\xFF\xFE\""), std::string("\"") + kReplaced + kReplaced + "\"");
  // Overlong, and a surrogate written as three bytes.
  EXPECT_EQ(mended("\"\xC0\xAF\""), std::string("\"") + kReplaced + kReplaced + "\"");
  EXPECT_TRUE(parse(mended("\"\xED\xA0\xBD\"")).has_value());
  // Behind a backslash too.
  EXPECT_FALSE(parse(mended("\"\\\xE9\"")).has_value());
}

TEST(WithReplacements, EscapesControlCharactersInsideOfStrings) {
  EXPECT_EQ(mended("{\"a\":\t\"b\tc\"}"), "{\"a\":\t\"b\\u0009c\"}");
  EXPECT_EQ(mended(std::string_view("\"\0\x1B\"", 4)), R"("\u0000\u001b")");
}

TEST(WithReplacements, LeavesOutAByteOrderMark) {
  EXPECT_EQ(mended("\xEF\xBB\xBF{}"), "{}");
  EXPECT_EQ(mended("\xEF\xBB\xBF"), "");
}

// What is replaced grows, and a whole text of it must not take more memory than a text may.
TEST(WithReplacements, MakesNothingThatIsTooLong) {
  const std::string text = '"' + std::string(1000, '\x01') + '"';
  EXPECT_EQ(with_replacements(text, 6002)->size(), 6002U);
  EXPECT_EQ(with_replacements(text, 6001), std::nullopt);
  EXPECT_EQ(with_replacements(text, 100), std::nullopt);
  EXPECT_EQ(with_replacements("\"\x01" + std::string(100, 'x'), 100), std::nullopt);
}

TEST(WithReplacements, LeavesWhatIsWrongOtherwise) {
  for (const char* wrong :
       {R"({"a":NaN})", R"({"a":"\x41"})", R"({"a":"\u12"})", R"({"a":1)", "{\xE9:1}"}) {
    const auto text = with_replacements(wrong);
    EXPECT_FALSE(parse(text.value_or(wrong)).has_value()) << wrong;
  }
}

// Whatever the bytes: what comes out has nothing more to replace, and is JSON where only its
// characters were wrong.
TEST(WithReplacements, LeavesNothingToReplace) {
  std::uint64_t seed = 7;
  const auto next = [&seed] {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<unsigned>(seed >> 33U);
  };
  constexpr std::string_view pieces[] = {"\\ud83d",  "\\ude00", "\\",   "u", "\x80", "\xE9",
                                         "\xF0\x9F", "a",       "\x01", "/", "n",    "\xC3\xA9"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "\"";
    for (unsigned i = next() % 8; i > 0; --i) text += pieces[next() % std::size(pieces)];
    text += '"';
    const auto once = with_replacements(text);
    if (!once) continue;
    ASSERT_EQ(with_replacements(*once), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pawl::json
