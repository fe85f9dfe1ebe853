#include "kernel/config/name.h"

#include <gmock/gmock.h>

namespace pawl {
namespace {

NamePattern name(std::string_view text) {
  auto parsed = parse_name(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return *parsed;
}

TEST(Name, WithoutAServerItIsTheToolOnEveryServer) {
  EXPECT_TRUE(name("read").grants("", "read"));
  EXPECT_TRUE(name("read").grants("fs", "read"));
  EXPECT_TRUE(name("*/read").grants("", "read"));
  EXPECT_FALSE(name("read").grants("fs", "Read"));
  EXPECT_FALSE(name("read").grants("fs", "read_all"));
}

TEST(Name, WithAServerItNeedsThatServer) {
  EXPECT_TRUE(name("fs/read").grants("fs", "read"));
  EXPECT_FALSE(name("fs/read").grants("", "read"));
  EXPECT_FALSE(name("fs/read").grants("fs2", "read"));
  EXPECT_FALSE(name("fs/read").grants("fs", "fs/read"));
}

TEST(Name, Globs) {
  EXPECT_TRUE(name("fs/*").grants("fs", ""));
  EXPECT_TRUE(name("get_*").grants("x", "get_"));
  EXPECT_TRUE(name("*_*_c").grants("x", "a_b_b_c"));
  EXPECT_FALSE(name("*_*_c").grants("x", "a_b_b_d"));
  EXPECT_TRUE(name("g?t").grants("x", "gét"));
  EXPECT_FALSE(name("g?t").grants("x", "gt"));
  EXPECT_TRUE(name("*?").grants("x", "a"));
  EXPECT_FALSE(name("*?").grants("x", ""));
  EXPECT_TRUE(name("crm*/read").grants("crm2", "read"));
}

TEST(Name, ReservedNamesNeedAPatternOfTheirOwn) {
  EXPECT_TRUE(name("mcp:*").grants("fs", "mcp:resources/read"));
  EXPECT_TRUE(name("mcp:resources/*").grants("fs", "mcp:resources/read"));
  EXPECT_TRUE(name("fs/mcp:resources/read").grants("fs", "mcp:resources/read"));
  EXPECT_FALSE(name("fs/mcp:resources/read").grants("db", "mcp:resources/read"));
  EXPECT_FALSE(name("*").grants("fs", "mcp:resources/read"));
  EXPECT_FALSE(name("fs/*").grants("fs", "mcp:resources/read"));
  EXPECT_FALSE(name("m*").grants("fs", "mcp:resources/read"));
  EXPECT_FALSE(name("mcp:*").grants("fs", "mcp"));
}

TEST(Name, BlocksReachEverything) {
  EXPECT_TRUE(name("*").blocks("fs", "mcp:resources/read"));
  EXPECT_TRUE(name("fs/*").blocks("fs", "anything"));
  EXPECT_TRUE(name("fs/delete").blocks("", "delete")) << "a server without a name may be this one";
  EXPECT_FALSE(name("fs/delete").blocks("db", "delete"));
}

TEST(Name, Containment) {
  EXPECT_TRUE(name("read").contains(name("fs/read")));
  EXPECT_FALSE(name("fs/read").contains(name("read")));
  EXPECT_TRUE(name("fs/*").contains(name("fs/read_*")));
  EXPECT_TRUE(name("*_a*").contains(name("x_a?_*")));
  EXPECT_FALSE(name("*_a").contains(name("x_a*")));
  EXPECT_TRUE(name("?*").contains(name("*?")));
  EXPECT_TRUE(name("*").contains(name("**")));
  EXPECT_FALSE(name("a*").contains(name("*")));
}

TEST(Name, Overlap) {
  EXPECT_TRUE(name("fs/*").overlaps(name("read")));
  EXPECT_TRUE(name("get_*").overlaps(name("*_all")));
  EXPECT_FALSE(name("get_*").overlaps(name("set_*")));
  EXPECT_FALSE(name("fs/*").overlaps(name("db/*")));
  EXPECT_TRUE(name("a?c").overlaps(name("ab*")));
  EXPECT_FALSE(name("a?c").overlaps(name("ab")));
  EXPECT_TRUE(name("*a*b*").overlaps(name("*b*a*")));
}

// Both deciders against the words of a small alphabet.
TEST(Name, DecidersAgreeWithTheWords) {
  const std::vector<std::string> patterns = {"*",  "a",   "b",  "?",   "a*",  "*a",  "?a",
                                             "a?", "??",  "*?", "a*b", "*a*", "?*?", "ab",
                                             "ba", "*b?", "b*", "a?*", "*ab", "*ba*"};
  std::vector<std::string> words = {"a", "b", "c"};
  for (std::size_t i = 0; words[i].size() < 5; ++i) {
    for (const char c : {'a', 'b', 'c'}) words.push_back(words[i] + c);
  }
  for (const std::string& x : patterns) {
    for (const std::string& y : patterns) {
      bool both = false;
      bool inside = true;
      for (const std::string& word : words) {
        const bool in_x = name(x).tool.matches(word);
        const bool in_y = name(y).tool.matches(word);
        both = both || (in_x && in_y);
        inside = inside && (!in_y || in_x);
      }
      EXPECT_EQ(name(x).overlaps(name(y)), both) << x << " and " << y;
      if (name(x).contains(name(y))) EXPECT_TRUE(inside) << x << " contains " << y;
    }
  }
}

TEST(Name, WhatIsNoName) {
  for (const std::string_view text :
       {"", "/read", "fs/", "a//c", "a/b/", " read", "read ", "fs/ read", "re\tad",
        "re\xE2\x80\x8B"
        "ad",
        "re\xFF"}) {
    EXPECT_FALSE(parse_name(text).has_value()) << text;
  }
  EXPECT_EQ(name("a/b/c").server.text(), "a");
  EXPECT_EQ(name("a/b/c").tool.text(), "b/c");
  EXPECT_EQ(name("*/b/c").text(), "*/b/c");
  EXPECT_TRUE(name("*/b/c").grants("x", "b/c") && name("*/b/c").grants("", "b/c"));
  EXPECT_FALSE(name("b/c").grants("", "b/c"));
  EXPECT_FALSE(parse_name(std::string(129, 'a')).has_value());
  EXPECT_TRUE(parse_name(std::string(128, 'a')).has_value());
}

TEST(Name, LongTextsAgainstManyStarsStayQuick) {
  std::string stars;
  for (int i = 0; i < 60; ++i) stars += "*a";
  const std::string text(100'000, 'a');
  EXPECT_FALSE(name(stars + "*b").tool.matches(text));
}

}  // namespace
}  // namespace pawl
