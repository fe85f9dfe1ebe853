#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/utf8.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;

TEST(Utf8, KnowsWhatIsWellFormed) {
  for (const char* good : {"", "plain", "größe", "\u20AC", "\U0001F600", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(valid_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xE0\x9F\xBF",
                          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "12345678\xC3",
                          "\xE2\x82", "\xF0\x9F\x98", "\xC3\x28", "abcdefgh\xFFijk"}) {
    EXPECT_FALSE(valid_utf8(bad)) << hex(std::string_view(bad));
  }
}

TEST(Utf8, EveryScalarValueSurvivesTheRoundTrip) {
  for (char32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    utf8::append(c, text);
    std::string_view rest = text;
    const utf8::Point point = utf8::next(rest);
    ASSERT_TRUE(point.valid && point.value == c && rest.empty()) << std::hex << std::uint32_t{c};
  }
  EXPECT_EQ(utf8::count("a\xFFö\U0001F600"), 4U);
}

TEST(Utf8, CutsBetweenCharacters) {
  const std::string_view text = "aö\u20AC\U0001F600";  // 1, 2, 3 and 4 bytes
  const std::size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t most = 0; most < std::size(whole); ++most) {
    const std::string_view begin = utf8::beginning(text, most);
    EXPECT_EQ(begin, text.substr(0, whole[most])) << most;
    EXPECT_TRUE(valid_utf8(begin));
    const std::string cut = utf8::shortened(text, most);
    EXPECT_EQ(cut, std::string(begin) + (most < text.size() ? "…" : "")) << most;
  }
  EXPECT_EQ(utf8::beginning("", 0), "");
  EXPECT_EQ(utf8::shortened("", 0), "");
  // Bytes that begin nothing are no reason to read on, in either direction.
  const std::string_view bad = "\x80\x80\x80";
  EXPECT_EQ(utf8::beginning(bad, 2), "");
  EXPECT_EQ(utf8::beginning(bad, 3), bad);
  EXPECT_EQ(utf8::beginning("ab\xC3", 2), "ab");
}

TEST(Utf8, GoesFromCharacterToCharacter) {
  const std::string_view text = "aö\u20AC\U0001F600";
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < text.size();) ends.push_back(at = utf8::behind(text, at));
  EXPECT_THAT(ends, ElementsAre(1, 3, 6, 10));
  EXPECT_EQ(utf8::behind("\xC3", 0), 1U);
  EXPECT_EQ(utf8::behind("\x80\x80z", 0), 2U);
  std::string left(text);
  for (const std::size_t size : {6, 3, 1, 0, 0}) {
    utf8::erase_last(left);
    EXPECT_EQ(left, text.substr(0, size));
  }
  std::string bad = "\x80\x80";
  utf8::erase_last(bad);
  EXPECT_EQ(bad, "");
}

TEST(Text, DigitsAreThoseOfAsciiAlone) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(is_digit(c), std::string_view("0123456789").contains(c)) << byte;
  }
  EXPECT_TRUE(all_digits("0"));
  EXPECT_TRUE(all_digits("0123456789"));
  for (const char* other : {"", " ", "1 ", "-1", "1.0", "12a", "\u0663"}) {
    EXPECT_FALSE(all_digits(other)) << other;
  }
}

TEST(Text, InBackticksIsWhatAStrangerWroteAndNoMoreOfItThanFits) {
  EXPECT_EQ(in_backticks(""), "``");
  EXPECT_EQ(in_backticks("a\x1b[2J\n"), "`a\\u{1b}[2J\\u{0a}`");
  EXPECT_EQ(in_backticks(std::string(64, 'x')), "`" + std::string(64, 'x') + "`");
  EXPECT_EQ(in_backticks(std::string(65, 'x')), "`" + std::string(64, 'x') + "…`");
  EXPECT_EQ(in_backticks("aöö", 4), "`aö…`");
  EXPECT_EQ(in_backticks("\xFF\xFF", 1), "`\\x{ff}…`");
}

TEST(Fold, JoinsWhatLooksLikeOneName) {
  EXPECT_EQ(fold("ToolName_9"), "toolname_9");
  EXPECT_EQ(fold("\u017Ftatus"), "status");  // long s
  EXPECT_EQ(fold("\u212Aey"), "key");        // Kelvin sign
  EXPECT_EQ(fold("\uFF54\uFF4F"), "to");     // full width
  EXPECT_EQ(fold("stra\u00DFe"), "strasse");
  EXPECT_EQ(fold("sta\u00ADtus\u200B"), "status");  // soft hyphen, zero width space
  EXPECT_EQ(fold("A\u0308"), fold("\u00E4"));       // composed and decomposed
  EXPECT_EQ(fold("\uFB01le"), "file");
  EXPECT_NE(fold("\u0430"), fold("a"));  // a Cyrillic letter is another letter
  EXPECT_EQ(fold("\xFFx"), "\xFFx");
  EXPECT_EQ(fold(std::string_view("a\0\u00C4", 4)), std::string_view("a\0\u00E4", 4));
}

TEST(Fold, TwiceIsOnce) {
  for (char32_t c = 0x80; c < 0x1F000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text = "a";
    utf8::append(c, text);
    const std::string once = fold(text);
    ASSERT_EQ(fold(once), once) << std::hex << std::uint32_t{c};
  }
}

TEST(Compose, IsNfkcWithoutFolding) {
  EXPECT_EQ(compose("A\u0308"), "\u00C4");
  EXPECT_EQ(compose("\uFF21"), "A");
  EXPECT_EQ(compose("Plain"), "Plain");
  EXPECT_EQ(compose("\xFF"), "\xFF");
}

TEST(Hidden, FindsWhatAPersonCannotSee) {
  for (const char* text : {"\x1b[31m", "a\tb", "\u200B", "\u202E", "\u2066", "\uFEFF", "\U000E0041",
                           "\U000E0100", "\uE000", "\u00AD", "\u0085", "\u2028", "\u3164", "\u115F",
                           "\uFE00", "\xFF", "\x7F", "\uFFFE", "a\nb"}) {
    EXPECT_TRUE(has_hidden_characters(text)) << escape_untrusted(text);
  }
  for (const char* text : {"", "plain text, with marks!", "größe", "日本語", "\u2764\uFE0F",
                           "\U0001F600", "e\u0301", "\u00A0"}) {
    EXPECT_FALSE(has_hidden_characters(text)) << text;
  }
}

TEST(Visible, EscapesWhatWouldActOnATerminal) {
  EXPECT_EQ(escape_untrusted("a\u202Eb"), "a\\u{202e}b");
  EXPECT_EQ(escape_untrusted("\x1b]52;c;\x07"), "\\u{1b}]52;c;\\u{07}");
  EXPECT_EQ(escape_untrusted("a\nb"), "a\\u{0a}b");
  EXPECT_EQ(escape_untrusted("a\nb\r", Newlines::keep), "a\nb\\u{0d}");
  EXPECT_EQ(escape_untrusted("\\u{202e}"), "\\u{202e}");
  EXPECT_EQ(escape_untrusted("\xFF\x80"), "\\x{ff}\\x{80}");
  EXPECT_EQ(escape_untrusted("größe \U0001F600"), "größe \U0001F600");
  EXPECT_EQ(escape_untrusted("\U000E0041"), "\\u{e0041}");
}

TEST(Visible, LeavesNothingHidden) {
  for (int i = 0; i < 200; ++i) {
    const std::string shown = escape_untrusted(random_bytes(50));
    EXPECT_FALSE(has_hidden_characters(shown));
    EXPECT_EQ(escape_untrusted(shown), shown);
  }
}

// A person who compares two texts by eye would take them for the same.
TEST(Visible, EscapesWhatLooksLikeABlankOrLikeNothing) {
  EXPECT_EQ(escape_untrusted("a\u2800b"), "a\\u{2800}b");
  EXPECT_EQ(escape_untrusted("a\u00A0b"), "a\\u{a0}b");
  EXPECT_EQ(escape_untrusted("\u2764\uFE0F"), "\u2764\\u{fe0f}");
  for (const char* text : {"\u1680", "\u2000", "\u2009", "\u202F", "\u205F", "\u3000", "\uFE0E"}) {
    EXPECT_NE(escape_untrusted(text), text);
    EXPECT_FALSE(has_hidden_characters(text)) << "no name is refused for it";
  }
}

TEST(Columns, CountsWideCharactersTwice) {
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("日本"), 4U);
  EXPECT_EQ(columns("e\u0301"), 1U);
}

TEST(Nearest, FindsTypingMistakesOnly) {
  const std::vector<std::string> keys = {"constraints", "allowed", "blocked", "max_steps", "ttl"};
  EXPECT_EQ(closest_match("constrants", keys), "constraints");
  EXPECT_EQ(closest_match("Alowed", keys), "allowed");
  EXPECT_EQ(closest_match("lbocked", keys), "blocked");
  EXPECT_EQ(closest_match("max_step", keys), "max_steps");
  EXPECT_EQ(closest_match("tll", keys), "ttl");
  EXPECT_EQ(closest_match("banana", keys), "");
  EXPECT_EQ(closest_match("x", keys), "");
  EXPECT_EQ(closest_match("", keys), "");
  EXPECT_EQ(closest_match("x", {"y"}), "");
  EXPECT_EQ(closest_match(std::string(1'000, 'a'), {std::string(1'000, 'a')}), "");
}

TEST(Glob, MatchesTheWholeText) {
  struct Case {
    const char* pattern;
    const char* text;
    bool match;
  };
  for (const Case& c : std::vector<Case>{{"abc", "abc", true},
                                         {"abc", "abcd", false},
                                         {"", "", true},
                                         {"", "a", false},
                                         {"*", "", true},
                                         {"*", "abc", true},
                                         {"*", "a/b", false},
                                         {"**", "a/b", true},
                                         {"a*c", "abbc", true},
                                         {"a*c", "ac", true},
                                         {"a*c", "a/c", false},
                                         {"a**c", "a/b/c", true},
                                         {"?", "ö", true},
                                         {"?", "/", false},
                                         {"?", "", false},
                                         {"??", "a", false},
                                         {"get_*", "get_user", true},
                                         {"get_*", "xget_user", false},
                                         {"*_user", "get_user", true},
                                         {"*a*b", "xxaxxbxxb", true},
                                         {"src/**", "src/a/b.c", true},
                                         {"src/**", "src", false},
                                         {"src/**/b", "src/a/b", true},
                                         {"src/**/b", "src/b", false},
                                         {"**/*.c", "a/b/x.c", true},
                                         {"*.c", "a/x.c", false},
                                         {"***", "a/b", true},
                                         {"[a]", "a", false},
                                         {"a.c", "abc", false},
                                         {"*a", "aaab", false}}) {
    EXPECT_EQ(glob_match(c.pattern, c.text), c.match) << c.pattern << " on " << c.text;
  }
}

TEST(Glob, IsNotSlowOnHostileTexts) {
  // Backtracking would take longer than the universe is old.
  EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*ab", std::string(20'000, 'a')));
  EXPECT_FALSE(glob_match("**a*/**a*/**a*/**a*/b", std::string(20'000, 'a')));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("a,b,,c", ','), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Codes, ReadBackWhatTheyWrite) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string bytes = random_bytes(size);
    std::string back;
    ASSERT_TRUE(unhex(hex(bytes), back));
    EXPECT_EQ(back, bytes);
    ASSERT_TRUE(unbase64(base64(bytes), back));
    EXPECT_EQ(back, bytes);
  }
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
}

TEST(Codes, AreStrict) {
  std::string out = "before";
  for (const char* text : {"Zg=", "Zg", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9",
                           "Zm9v\n", "Zm-_", "=Zm9"}) {
    EXPECT_FALSE(unbase64(text, out)) << text;
    EXPECT_EQ(out, "");
  }
  for (const char* text : {"0", "0g", "0x", " 00", "00 "}) EXPECT_FALSE(unhex(text, out)) << text;
  EXPECT_TRUE(unhex("aBcD", out));
  EXPECT_EQ(out, "\xab\xcd");
}

TEST(Ascii, LooksAtEveryByte) {
  for (std::size_t size = 0; size < 40; ++size) {
    EXPECT_TRUE(is_ascii(std::string(size, 'a')));
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\x80';
      EXPECT_FALSE(is_ascii(text));
    }
  }
  EXPECT_EQ(lower_ascii("AZ[@`{Ä"), "az[@`{Ä");
}

}  // namespace
}  // namespace pawl
