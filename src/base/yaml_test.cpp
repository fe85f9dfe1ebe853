#include "base/yaml.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace pawl::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<std::string> errors(std::string_view text) {
  std::vector<std::string> out;
  for (const Error& error : read(text, "f").errors) {
    EXPECT_EQ(error.fault, ErrorKind::invalid);
    out.push_back(to_string(error));
  }
  return out;
}

Node tree(std::string_view text) {
  Read result = read(text, "f");
  EXPECT_THAT(result.errors, IsEmpty()) << text;
  EXPECT_TRUE(result.whole);
  return std::move(result.root);
}

std::string place(const Node& node) {
  return fmt::format("{}:{}", node.at.line, node.at.column);
}

TEST(Yaml, ReadsATreeWithPlaces) {
  const Node root = tree(
      "# comment\n"
      "agent:\n"
      "  id: \"support\"  # trailing\n"
      "  größe: x\n"
      "tools:\n"
      "  - name: a\n"
      "    scope: [one, \"two\"]\n"
      "  -\n"
      "  - null\n"
      "empty:\n"
      "\n"
      "say: |\n"
      "  two\n"
      "  lines\n");
  ASSERT_TRUE(root.is_map());
  EXPECT_EQ(place(root), "2:1");
  const Node& agent = *root.find("agent");
  EXPECT_EQ(place(agent), "3:3");
  EXPECT_EQ(agent.find("id")->text, "support");
  EXPECT_TRUE(agent.find("id")->quoted);
  EXPECT_EQ(place(*agent.find("id")), "3:7");
  EXPECT_EQ(place(*agent.find("größe")), "4:10");
  EXPECT_FALSE(agent.find("größe")->quoted);
  EXPECT_EQ(agent.entry("größe")->key_at, (Position{"f", 4, 3}));
  const Node& tools = *root.find("tools");
  ASSERT_EQ(tools.items.size(), 3U);
  EXPECT_EQ(place(tools), "6:3");
  EXPECT_EQ(tools.items[0].find("scope")->items[1].text, "two");
  EXPECT_EQ(place(tools.items[0].find("scope")->items[1]), "7:18");
  EXPECT_EQ(tools.items[1].kind, Kind::null);
  EXPECT_EQ(place(tools.items[1]), "8:3");
  EXPECT_EQ(tools.items[2].kind, Kind::null);
  EXPECT_EQ(place(tools.items[2]), "9:5");
  EXPECT_EQ(root.find("empty")->kind, Kind::null);
  EXPECT_EQ(place(*root.find("empty")), "10:1");
  EXPECT_EQ(root.find("say")->text, "two\nlines\n");
  EXPECT_TRUE(root.find("say")->quoted);
  EXPECT_EQ(root.find("none"), nullptr);
  EXPECT_EQ(root.entry("none"), nullptr);
}

TEST(Yaml, AcceptsOrdinaryFiles) {
  for (const char* text : {"a: 1",
                           "- a\n- b\n",
                           "---\na: 1\n",
                           "a: 1\n...\n",
                           "a: 1\r\nb: 2\r\n",
                           "{a: 1, b: [x, y]}",
                           "a: 'it''s'",
                           "a: \"q \\\" \\\\ \\u20ac\"",
                           "a: two\n  lines\n",
                           "a: >-\n  x\n  y\n",
                           "a: [\n  1,\n  2\n]\n",
                           "a: \"x\n  y\"\n",
                           "a: x#y\nb: http://x:80/?a=b&c\n",
                           "a : 1\n",
                           "mcp:fs: 1\n",
                           "a:\n- b\n- c\n",
                           "a: -x\nb: ?x\nc: :x\nd: '*x'\n",
                           "a: \"\\U0001F600\"\n",
                           "a: b\n\t\n  \t\nc: d\n",
                           "a:\tb\n",
                           "just a text\n"}) {
    EXPECT_THAT(errors(text), IsEmpty()) << text;
  }
}

TEST(YamlScalars, BooleansHaveOneSpelling) {
  const Node root = tree("[true, false, True, yes, \"true\", on, 1, 'false', [true]]");
  EXPECT_EQ(root.items[0].as_boolean(), true);
  EXPECT_EQ(root.items[1].as_boolean(), false);
  for (std::size_t i = 2; i < root.items.size(); ++i) {
    EXPECT_EQ(root.items[i].as_boolean(), std::nullopt) << i;
  }
}

TEST(YamlScalars, IntegersAreDecimalAndExact) {
  const Node good = tree("[0, 7, -5, 9007199254740993, 9223372036854775807, -9223372036854775808]");
  EXPECT_EQ(good.items[0].as_integer(), 0);
  EXPECT_EQ(good.items[1].as_integer(), 7);
  EXPECT_EQ(good.items[2].as_integer(), -5);
  EXPECT_EQ(good.items[3].as_integer(), 9'007'199'254'740'993);
  EXPECT_EQ(good.items[4].as_integer(), INT64_MAX);
  EXPECT_EQ(good.items[5].as_integer(), INT64_MIN);
  const Node bad = tree(
      "[007, +5, 0x10, 1_000, 1e3, 1.0, \"5\", 9223372036854775808, -, --5, 5s, 0o7, 5 5, ~, []]");
  for (const Node& node : bad.items) EXPECT_EQ(node.as_integer(), std::nullopt) << node.text;
}

TEST(YamlScalars, NumbersHaveNoExponent) {
  const Node good = tree("[2.00, 0.5, -0.25, 3, 0]");
  EXPECT_EQ(good.items[0].as_number(), 2.0);
  EXPECT_EQ(good.items[0].text, "2.00");
  EXPECT_EQ(good.items[1].as_number(), 0.5);
  EXPECT_EQ(good.items[2].as_number(), -0.25);
  EXPECT_EQ(good.items[3].as_number(), 3.0);
  const Node bad = tree("[1e3, .5, 5., 01.5, 1.5.2, '1.5', .inf, .nan, +1.5, 1_0.0, -, 1.-5]");
  for (const Node& node : bad.items) EXPECT_EQ(node.as_number(), std::nullopt) << node.text;
}

TEST(YamlScalars, AreDescribedForMessages) {
  const Node root = tree("[yes, \"5\", [1], {a: 1}, null, \"\\e[2J\"]");
  EXPECT_EQ(root.items[0].described(), "`yes`");
  EXPECT_EQ(root.items[1].described(), "the quoted text `5`");
  EXPECT_EQ(root.items[2].described(), "a list");
  EXPECT_EQ(root.items[3].described(), "a mapping");
  EXPECT_EQ(root.items[4].described(), "nothing");
  EXPECT_EQ(root.items[5].described(), "the quoted text `\\u{1b}[2J`");
}

TEST(YamlRefuses, EmptyFilesAndSecondDocuments) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~", "null\n"}) {
    EXPECT_THAT(errors(text), ElementsAre("f:1:1: the file holds nothing")) << text;
  }
  EXPECT_THAT(errors("a: 1\n---\nb: 2\n"),
              ElementsAre("f:2:1: a second document begins here; a file holds one"));
  EXPECT_THAT(errors("a: 1\n---\n"), ElementsAre(HasSubstr("f:2:1: a second document")));
  EXPECT_THAT(errors("a: 1\n...\nb: 1\n"), ElementsAre(StartsWith("f:3:1: ")));
  EXPECT_THAT(errors("- a\nb: c\n"), ElementsAre(HasSubstr("does not belong to the document")));
}

TEST(YamlRefuses, AnchorsAliasesTagsMergeKeysAndDirectives) {
  EXPECT_THAT(errors("a: &x 1\nb: *x\n"),
              ElementsAre(StartsWith("f:1:4: YAML reads `&x` as an anchor"),
                          AllOf(StartsWith("f:2:4: "), HasSubstr("as an alias"))));
  EXPECT_THAT(errors("a: !!str 1\nb: !x {c: 1}\nd: ! 'q'\n"),
              ElementsAre(AllOf(StartsWith("f:1:4: "), HasSubstr("as a tag")),
                          AllOf(StartsWith("f:2:4: YAML reads `!x` as a tag")),
                          AllOf(StartsWith("f:3:4: "), HasSubstr("as a tag"))));
  EXPECT_THAT(errors("a:\n  <<: {b: 1}\n"),
              ElementsAre("f:2:3: merge keys, `<<`, are not accepted"));
  EXPECT_THAT(errors("%YAML 1.1\n---\na: 1\n"),
              ElementsAre("f:1:1: a YAML directive, `%YAML 1.1`, is not accepted"));
  EXPECT_THAT(errors("# c\n%TAG ! tag:x\n---\na: 1\n"),
              ElementsAre(StartsWith("f:2:1: a YAML dir")));
}

TEST(YamlRefuses, ExpressionsThatYamlWouldEat) {
  struct Case {
    const char* value;
    const char* reason;
  };
  for (const Case& c : std::vector<Case>{{"!args.force", "as a tag"},
                                         {"*.pdf", "as an alias"},
                                         {"\"x\" == args.to", "begins with a quote"},
                                         {"'x' in args.list", "begins with a quote"},
                                         {"[1, 2].size() > 3", "begins with `[`"},
                                         {"{\"a\": 1}.a == 1", "begins with `{`"},
                                         {"@here", "reserves"},
                                         {"`x`", "a backtick"},
                                         {"%x", "reserves"},
                                         {"> 5", "a block of text"},
                                         {"| x", "a block of text"},
                                         {"a ? b : c", "another mapping"},
                                         {"x: y: z", "another mapping"}}) {
    const std::string text = fmt::format("first: 1\nwhen: {}\nlast: !t\n", c.value);
    const Read result = read(text, "f");
    ASSERT_EQ(result.errors.size(), 2U) << text;
    EXPECT_EQ(result.errors[0].at, (Position{"f", 2, 7})) << text;
    EXPECT_THAT(result.errors[0].message, AllOf(HasSubstr(c.reason), HasSubstr("in quotes")));
    EXPECT_EQ(result.errors[1].at, (Position{"f", 3, 7})) << "reading goes on behind " << c.value;
    EXPECT_TRUE(result.whole);
    // The tree holds what was probably meant, so that the loader can look for more mistakes.
    EXPECT_EQ(result.root.find("when")->text, c.value);
    EXPECT_TRUE(result.root.find("when")->quoted);
  }
  EXPECT_THAT(errors("l: [*x, \"y\", !z, &q w]\n"),
              ElementsAre(StartsWith("f:1:5: "), StartsWith("f:1:14: "), StartsWith("f:1:18: ")));
  EXPECT_THAT(errors("- \"a\" + b\n- c\n"), ElementsAre(StartsWith("f:1:3: ")));
}

TEST(YamlRefuses, TwoKeysOfOneName) {
  EXPECT_THAT(errors("a: 1\nb:\n  a: 1\n  a: 2\na: 3\n"),
              ElementsAre("f:4:3: the key `a` is there twice; the first is in line 3",
                          "f:5:1: the key `a` is there twice; the first is in line 1"));
  EXPECT_THAT(errors("status: 1\nx: 2\nStatus: 3\n\u017Ftatus: 4\n"),
              ElementsAre("f:3:1: the key `Status` is the same name as `status` in line 1",
                          "f:4:1: the key `\u017Ftatus` is the same name as `status` in line 1"));
  EXPECT_THAT(errors("{a: 1, a: 2}"), ElementsAre(StartsWith("f:1:8: the key `a` is there twice")));
  EXPECT_EQ(read("a: 1\na: 2\n", "f").root.entries.size(), 1U);
}

TEST(Yaml, AKeyMayStandInQuotesWhereItCannotStandWithout) {
  const Read result = read("{'filter[status]': 1, \"['a.b']\": 2}\n", "f");
  EXPECT_TRUE(result.errors.empty());
  EXPECT_EQ(result.root.find("filter[status]")->text, "1");
  EXPECT_EQ(result.root.find("['a.b']")->text, "2");
  EXPECT_THAT(errors("{'a[b]': 1, 'a[b]': 2}"), ElementsAre(HasSubstr("is there twice")));
}

TEST(YamlRefuses, KeysThatAreNotPlainWords) {
  EXPECT_THAT(
      errors("\"a\": 1\n'b': 2\nc d: 3\n? e\n: 4\n~: 5\n: 6\n[f]: 7\n{g: 1}: 8\nok: 9\n"),
      ElementsAre("f:1:1: a key must be a plain word without quotes: `a`",
                  "f:2:1: a key must be a plain word without quotes: `b`",
                  "f:3:1: a key must be a plain word without blanks: `c d`",
                  "f:4:3: expected `:` after `e`", "f:6:1: expected a plain word as the key",
                  "f:7:1: expected a plain word as the key",
                  "f:8:1: a key must be a plain word, and this is a list",
                  "f:9:1: a key must be a plain word, and this is a mapping"));
  EXPECT_THAT(errors("a: 1\nb\n"), ElementsAre("f:2:1: expected `:` after `b`"));
  EXPECT_THAT(errors("{a, b: 1}"), ElementsAre("f:1:2: expected `:` after `a`"));
}

TEST(YamlRefuses, BytesThatNoReaderCanSeeOrRead) {
  EXPECT_THAT(errors("a: 1\nbü: \xFF\nc: \xFE\n"),
              ElementsAre("f:2:5: the file is not valid UTF-8: `\\x{ff}`"));
  EXPECT_THAT(
      errors("\xEF\xBB\xBF"
             "a: 1\n"),
      ElementsAre("f:1:1: the file begins with a byte order mark; save it as UTF-8 without one"));
  EXPECT_THAT(errors("a: x\u202Ey\n"),
              ElementsAre(HasSubstr("f:1:5: a character that cannot be seen")));
  EXPECT_THAT(errors("a: x # \u200B\n"), ElementsAre(StartsWith("f:1:8: ")));
  EXPECT_THAT(errors(std::string("a: x\0y\n", 7)), ElementsAre(HasSubstr("`\\u{00}`")));
  EXPECT_THAT(errors("a: x\rb: y\n"), ElementsAre(HasSubstr("f:1:5: a carriage return")));
  EXPECT_THAT(errors("a: \"\\u202e\"\n"), IsEmpty());
  EXPECT_THAT(errors("\xFF\xFE"
                     "a\0:\0"),
              ElementsAre(HasSubstr("not valid UTF-8")));
}

TEST(YamlRefuses, TabsAsIndentation) {
  EXPECT_THAT(errors("a:\n\tb: 1\n  \tc: 2\nd: !x\n"),
              ElementsAre("f:2:1: a tab in the indentation; YAML is indented with spaces",
                          "f:3:3: a tab in the indentation; YAML is indented with spaces",
                          StartsWith("f:4:4: YAML reads `!x` as a tag")));
}

TEST(YamlRefuses, DeepNesting) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + "x" + std::string(levels, ']');
  };
  EXPECT_THAT(errors(nested(64)), IsEmpty());
  EXPECT_THAT(errors(nested(65)), ElementsAre("f:1:65: nested deeper than 64 levels"));
  EXPECT_THAT(errors("a: " + nested(80) + "\nb: !x\n"),
              ElementsAre("f:1:67: nested deeper than 64 levels", StartsWith("f:2:4: ")));
  EXPECT_FALSE(errors(nested(100'000)).empty());
  EXPECT_FALSE(errors(std::string(100'000, '[')).empty());
  EXPECT_FALSE(errors(std::string(10'000, '{')).empty());
}

TEST(YamlRefuses, BrokenSyntaxInWords) {
  struct Case {
    const char* text;
    const char* said;
  };
  for (const Case& c : std::vector<Case>{
           {"a: \"x\nb: 3\n", "f:1:4: the file ends inside the quoted text that begins here"},
           {"a: 'it''s\n", "f:1:4: the file ends inside the quoted text that begins here"},
           {"a: [1, 2\nb: 3\n", "a `[` has no matching `]`"},
           {"a: {b: 1\n", "a `{` has no matching `}`"},
           {"a: {b: \"x\" c}\n", "f:1:12: "},
           {"a: - b\n", "f:1:4: a `-` cannot begin a list here"},
           {"a: 1\n b: 2\n", "f:2:3: a `:` cannot stand here"},
           {"a: \"\\q\"\n", "an unknown escape"},
           {"a: \"\\xZZ\"\n", "an escape needs hexadecimal digits"},
           {"}\n", "f:1:1: a closing bracket that nothing opened"},
           {"k: \"a\n  b\" c\n", "f:2:6: this does not continue what is above it"}}) {
    const auto said = errors(c.text);
    ASSERT_EQ(said.size(), 1U) << c.text;
    EXPECT_THAT(said[0], HasSubstr(c.said)) << c.text;
  }
  EXPECT_FALSE(read("a: {b: 1\n", "f").whole);
}

TEST(YamlRefuses, ManyMistakesAtOnceInTheOrderOfTheFile) {
  EXPECT_THAT(errors("%YAML 1.2\n"
                     "---\n"
                     "a: !t\n"
                     "b: &n x\n"
                     "c: *n\n"
                     "a: 2\n"
                     "d: \"x\" == y\n"
                     "\te: 1\n"
                     "<<: 3\n"
                     "f: \xFF\n"
                     "---\n"
                     "g: 1\n"),
              ElementsAre(StartsWith("f:1:1: "), StartsWith("f:3:4: "), StartsWith("f:4:4: "),
                          StartsWith("f:5:4: "), StartsWith("f:6:1: "), StartsWith("f:7:4: "),
                          StartsWith("f:8:1: "), StartsWith("f:9:1: "), StartsWith("f:10:4: "),
                          StartsWith("f:11:1: ")));
}

TEST(YamlRefuses, TooManyBytes) {
  const Read result = read("a: 1\n", "f", 4);
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_EQ(to_string(result.errors[0]), "f: the file has 5 bytes and may have 4");
  EXPECT_FALSE(result.whole);
}

TEST(Yaml, HostileFilesEndWithErrorsNotWithTheProgram) {
  std::mt19937_64 random(11);
  constexpr std::string_view alphabet = "ab:- \n\t\"'[]{}!&*|>%@`#,?~<\\x0\r\xC3\xA4\xFF";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t size = random() % 40; size > 0; --size) {
      text += alphabet[random() % alphabet.size()];
    }
    const Read result = read(text, "f");
    if (result.errors.empty()) EXPECT_NE(result.root.kind, Kind::null) << text;
    for (const Error& error : result.errors) {
      EXPECT_GT(error.at.line, 0U) << text;
      EXPECT_FALSE(error.message.empty()) << text;
    }
  }
}

TEST(Yaml, LargeFilesTakeOnePass) {
  std::string lines, flow = "a: [";
  for (int i = 0; i < 50'000; ++i) {
    lines += fmt::format("key{}: value\n", i);
    flow += "x, ";
  }
  EXPECT_THAT(errors(lines), IsEmpty());
  EXPECT_THAT(errors(flow + "x]\n"), IsEmpty());
}

TEST(Yaml, ErrorsAreCounted) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += fmt::format("k{}: !x\n", i);
  EXPECT_EQ(errors(text).size(), 200U);
}

}  // namespace
}  // namespace pawl::yaml
