#include "app/terminal/layout.h"

#include <gmock/gmock.h>

namespace pawl::app {
namespace {

TEST(Layout, WrapsAtWords) {
  EXPECT_EQ(wrap("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 6), "one\ntwo\nthree");
  EXPECT_EQ(wrap("one two three", columns_unlimited), "one two three");
  EXPECT_EQ(wrap("", 10), "");
}

TEST(Layout, AWordThatIsTooLongKeepsItsLine) {
  EXPECT_EQ(wrap("a sha256:0123456789 b", 8), "a\nsha256:0123456789\nb");
  EXPECT_EQ(wrap("sha256:0123456789", 8), "sha256:0123456789");
}

TEST(Layout, IndentsTheFirstLineAndTheRest) {
  EXPECT_EQ(wrap("one two three", 9, {.first = "* ", .rest = "    "}), "* one two\n    three");
}

TEST(Layout, KeepsLineBreaksAndEmptyLines) {
  EXPECT_EQ(wrap("one\n\n  two", 40, {.first = "", .rest = "  "}), "one\n\n    two");
}

TEST(Layout, ColoursTakeNoColumn) {
  EXPECT_EQ(shown_columns("\x1b[31mred\x1b[0m"), 3U);
  EXPECT_EQ(wrap("\x1b[31mone\x1b[0m two", 7), "\x1b[31mone\x1b[0m two");
}

TEST(Layout, AlignsColumns) {
  EXPECT_EQ(lay_out({{"a", "b", "c"}, {"long", "\x1b[1mx\x1b[0m", "d"}, {"e", "", ""}},
                    columns_unlimited),
            "a     b  c\n"
            "long  \x1b[1mx\x1b[0m  d\n"
            "e\n");
}

TEST(Layout, WideCharactersCountTwo) {
  EXPECT_EQ(lay_out({{"日本", "x"}, {"abc", "y"}}, columns_unlimited), "日本  x\nabc   y\n");
}

TEST(Layout, WrapsTheLastColumnWhereThereIsRoom) {
  const std::string text = "aaaaaaaaaa bbbbbbbbbb cccccccccc";
  EXPECT_EQ(lay_out({{"name", text}}, 32), "name  aaaaaaaaaa bbbbbbbbbb\n      cccccccccc\n");
  // Where there is no room beside the columns, cells stand one after the other.
  EXPECT_EQ(lay_out({{"name", text}}, 18), "name  aaaaaaaaaa\n    bbbbbbbbbb\n    cccccccccc\n");
  EXPECT_EQ(lay_out({{"tool", "class", "why"}, {"", "deny", "in the freeze"}}, 14),
            "tool  class\n    why\n    deny  in\n    the freeze\n");
}

TEST(Layout, RowsMayBeShort) {
  EXPECT_EQ(lay_out({{"a"}, {"bb", "c"}}, columns_unlimited, "  "), "  a\n  bb  c\n");
  EXPECT_EQ(lay_out({}, 80), "");
}

}  // namespace
}  // namespace pawl::app
