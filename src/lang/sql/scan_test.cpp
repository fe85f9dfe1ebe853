#include "lang/sql/scan.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::sql {
namespace {

std::string repeat(std::string_view piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out.append(piece);
  return out;
}

TEST(Scan, PassesOrdinaryTexts) {
  for (const char* text :
       {"", "select 1", "SELECT a.b, 'it''s', E'\\n', 1.5e3, $1 FROM \"T\" WHERE x ->> 'a' = 'b'",
        "select 1 -- end", "select 1 --\n+ 1", "select /* a * b / c */ 1", "select a$b$c from t",
        "select 'a' /**/ 'b'", "select x#>>'{a}'", "select '/* no comment', '-- none'"}) {
    EXPECT_TRUE(scan(text)) << text;
  }
}

TEST(Scan, BoundsAreWhereTheyAre) {
  EXPECT_TRUE(scan("'" + std::string(text_bytes_max - 2, 'x') + "'"));
  EXPECT_FALSE(scan("'" + std::string(text_bytes_max - 1, 'x') + "'"));
  EXPECT_TRUE(scan(repeat("a,", tokens_max / 2)));
  EXPECT_FALSE(scan(repeat("a,", tokens_max / 2) + "a"));
  EXPECT_TRUE(scan(repeat("(", nesting_max)));
  EXPECT_FALSE(scan(repeat("(", nesting_max + 1)));
  EXPECT_TRUE(scan("1" + repeat("+1", chain_max)));
  EXPECT_FALSE(scan("1" + repeat("+1", chain_max + 1)));
  EXPECT_TRUE(scan(repeat("union ", joints_max)));
  EXPECT_FALSE(scan(repeat("union ", joints_max + 1)));
}

TEST(Scan, SeparatorsBeginANewChain) {
  EXPECT_TRUE(scan(repeat("a = 1 and ", 500)));
  EXPECT_TRUE(scan(repeat("a = 1 or ", 500)));
  EXPECT_TRUE(scan(repeat("a = 1, ", 500)));
  EXPECT_TRUE(scan(repeat("a = 1; ", 500)));
  EXPECT_FALSE(scan(repeat("a = 1 ", 500)));
  // A bracket inside does not forget the chain around it.
  EXPECT_FALSE(scan(repeat("a + (b, c) ", 150)));
  // A long run of signs may be many tokens.
  EXPECT_FALSE(scan("1 " + std::string(chain_max + 1, '+') + " 1"));
}

TEST(Scan, EndsThatAreMissing) {
  for (const char* text : {"'a", "\"a", "/* a", "'a''", "/*/", "'"}) {
    EXPECT_FALSE(scan(text)) << text;
  }
}

TEST(Scan, ErrorsHoldNoByteOfTheText) {
  for (const char* text : {"'SECRET", "/* SECRET", "SECRET`", "SECRET $SECRET$", "{SECRET}"}) {
    const Status seen = scan(text);
    ASSERT_FALSE(seen) << text;
    EXPECT_EQ(seen.error().message.find("SECRET"), std::string::npos);
  }
}

}  // namespace
}  // namespace pawl::sql
