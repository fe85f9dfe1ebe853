// Patterns as ECMA-262 means them, done by RE2; and formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "lang/json_schema/format.h"
#include "lang/json_schema/pattern.h"
#include "lang/json_schema/testing.h"

namespace pawl::json_schema {
namespace {

using testing::compiled;
using ::testing::HasSubstr;
using testing::verdict;

TEST(SchemaPattern, means_what_ecma_262_means) {
  struct Row {
    std::string_view pattern;
    std::vector<std::string_view> found, not_found;
  };
  const std::vector<Row> rows = {
      {"b", {"abc"}, {"ac", ""}},
      {"^b$", {"b"}, {"b\n", "\nb", "ab"}},
      {R"(\d)", {"a1"}, {"a", "\u0661"}},
      {R"(^\D$)", {"a", "\u0661"}, {"1"}},
      {R"(^\w+$)", {"aZ_9"}, {"é", "-", ""}},
      {R"(^\W$)", {"é", "-"}, {"a", "_"}},
      {R"(^\s$)", {" ", "\t", "\v", "\u00a0", "\u2028", "\ufeff", "\u3000"}, {"a", "\u200b"}},
      {R"(^\S$)", {"a", "\u200b"}, {" ", "\v", "\u00a0", "\u2029"}},
      {R"(^[\s\S]$)", {"a", "\n", "\u00a0", "😀"}, {"", "ab"}},
      {R"(^[^\s]$)", {"a"}, {"\u00a0"}},
      {R"(^[\w-]+$)", {"a-b"}, {"a b"}},
      {"^.$", {"a", "😀"}, {"\n", "\r", "\u2028", "\u2029", ""}},
      {"^[^]$", {"a", "\n"}, {""}},
      {"[]", {}, {"", "a", "]"}},
      {R"(^\/$)", {"/"}, {"\\"}},
      {R"(^\.\-\:$)", {".-:"}, {"a-:"}},
      {R"(^\u0061\u{1F600}\x62$)", {"a😀b"}, {"ab"}},
      {R"(^\uD83D\uDE00$)", {"😀"}, {"a"}},
      {R"(^[\u{1F600}-\u{1F64F}]$)", {"😀"}, {"🚀"}},
      {R"(^\cJ\t\n\v\f\r\0$)", {std::string_view("\n\t\n\v\f\r\0", 7)}, {"J"}},
      {R"(^[\b]$)", {"\b"}, {"b"}},
      {R"(\bab\b)", {"x ab y"}, {"xaby"}},
      {R"(^(?<year>\d{4})-(?:\d\d)$)", {"2026-11"}, {"26-11"}},
      {R"(^\p{L}+\p{Lu}$)", {"éÉ"}, {"é1"}},
      {R"(^\p{Letter}\p{Script=Greek}\P{Nd}$)", {"aαx"}, {"aax", "aα1"}},
      {"^[[:alpha:]]$", {":]", "a]", "[]"}, {"a", "b"}},
      {"^a{2}{$", {"aa{"}, {"aa"}},
      {"^{x}$", {"{x}"}, {"x"}},
      {"^[.*+?(){}|^$-]$", {".", "-", "|", "^", "$", "("}, {"a"}},
      {"^[a-]$", {"a", "-"}, {"b"}},
      {"^(?:a|b)+?c$", {"abac"}, {"ac2", "c"}},
      {"é", {"café"}, {"cafe"}},
      {"#", {"a#b"}, {"ab"}},
  };
  for (const Row& row : rows) {
    std::size_t left = pattern_memory_max;
    const Pattern pattern = compile_pattern(row.pattern, left);
    ASSERT_NE(pattern.compiled, nullptr) << row.pattern << ": " << pattern.why;
    for (auto text : row.found) EXPECT_TRUE(pattern.found_in(text)) << row.pattern << " " << text;
    for (auto text : row.not_found) {
      EXPECT_FALSE(pattern.found_in(text)) << row.pattern << " " << text;
    }
  }
}

TEST(SchemaPattern, what_cannot_be_done_says_why) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"(?=a)b", "looks ahead"},
      {"(?!a)b", "looks ahead"},
      {"(?<=a)b", "looks behind"},
      {"(?<!a)b", "looks behind"},
      {R"((a)\1)", "refers back"},
      {R"((?<n>a)\k<n>)", "refers back"},
      {"(?i:a)", "unknown kind"},
      {R"(\q)", "`\\q` means nothing there"},
      {R"(\x{3})", "`\\x` means nothing there"},
      {R"(\u12)", "names no character"},
      {R"(\uD800)", "names no character"},
      {R"(\u{110000})", "names no character"},
      {R"(\p{No.Such})", "names no property"},
      {R"(\pL)", "names no property"},
      {"[a", "has no end"},
      {"[b-a]", "no plain ends"},
      {R"([\d-z])", "no plain ends"},
      {"(a", ""},
      {"a)", ""},
      {"*a", ""},
      {"a{2000}", ""},
      {"(?:(?:a{100}){100}){100}", ""},
      {"\\", "ends with a backslash"},
  };
  for (const auto& [source, why] : rows) {
    std::size_t left = pattern_memory_max;
    const Pattern pattern = compile_pattern(source, left);
    EXPECT_EQ(pattern.compiled, nullptr) << source;
    EXPECT_FALSE(pattern.why.empty()) << source;
    EXPECT_THAT(pattern.why, HasSubstr(why)) << source;
  }
}

// Whatever depends on such a pattern is invalid, also where the schema turns the answer round.
TEST(SchemaPattern, one_that_cannot_be_checked_lets_nothing_through) {
  constexpr std::string_view text = R"("a")";
  constexpr std::string_view turned = R"j({"not":{"pattern":"(?=a)"}})j";
  constexpr std::string_view twice = R"j({"not":{"not":{"pattern":"(?=a)"}}})j";
  constexpr std::string_view asked = R"j({"if":{"pattern":"(?=a)"},"else":true})j";
  constexpr std::string_view one = R"j({"oneOf":[{"type":"string"},{"pattern":"(?=a)"}]})j";
  constexpr std::string_view some = R"j({"anyOf":[{"pattern":"(?=a)"},false]})j";
  constexpr std::string_view plain = R"j({"pattern":"(?=a)"})j";
  for (std::string_view schema : {turned, twice, asked, one, some, plain}) {
    const auto made = compiled(schema);
    ASSERT_TRUE(made.has_value()) << schema;
    ASSERT_EQ(made->findings().size(), 1U);
    EXPECT_THAT(made->findings()[0].says, HasSubstr("looks ahead"));
    EXPECT_NE(verdict(schema, text), "valid") << schema;
  }
  EXPECT_EQ(verdict(plain, "1"), "valid");
  constexpr std::string_view other = R"j({"anyOf":[{"pattern":"(?=a)"},{"const":"a"}]})j";
  EXPECT_EQ(verdict(other, text), "valid");
  constexpr std::string_view members = R"j({"patternProperties":{"(?=a)":true}})j";
  EXPECT_EQ(verdict(members, "{}"), "valid");
  EXPECT_NE(verdict(members, R"({"b":1})"), "valid");
  constexpr std::string_view closed =
      R"j({"not":{"patternProperties":{"(?=a)":false},"required":["c"]}})j";
  EXPECT_NE(verdict(closed, R"({"b":1})"), "valid");
}

TEST(SchemaPattern, memory_is_shared_out) {
  std::size_t left = 100;
  EXPECT_THAT(compile_pattern("a", left).why, HasSubstr("too much memory"));
  left = pattern_memory_max;
  EXPECT_NE(compile_pattern("^[a-zA-Z0-9_-]{1,256}$", left).compiled, nullptr);
  EXPECT_NE(compile_pattern(R"(^[\s\S]{1,500}$)", left).compiled, nullptr);
  EXPECT_LT(left, pattern_memory_max);
}

struct FormatRow {
  Format format;
  std::vector<std::string_view> good, bad;
};

TEST(SchemaFormat, is_a_remark_unless_it_is_asked_for) {
  EXPECT_EQ(verdict(R"({"format":"uuid"})", R"("x")"), "valid");
  EXPECT_EQ(verdict(R"({"format":"uuid"})", R"("x")", {.check_formats = true}),
            " format: must have the form `uuid`");
  EXPECT_EQ(verdict(R"({"format":"unheard-of"})", R"("x")", {.check_formats = true}), "valid");
  EXPECT_EQ(verdict(R"({"format":"uuid"})", "1", {.check_formats = true}), "valid");
}

TEST(SchemaFormat, each_has_its_grammar) {
  const std::vector<FormatRow> rows = {
      {Format::date,
       {"2026-02-28", "2024-02-29", "2000-02-29"},
       {"2026-02-29", "1900-02-29", "2026-13-01", "2026-1-01", "2026-01-01T", "2026-00-10", ""}},
      {Format::time,
       {"12:00:00Z", "23:59:60Z", "00:59:60+01:00", "12:00:00.123-23:59"},
       {"12:00:00", "24:00:00Z", "12:60:00Z", "12:00:61Z", "12:00:60Z", "12:00:00.Z", "12:00Z"}},
      {Format::date_time,
       {"2026-11-22T12:00:00Z", "2026-11-22t12:00:00.5+02:00"},
       {"2026-11-22 12:00:00Z", "2026-11-22T12:00:00", "2026-11-22"}},
      {Format::email,
       {"a@b.example", "a.b+c@x", "!#$@b.co"},
       {"a", "@b", "a@", ".a@b", "a.@b", "a..b@c", "a b@c", "a@b c", "a@-b", "\"a\"@b", "é@b"}},
      {Format::hostname,
       {"a", "a.b-c.example", "1.2"},
       {"", "a.", ".a", "-a", "a-", "a_b", "a..b",
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"}},
      {Format::ipv4,
       {"1.2.3.4", "255.255.255.255", "0.0.0.0"},
       {"1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1..2.3", ""}},
      {Format::ipv6,
       {"::", "::1", "1:2:3:4:5:6:7:8", "1::8", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::"},
       {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::1%eth0",
        "1.2.3.4::", "1:2:3:4:5:6:7:8::"}},
      {Format::uri,
       {"https://a.example/b?c#d", "urn:x:y", "http://[::1]/", "a+b.c-d:", "x:%41"},
       {"a", "/a/b", "1a:b", "a:b c", "a:\\b", "a:%4", "a:%zz", "a:#b#c", "a:<b>", ":a", "a:[b]"}},
      {Format::uuid,
       {"01234567-89ab-cdef-ABCD-ef0123456789"},
       {"01234567-89ab-cdef-abcd-ef012345678", "0123456789abcdefabcdef0123456789abcd",
        "g1234567-89ab-cdef-abcd-ef0123456789"}},
  };
  for (const FormatRow& row : rows) {
    EXPECT_EQ(format_named(to_string(row.format)), row.format);
    for (auto text : row.good) EXPECT_TRUE(has_format(row.format, text)) << text;
    for (auto text : row.bad) EXPECT_FALSE(has_format(row.format, text)) << text;
  }
}

}  // namespace
}  // namespace pawl::json_schema
