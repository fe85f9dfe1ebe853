#include "doors/control/line_diff.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl {
namespace {

std::string spelled_diff(const std::vector<DiffLine>& lines) {
  std::string out;
  for (const DiffLine& line : lines) out += std::string(1, line.sign) + line.text + "\n";
  return out;
}

std::string diff_in(const std::string& arguments) {
  const auto document = json::parse(arguments);
  EXPECT_TRUE(document.has_value());
  return spelled_diff(diff_of_edits(document->root()));
}

TEST(LineDiff, WhatStaysWhatGoesWhatComes) {
  const auto lines = line_diff("a\nb\nc\n", "a\nx\nc\nd\n");
  EXPECT_EQ(spelled_diff(lines), " a\n-b\n+x\n c\n+d\n");
  EXPECT_EQ(lines[3].before, 3u);
  EXPECT_EQ(lines[3].after, 3u);
  EXPECT_EQ(lines[4].before, 0u);
  EXPECT_EQ(lines[4].after, 4u);
}

TEST(LineDiff, ToNothingAndFromNothing) {
  EXPECT_EQ(spelled_diff(line_diff("", "a")), "+a\n");
  EXPECT_EQ(spelled_diff(line_diff("a\n", "")), "-a\n");
  EXPECT_TRUE(line_diff("", "").empty());
}

TEST(LineDiff, TooManyLinesHaveNone) {
  std::string many;
  for (std::size_t i = 0; i <= diff_lines_max; ++i) many += "x\n";
  EXPECT_TRUE(line_diff(many, "y").empty());
  EXPECT_TRUE(line_diff("y", many).empty());
}

TEST(LineDiff, EditsOfTheServersThatThereAre) {
  EXPECT_EQ(diff_in(R"({"path":"/a","old_string":"x","new_string":"y"})"), "-x\n+y\n");
  EXPECT_EQ(diff_in(R"({"path":"/a","edits":[{"oldText":"x","newText":"y"},)"
                    R"({"oldText":"1","newText":"1\n2"}]})"),
            "-x\n+y\n@\n 1\n+2\n");
  EXPECT_EQ(diff_in(R"({"path":"/a","content":"x"})"), "");
  EXPECT_EQ(diff_in(R"({"edits":[]})"), "");
}

TEST(LineDiff, ADiffOfSomeEditsIsNone) {
  EXPECT_EQ(diff_in(R"({"edits":[{"oldText":"x","newText":"y"},{"oldText":"x"}]})"), "");
  EXPECT_EQ(diff_in(R"({"edits":[{"oldText":"x","newText":"y"},7]})"), "");
  std::string many;
  for (std::size_t i = 0; i <= diff_lines_max; ++i) many += "x\\n";
  EXPECT_EQ(diff_in(R"({"edits":[{"oldText":"x","newText":"y"},{"oldText":")" + many +
                    R"(","newText":"y"}]})"),
            "");
}

}  // namespace
}  // namespace pawl
