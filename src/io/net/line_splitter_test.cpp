#include "io/net/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "io/net/pipe.h"

namespace pawl::net {
namespace {

using testing::ElementsAre;

// Feeds `text` in portions of the given sizes (the last one repeats) and notes what comes out:
// lines as they are, overlong ones as `!` and their head.
struct Feeder {
  explicit Feeder(std::size_t bytes_max) : splitter(bytes_max) {}

  void feed(std::string_view text, std::size_t portion) {
    while (!text.empty()) {
      const std::span<char> space = splitter.space({shared.data(), kShared});
      const std::size_t count = std::min({portion, text.size(), space.size()});
      std::memcpy(space.data(), text.data(), count);
      text.remove_prefix(count);
      splitter.filled(count);
      while (const auto item = splitter.next()) {
        out.push_back((item->overlong ? "!" : "") + std::string(item->text));
      }
      splitter.settle();
      // The shared buffer is everybody's: what was not settled would be lost now.
      std::memset(shared.data(), '#', shared.size());
    }
  }

  static constexpr std::size_t kShared = 1000;
  std::vector<char> shared = std::vector<char>(kShared + kLinePaddingBytes);
  LineSplitter splitter;
  std::vector<std::string> out;
};

TEST(LineSplitter, gives_lines_without_their_ends_and_skips_blank_ones) {
  Feeder feeder(100);
  feeder.feed("a\nb\r\n\n\r\n \t \r\n c \nlast", 1000);
  EXPECT_THAT(feeder.out, ElementsAre("a", "b", " c "));
  EXPECT_EQ(feeder.splitter.partial(), "last");
  feeder.feed("\n", 1);
  EXPECT_EQ(feeder.out.back(), "last");
  EXPECT_EQ(feeder.splitter.partial_bytes(), 0U);
}

TEST(LineSplitter, changes_no_byte_but_the_line_end) {
  Feeder feeder(100);
  const std::string odd = std::string("\0\r\xff\x80 \r\r", 7);
  feeder.feed(odd + "\r\n", 1);
  EXPECT_THAT(feeder.out, ElementsAre(odd));
}

TEST(LineSplitter, the_limit_is_the_same_for_every_portion_and_line_end) {
  for (const std::size_t portion : {1U, 2U, 3U, 7U, 9U, 10U, 11U, 12U, 1000U}) {
    for (const std::string end : {"\n", "\r\n"}) {
      Feeder feeder(10);
      std::string text;
      for (const char* line : {"0123456789", "0123456789x", "0123456789xy", "ok"}) {
        text.append(line).append(end);
      }
      feeder.feed(text, portion);
      ASSERT_EQ(feeder.out.size(), 4U) << portion;
      EXPECT_EQ(feeder.out[0], "0123456789") << portion;
      EXPECT_EQ(feeder.out[1].substr(0, 11), "!0123456789") << portion;
      EXPECT_EQ(feeder.out[2].substr(0, 11), "!0123456789") << portion;
      EXPECT_EQ(feeder.out[3], "ok") << portion;
    }
  }
}

TEST(LineSplitter, an_overlong_line_is_told_before_its_end_and_holds_no_memory) {
  Feeder feeder(10);
  for (int i = 0; i < 5000; ++i) feeder.feed(std::string(100, 'x'), 100);
  EXPECT_EQ(feeder.out.size(), 1U);
  EXPECT_EQ(feeder.splitter.held_bytes(), 0U);
  EXPECT_EQ(feeder.splitter.partial_bytes(), 500'000U);
  EXPECT_EQ(feeder.splitter.partial(), "");
  feeder.feed("\nnext\n", 100);
  EXPECT_EQ(feeder.out.back(), "next");
}

TEST(LineSplitter, shows_only_the_beginning_of_an_overlong_line) {
  Feeder feeder(kOverlongHeadBytes + 10);
  feeder.feed(std::string(2 * kOverlongHeadBytes, 'x') + "\n", 1000);
  ASSERT_EQ(feeder.out.size(), 1U);
  EXPECT_EQ(feeder.out[0].size(), 1 + kOverlongHeadBytes);
}

TEST(LineSplitter, blanks_behind_the_last_line_are_no_partial_line) {
  Feeder feeder(10);
  feeder.feed("a\n \r", 100);
  EXPECT_EQ(feeder.splitter.partial_bytes(), 0U);
}

TEST(LineSplitter, holds_nothing_between_lines) {
  Feeder feeder(1 << 20);
  feeder.feed(std::string(300'000, 'a'), 1000);
  EXPECT_GT(feeder.splitter.held_bytes(), 300'000U);
  feeder.feed("\n", 1);
  EXPECT_EQ(feeder.splitter.held_bytes(), 0U);
}

TEST(LineSplitter, the_bytes_behind_a_line_are_readable) {
  Feeder feeder(1 << 20);
  for (const std::size_t size : {10UL, 999UL, 200'000UL}) {
    std::string text(size, 'a');
    text += '\n';
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto space = feeder.splitter.space({feeder.shared.data(), Feeder::kShared});
      const std::size_t count = std::min(rest.size(), space.size());
      std::memcpy(space.data(), rest.data(), count);
      rest.remove_prefix(count);
      feeder.splitter.filled(count);
      if (const auto item = feeder.splitter.next()) {
        unsigned sum = 0;
        for (std::size_t i = 0; i < kLinePaddingBytes; ++i) {
          sum += static_cast<unsigned char>(item->text.data()[item->text.size() + i]);
        }
        EXPECT_GE(sum, static_cast<unsigned>('\n'));
      }
      feeder.splitter.settle();
    }
  }
}

TEST(LineSplitter, random_lines_in_random_portions_come_out_as_they_went_in) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> lines;
    std::string text;
    for (int i = 0; i < 30; ++i) {
      const std::size_t size = 1 + random() % (random() % 5 == 0 ? 5000 : 50);
      std::string line(size, ' ');
      for (char& c : line) c = static_cast<char>('a' + random() % 26);
      text += line + (random() % 2 != 0 ? "\r\n" : "\n");
      if (random() % 4 == 0) text += "\n";
      lines.push_back(std::move(line));
    }
    Feeder feeder(5000);
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t count = std::min<std::size_t>(rest.size(), 1 + random() % 1500);
      feeder.feed(rest.substr(0, count), 1 + random() % 1500);
      rest.remove_prefix(count);
    }
    EXPECT_EQ(feeder.out, lines);
  }
}

}  // namespace
}  // namespace pawl::net
