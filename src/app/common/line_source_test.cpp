#include "app/common/line_source.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <thread>

#include "io/net/fd.h"

namespace pawl::app {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> lines_of(const std::string& text, std::size_t bytes_max = 1UL << 20) {
  auto pipe = net::make_pipe();
  std::jthread writer([&pipe, &text] {
    (void)write_fully(pipe->write.get(), text);
    pipe->write.reset();
  });
  std::vector<std::string> lines;
  LineSource source(pipe->read.get(), bytes_max, [] { return Status(); });
  for (;;) {
    auto line = source.next();
    EXPECT_TRUE(line);
    if (!line || !*line) return lines;
    lines.push_back(std::move(**line));
  }
}

TEST(LineSource, LinesWithAndWithoutABreakAtTheEnd) {
  EXPECT_THAT(lines_of("a\nb\n"), ElementsAre("a", "b"));
  EXPECT_THAT(lines_of("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(lines_of(""), ElementsAre());
  EXPECT_THAT(lines_of("\n\na"), ElementsAre("", "", "a"));
  EXPECT_THAT(lines_of(std::string("a\0b\r\n", 5)), ElementsAre(std::string("a\0b\r", 4)));
}

TEST(LineSource, LinesLongerThanAnyBuffer) {
  const std::string big(3'000'000, 'x');
  EXPECT_THAT(lines_of(big + "\n" + big + "y\nz\n", 1UL << 24), ElementsAre(big, big + "y", "z"));
}

TEST(LineSource, ALineOverTheLimitIsCutBehindIt) {
  EXPECT_THAT(lines_of("123456789\n12\n1234\n12345", 4),
              ElementsAre("12345", "12", "1234", "12345"));
  const auto lines = lines_of(std::string(5'000'000, 'x') + "\nnext", 10);
  EXPECT_THAT(lines, ElementsAre(std::string(11, 'x'), "next"));
}

TEST(LineSource, AsksBeforeItWaitsAndNotWhileThereAreLines) {
  auto pipe = net::make_pipe();
  ASSERT_TRUE(write_fully(pipe->write.get(), "a\nb\nc"));
  int asked = 0;
  LineSource source(pipe->read.get(), 100, [&asked] {
    ++asked;
    return Status();
  });
  EXPECT_EQ(**source.next(), "a");
  EXPECT_EQ(**source.next(), "b");
  EXPECT_EQ(asked, 1);
  ASSERT_TRUE(write_fully(pipe->write.get(), "d\n"));
  EXPECT_EQ(**source.next(), "cd");
  EXPECT_EQ(asked, 2);
  pipe->write.reset();
  EXPECT_EQ(*source.next(), std::nullopt);
  EXPECT_EQ(*source.next(), std::nullopt) << "the end stays the end";
}

TEST(LineSource, WhatFailsBeforeAReadEndsIt) {
  auto pipe = net::make_pipe();
  LineSource source(pipe->read.get(), 100, [] { return Status(fail(ErrorKind::io, "full")); });
  const auto line = source.next();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().message, "full");
}

TEST(LineSource, ADescriptorThatCannotBeRead) {
  LineSource source(-1, 100, [] { return Status(); });
  const auto line = source.next();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().fault, ErrorKind::io);
}

}  // namespace
}  // namespace pawl::app
