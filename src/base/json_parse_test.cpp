#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "base/json.h"
#include "base/json_mistake.h"

namespace pawl::json {
namespace {

using ::testing::HasSubstr;

std::string canonical(std::string_view text) {
  const auto document = parse(text);
  return document ? write(document->root()) : "refused: " + to_string(document.error());
}

std::string refusal(std::string_view text, const ParseLimits& limits = {}) {
  const auto document = parse(text, limits);
  return document ? "accepted" : to_string(document.error());
}

TEST(JsonParse, AcceptsWhatRfc8259Accepts) {
  using std::string_view_literals::operator""sv;
  for (std::string_view text : {"null"sv,
                                "true"sv,
                                "false"sv,
                                "0"sv,
                                "-0"sv,
                                "-1"sv,
                                "12"sv,
                                "1.5"sv,
                                "1e5"sv,
                                "1E+5"sv,
                                "1e-5"sv,
                                "-1.25e-3"sv,
                                "\"\""sv,
                                "\"a\""sv,
                                "[]"sv,
                                "{}"sv,
                                " [ ] "sv,
                                "\t{\r\n}\n"sv,
                                "[1,2]"sv,
                                "{\"a\":1}"sv,
                                "{\"\":0}"sv,
                                "[[],{},[[]]]"sv,
                                "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""sv,
                                "\"\\u0000\""sv,
                                "\"\\u00e9\""sv,
                                "\"\\uD83D\\uDE00\""sv,
                                "\"\x7f\""sv,
                                "\"\xF4\x8F\xBF\xBF\""sv,
                                "0.0"sv,
                                "0e0"sv,
                                "0e+1"sv,
                                "[\"]\",\"}\"]"sv,
                                "\"\\uFFFF\""sv,
                                "1e-300"sv}) {
    EXPECT_EQ(refusal(text), "accepted") << text;
    EXPECT_FALSE(first_mistake(text, 128)) << text;
  }
}

TEST(JsonParse, RefusesEverythingElse) {
  using std::string_view_literals::operator""sv;
  for (std::string_view text : {""sv,
                                " "sv,
                                "\n"sv,
                                "nul"sv,
                                "nulll"sv,
                                "True"sv,
                                "NaN"sv,
                                "Infinity"sv,
                                "-"sv,
                                "+1"sv,
                                "01"sv,
                                "-01"sv,
                                "1."sv,
                                ".5"sv,
                                "1.e5"sv,
                                "1e"sv,
                                "1e+"sv,
                                "0x10"sv,
                                "1_000"sv,
                                "1,"sv,
                                "1 2"sv,
                                "--1"sv,
                                "\""sv,
                                "\"a"sv,
                                "'a'"sv,
                                "\"a\nb\""sv,
                                "\"a\tb\""sv,
                                "\"\0\""sv,
                                "\"\\x41\""sv,
                                "\"\\u12\""sv,
                                "\"\\u12g4\""sv,
                                "\"\\\""sv,
                                "\"\\uD800\""sv,
                                "\"\\uDC00\""sv,
                                "\"\\uD800\\u0041\""sv,
                                "\"\\uD800x\""sv,
                                "\"\\uDC00\\uD800\""sv,
                                "\"\xFF\""sv,
                                "\"\xC0\x80\""sv}) {
    const std::string said = refusal(text);
    EXPECT_NE(said, "accepted") << text;
    EXPECT_THAT(said, ::testing::Not(HasSubstr("not JSON:"))) << "no reason found for " << text;
    const auto mistake = first_mistake(text, 128);
    ASSERT_TRUE(mistake) << text;
    EXPECT_LE(mistake->offset, text.size());
  }
}

TEST(JsonParse, RefusesEverythingElseToo) {
  using std::string_view_literals::operator""sv;
  for (std::string_view text : {"\"\xED\xA0\x80\""sv,
                                "\"\xF4\x90\x80\x80\""sv,
                                "[1,]"sv,
                                "[,1]"sv,
                                "[1 2]"sv,
                                "["sv,
                                "]"sv,
                                "[1}"sv,
                                "[1"sv,
                                "{"sv,
                                "}"sv,
                                "{\"a\"}"sv,
                                "{\"a\":}"sv,
                                "{\"a\":1,}"sv,
                                "{\"a\" 1}"sv,
                                "{a:1}"sv,
                                "{1:2}"sv,
                                "{,}"sv,
                                "{\"a\":1 \"b\":2}"sv,
                                "{\"a\":1]"sv,
                                "{\"a\"::1}"sv,
                                "// c\n1"sv,
                                "/* c */ 1"sv,
                                "1 // c"sv,
                                "[1]]"sv,
                                "{}{}"sv,
                                "1\0"sv,
                                "\0"sv,
                                "\xEF\xBB\xBF{}"sv,
                                "\f1"sv,
                                "\xA0"sv,
                                "\xC2\xA0\x31"sv,
                                "tru\xFF"sv,
                                "[\"a\",\n4\n,1,"sv,
                                "\"\\ud83d\\ude0\""sv,
                                "-Infinity"sv,
                                "1e1.5"sv,
                                "1-2"sv,
                                "\xFF\xFE{\0"sv}) {
    const std::string said = refusal(text);
    EXPECT_NE(said, "accepted") << text;
    EXPECT_THAT(said, ::testing::Not(HasSubstr("not JSON:"))) << "no reason found for " << text;
    const auto mistake = first_mistake(text, 128);
    ASSERT_TRUE(mistake) << text;
    EXPECT_LE(mistake->offset, text.size());
  }
}

TEST(JsonParse, SaysWhereAndWhy) {
  EXPECT_EQ(refusal("{\n  \"ä\": nul\n}"), "2:8: expected a value");
  EXPECT_EQ(refusal("[1\n,2 3]"), "2:4: expected `,` or `]`");
  EXPECT_EQ(refusal("{\"a\":1 \"b\":2}"), "1:8: expected `,` or `}`");
  EXPECT_EQ(refusal("[1}"), "1:3: closed by the wrong bracket");
  EXPECT_EQ(refusal("{a:1}"), "1:2: expected a name in double quotes");
  EXPECT_EQ(refusal("[01]"), "1:2: `01` is not a number as JSON spells it");
  EXPECT_EQ(refusal("1 2"), "1:3: more text follows the value");
  EXPECT_EQ(refusal(""), "1:1: the text ends too early");
  EXPECT_EQ(refusal("\"\\uD800\""), "1:2: half of a surrogate pair stands alone");
  EXPECT_EQ(refusal("\xEF\xBB\xBF{}"), "1:1: the text begins with a byte order mark");
  EXPECT_EQ(refusal("\"\xFF\""), "1:2: the text is not valid UTF-8");
}

// Threats 5.2, P01 and P02.
TEST(JsonTwins, NamesThatSomeReaderTakesForOneAreRefused) {
  EXPECT_EQ(refusal(R"({"to":"a@myco.example","To":"b@evil.example"})"),
            "two keys of one object are the same: `to` and `To`");
  EXPECT_EQ(refusal("{\"status\":\"cancelled\",\"\u017Ftatus\":\"deleted\"}"),
            "two keys of one object are the same: `status` and `\u017Ftatus`");
  for (const char* text :
       {"{\"a\":1,\"a\":1}", "{\"k\":1,\"\u212A\":2}", "{\"to\":1,\"\uFF54\uFF4F\":2}",
        "{\"a\":1,\"\\u0041\":2}", "{\"\":1,\"\":2}", "[{\"x\":{\"y\":1,\"Y\":2}}]",
        "{\"a\":{},\"b\":[],\"A\":0}", "{\"stra\u00DFe\":1,\"STRASSE\":2}",
        "{\"\u00E4\":1,\"a\u0308\":2}", "{\"long_argument\":1,\"long_Argument\":2}",
        "{\"a_name_of_many_letters\":1,\"a_Name_of_many_letters\":2}", "{\"x\":1,\"\u200Bx\":2}",
        "{\"a\\u0000b\":1,\"A\\u0000B\":2}"}) {
    EXPECT_THAT(refusal(text), HasSubstr("two keys of one object are the same")) << text;
  }
}

TEST(JsonTwins, NamesThatDifferPass) {
  for (const char* text :
       {R"({"a":{"b":1},"b":{"a":1}})", R"([{"a":1},{"a":1}])", R"({"a":1,"aa":2,"aaa":3})",
        R"({"a":{"A":1}})", R"({"a":{"a":{"a":1}}})", R"({"[":1,"{":2})", R"({"@":1,"`":2})",
        "{\"\u0430\":1,\"a\":2}", R"({"a_name_of_letters_1":1,"a_name_of_letters_2":2})",
        "{\"\u00E4\":{\"a\":1},\"a\":{\"\u00E4\":1}}", R"({"a":"A","b":"a"})",
        R"({"1234567":1,"12345678":2,"123456789":3})", R"({"_":1,"":2})"}) {
    EXPECT_EQ(refusal(text), "accepted") << text;
  }
}

TEST(JsonTwins, ExactOnlyPermitsWhatDiffersByBytes) {
  const ParseLimits exact{.duplicate_keys = DuplicateKeys::refuse_exact_only};
  EXPECT_EQ(refusal(R"({"to":1,"To":2})", exact), "accepted");
  EXPECT_EQ(refusal("{\"k\":1,\"\u212A\":2}", exact), "accepted");
  EXPECT_THAT(refusal(R"({"to":1,"x":2,"to":3})", exact), HasSubstr("`to` and `to`"));
  EXPECT_THAT(refusal("{\"\u00E4\":1,\"\u00E4\":2}", exact), HasSubstr("the same"));
  EXPECT_THAT(refusal(R"({"a":1,"\u0061":2})", exact), HasSubstr("`a` and `a`"));
}

TEST(JsonTwins, PermitIsForTextsThatOnlyPass) {
  const ParseLimits permit{.duplicate_keys = DuplicateKeys::permit};
  const auto passed = [&permit](std::string_view text) {
    const auto document = parse(text, permit);
    return document ? write(document->root()) : "refused: " + to_string(document.error());
  };
  EXPECT_EQ(passed(R"({"a":1,"A":2,"a":3})"), R"({"A":2,"a":1,"a":3})");
  EXPECT_EQ(passed("[0.12345678901234567890, 1e-400, 49428361521687527E-1, 1.5]"),
            "[0.12345678901234568,0,4942836152168753,1.5]");
  EXPECT_EQ(passed("[18446744073709551616, -9223372036854775809, 1E400, -9e308, 1.5]"),
            "[10000000000000000000,-1000000000000000000,1e+308,-1e+308,1.5]");
  EXPECT_EQ(passed("[123456789012345678901234567890, \"123456789012345678901234567890\"]"),
            "[1e+29,\"123456789012345678901234567890\"]");
  EXPECT_EQ(passed(std::string(1'000, '9')), "1e+308");
  EXPECT_EQ(passed("[9007199254740993, 10.0]"), "[9007199254740993,10]");
  // What is not a number does not become one.
  for (const char* text : {"0123456789012345678901234567890", "1E400e", "12345678901234567890123.",
                           "[1e999,", "[1e999 x]", "--123456789012345678901234567890",
                           "123456789012345678901234567890abc", "\"1e999"}) {
    EXPECT_THAT(passed(text), HasSubstr("refused")) << text;
  }
  EXPECT_EQ(passed("[1e999, nul]"), "refused: 1:9: expected a value");
}

std::string object_of(std::size_t members, std::string_view prefix, std::string_view last) {
  std::string text = "{";
  for (std::size_t i = 0; i < members; ++i) text += fmt::format("\"{}{:07}\":0,", prefix, i);
  return text + fmt::format("\"{}\":0}}", last);
}

TEST(JsonTwins, FindsOneTwinAmongMany) {
  for (std::size_t members : {15UL, 16UL, 17UL, 18UL, 1'000UL}) {
    EXPECT_EQ(refusal(object_of(members, "key", "other")), "accepted") << members;
    EXPECT_EQ(refusal(object_of(members, "key", "KEY0000003")),
              "two keys of one object are the same: `key0000003` and `KEY0000003`");
    EXPECT_THAT(refusal(object_of(members, "key", "\uFF4Bey0000003")), HasSubstr("the same"));
    EXPECT_EQ(refusal(object_of(members, "\u00E4", "other")), "accepted") << members;
  }
}

TEST(JsonTwins, HugeObjectsCostASortAndNoMore) {
  // A square of these would be ten thousand million comparisons.
  EXPECT_EQ(refusal(object_of(100'000, "a common beginning ", "x")), "accepted");
  EXPECT_EQ(refusal(object_of(100'000, "\u00E4", "x")), "accepted");
  // Names that agree in what the signature looks at: the first and the last eight bytes.
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += fmt::format("\"12345678{:07}12345678\":0,", i);
  text += "\"x\":0}";
  EXPECT_EQ(refusal(text), "accepted");
}

TEST(JsonTwins, TheMessageShowsNamesSafely) {
  EXPECT_EQ(refusal("{\"\\u001b[2J\":1,\"\\u001b[2j\":2}"),
            "two keys of one object are the same: `\\u{1b}[2J` and `\\u{1b}[2j`");
  const std::string name(100'000, 'n');
  EXPECT_LT(refusal("{\"" + name + "\":1,\"" + name + "\":2}").size(), 300U);
}

// Threats 5.2, P05.
TEST(JsonNumbers, IntegersAreExact) {
  for (const char* text :
       {"9007199254740993", "9007199254740992", "-9007199254740993", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "18446744073709551615", "0", "-1"}) {
    EXPECT_EQ(canonical(text), text);
  }
  EXPECT_EQ(canonical("9007199254740993.0"), "9007199254740993");
  EXPECT_EQ(canonical("9.007199254740993e15"), "9007199254740993");
  EXPECT_EQ(canonical("1844674407370955161.5e1"), "18446744073709551615");
  EXPECT_THAT(refusal("18446744073709551616"), HasSubstr("does not fit in an integer of 64 bits"));
  EXPECT_THAT(refusal("-9223372036854775809"), HasSubstr("does not fit in an integer of 64 bits"));
  EXPECT_THAT(refusal("[1, 123456789012345678901234567890]"), HasSubstr("1:5: `1234567890"));
}

// Threats 5.2, P06.
TEST(JsonNumbers, OneNumberHasOneSpelling) {
  EXPECT_EQ(canonical("[1e1,10.0,10,1.0e+1,100e-1,0.01e3]"), "[10,10,10,10,10,10]");
  EXPECT_EQ(canonical("[-0,-0.0,0e5,-0e-5,0.000]"), "[0,0,0,0,0]");
  EXPECT_EQ(canonical("[1e17,1e18,1e19,1e20]"),
            "[100000000000000000,1000000000000000000,"
            "10000000000000000000,1e+20]");
  EXPECT_EQ(canonical("[0.1,1.5e300,-2.50,1e-7]"), "[0.1,1.5e+300,-2.5,1e-07]");
  EXPECT_EQ(canonical("[-9.223372036854775808e18]"), "[-9223372036854775808]");
  EXPECT_EQ(canonical("1e0000000000000000000000001"), "10");
  EXPECT_EQ(canonical("10000000000000000000000e-22"), "1");
  EXPECT_THAT(refusal("1E400"), HasSubstr("out of the range"));
  EXPECT_THAT(refusal("[-1e999999999999999999999]"), HasSubstr("out of the range"));
  EXPECT_THAT(refusal("[1.5, 1e-400]"), HasSubstr("1:7: `1e-400` is out of the range"));
  EXPECT_THAT(refusal("1e-99999999999999999999"), HasSubstr("out of the range"));
}

TEST(JsonNumbers, NoDigitIsLost) {
  EXPECT_EQ(canonical("0.12345678901234568"), "0.12345678901234568");
  EXPECT_EQ(canonical("0.000012345678901234568000"), "1.2345678901234568e-05");
  EXPECT_EQ(canonical("1234567890123456.7"), "1234567890123456.8");  // 17 digits, nearest double
  EXPECT_THAT(refusal("0.123456789012345678"), HasSubstr("more than 17 significant digits"));
  EXPECT_THAT(refusal("{\"a\": 1.5,\n \"b\": 3.14159265358979323846}"), HasSubstr("2:7: "));
  EXPECT_THAT(refusal("1234567890123456789012e3"), HasSubstr("more than 17 significant digits"));
  EXPECT_EQ(refusal("49428361521687527E-1"),
            "1:1: `49428361521687527E-1` would be rounded to a whole number");
  // Numbers inside texts are no numbers.
  EXPECT_EQ(canonical(R"(["0.12345678901234567890 \" 1e999",0.5])"),
            R"(["0.12345678901234567890 \" 1e999",0.5])");
}

TEST(JsonLimits, DepthAndSize) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_EQ(refusal(nested(128)), "accepted");
  EXPECT_THAT(refusal(nested(129)), HasSubstr("nested deeper than 128 levels"));
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 128 levels"));
  EXPECT_EQ(refusal(nested(2'000), {.depth_max = 2'000}), "accepted");
  EXPECT_THAT(refusal(nested(2'001), {.depth_max = 2'000}), HasSubstr("2000 levels"));
  EXPECT_EQ(refusal("[1]", {.depth_max = 1}), "accepted");
  EXPECT_THAT(refusal("[{}]", {.depth_max = 1}), HasSubstr("deeper than 1 levels"));
  EXPECT_EQ(refusal("[1, 2]", {.bytes_max = 6}), "accepted");
  EXPECT_EQ(refusal("[1, 2]", {.bytes_max = 5}), "the text has 6 bytes and may have 5");
}

TEST(JsonParser, LeavesTheDocumentsOfOthersAlone) {
  Parser one, other;
  Document first, second;
  ASSERT_TRUE(one.parse(R"({"a":"one"})", first));
  ASSERT_TRUE(other.parse(R"(["another", {"A": 1}])", second));
  const auto third = parse(R"("a third")");
  EXPECT_FALSE(one.parse(R"({"a":1,"A":2})", second));
  EXPECT_EQ(write(first.root()), R"({"a":"one"})");
  EXPECT_FALSE(second.root().exists());
  ASSERT_TRUE(third.has_value());
  EXPECT_EQ(write(third->root()), R"("a third")");
}

TEST(JsonParser, WorksInEveryThread) {
  const auto work = [](std::size_t size) {
    Parser parser;
    Document document;
    const std::string text = "[\"" + std::string(size, 'x') + "\"]";
    for (int round = 0; round < 200; ++round) {
      ASSERT_TRUE(parser.parse(text, document));
      ASSERT_EQ(write(document.root()), text);
    }
  };
  std::jthread small(work, 10);
  std::jthread large(work, 50'000);
  work(1000);
}

TEST(JsonParser, IsReusedAfterEverything) {
  Parser parser;
  Document document;
  const std::string large = "[\"" + std::string(3'000'000, 'x') + "\"]";
  const std::string wide = "[" + std::string(200'000, '1') + "]";
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(parser.parse(R"({"a":[1,{"b":"c"}]})", document));
    EXPECT_EQ(write(document.root()), R"({"a":[1,{"b":"c"}]})");
    EXPECT_FALSE(parser.parse(R"({"a":1,"b":{"c":1,"A)", document));
    EXPECT_FALSE(document.root().exists());
    EXPECT_FALSE(parser.parse("{\"\u00E4\":1,\"b\":{\"c\":1,\"C\":1}}", document));
    EXPECT_FALSE(document.root().exists());
    ASSERT_TRUE(parser.parse(large, document));
    EXPECT_EQ(write(document.root()), large);
    EXPECT_FALSE(parser.parse(wide, document));
    EXPECT_FALSE(parser.parse("[[[1]]]", document, {.depth_max = 2}));
    ASSERT_TRUE(parser.parse("[[[1]]]", document, {.depth_max = 3}));
  }
  Parser moved = std::move(parser);
  EXPECT_TRUE(moved.parse("1", document));
}

}  // namespace
}  // namespace pawl::json
