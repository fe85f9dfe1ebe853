#include "base/yaml_format.h"

#include <gmock/gmock.h>

namespace pawl::yaml {
namespace {

std::string laid_out(std::string_view text) {
  const auto out = formatted(text, "f.yaml");
  EXPECT_TRUE(out) << to_string(out.error());
  if (!out) return {};
  const auto again = formatted(*out, "f.yaml");
  EXPECT_TRUE(again) << *out;
  EXPECT_EQ(*again, *out) << "not the same the second time";
  return *out;
}

TEST(YamlFormat, IndentsInOneWay) {
  EXPECT_EQ(laid_out("a:\n    b: 1\n    c:\n    - x\n    -   y\n"),
            "a:\n  b: 1\n  c:\n    - x\n    - y\n");
  EXPECT_EQ(laid_out("a:\n- b: 1\n  c: 2\n-\n    d: 3\n"), "a:\n  - b: 1\n    c: 2\n  - d: 3\n");
  EXPECT_EQ(laid_out("a: {b:   1,c:   [x,y ],  d: {}}\n"), "a: {b: 1, c: [x, y], d: {}}\n");
  EXPECT_EQ(laid_out("a:   1   \n\n\n\nb: 2"), "a: 1\n\nb: 2\n");
  EXPECT_EQ(laid_out("a:\n  - - x\n    - y\n  - [z]\n"), "a:\n  - - x\n    - y\n  - [z]\n");
}

TEST(YamlFormat, KeepsComments) {
  EXPECT_EQ(laid_out("# head\n\na: 1     # one\n   # below\nb:    # bee\n    # in\n    c: 2\n"
                     "    # end of b\n# tail\n"),
            "# head\n\na: 1  # one\n# below\nb:  # bee\n  # in\n  c: 2\n  # end of b\n# tail\n");
  EXPECT_EQ(laid_out("a: [x,   # first\n    y]\nb: \"# none\" # some\n"),
            "a:\n  - x  # first\n  - y\nb: \"# none\"  # some\n");
  EXPECT_EQ(laid_out("a:\n  -   x # one\n  # two\n  - y\n"), "a:\n  - x  # one\n  # two\n  - y\n");
  EXPECT_EQ(laid_out("a: {  # why\n  b: 1}\n"), "a:  # why\n  b: 1\n");
}

TEST(YamlFormat, KeepsTexts) {
  EXPECT_EQ(laid_out("a: 'it''s'\nb:   \"x: # y\"\nc: plain text with 'quote\n"),
            "a: 'it''s'\nb: \"x: # y\"\nc: plain text with 'quote\n");
  EXPECT_EQ(laid_out("a:\n    b: |\n        one\n          two\n\n        three\n    c: >-\n"
                     "       folded\n       text\n"),
            "a:\n  b: |\n    one\n      two\n\n    three\n  c: >-\n    folded\n    text\n");
  EXPECT_EQ(laid_out("a: one\n  two\n  three\n"), "a: one two three\n");
  EXPECT_EQ(laid_out("a: \"one\n  two\"\n"), "a: \"one two\"\n");
  EXPECT_EQ(laid_out("a: |2\n    x\n   y\n"), "a: |2\n    x\n   y\n");
  EXPECT_EQ(laid_out("a:\n  - |\n    x\n  - y\n"), "a:\n  - |\n    x\n  - y\n");
  EXPECT_EQ(laid_out("a: |+\n   x\n\n\nb: 1\n"), "a: |+\n  x\n\n\nb: 1\n");
}

TEST(YamlFormat, WhatIsTooWideGoesOverLines) {
  const std::string wide(60, 'x');
  EXPECT_EQ(laid_out("k: [" + wide + ", " + wide + "]\n"),
            "k:\n  - " + wide + "\n  - " + wide + "\n");
  EXPECT_EQ(laid_out("k: [{a: " + wide + ", b: " + wide + "}]\n"),
            "k:\n  - a: " + wide + "\n    b: " + wide + "\n");
}

TEST(YamlFormat, WindowsLineEnds) {
  EXPECT_EQ(laid_out("a: 1 # c\r\nb:\r\n    - x\r\n"), "a: 1  # c\nb:\n  - x\n");
}

TEST(YamlFormat, MistakesStayWhereTheyAre) {
  EXPECT_FALSE(formatted("a: 1\na: 2\n", "f.yaml"));
  EXPECT_FALSE(formatted("a: [1\n", "f.yaml"));
  const auto bad = formatted("a: &x 1\n", "f.yaml");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().at.line, 1U);
}

TEST(YamlFormat, TheDigestIsOfWhatIsSaid) {
  const auto digest = [](std::string_view text) { return digest_of(read(text, "f").root); };
  EXPECT_EQ(digest("a: 1\nb: [x]\n"), digest("a:   1 # c\nb:\n - x\n"));
  EXPECT_NE(digest("a: 1\n"), digest("a: \"1\"\n"));
  EXPECT_NE(digest("a: 1\nb: 2\n"), digest("b: 2\na: 1\n"));
}

}  // namespace
}  // namespace pawl::yaml
