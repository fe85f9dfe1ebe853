#include "io/http/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace pawl::http {
namespace {

// Takes all of it, `step` bytes at a time, as a slow socket would.
std::string take(Outbox& box, std::size_t step) {
  std::string all;
  std::array<iovec, 3> pieces{};
  while (!box.empty()) {
    const std::size_t count = box.pieces(pieces);
    std::size_t left = step;
    for (std::size_t i = 0; i < count && left > 0; ++i) {
      const std::size_t part = std::min(left, pieces[i].iov_len);
      all.append(static_cast<const char*>(pieces[i].iov_base), part);
      left -= part;
    }
    box.taken(step - left);
  }
  return all;
}

TEST(Outbox, GivesWhatItWasGivenHoweverItIsTaken) {
  for (const std::size_t step : {1UL, 7UL, 100UL, 9000UL, 1UL << 20}) {
    Outbox box;
    std::string expected;
    for (std::size_t i = 0; i < 200; ++i) {
      const std::string text(i % 10 == 0 ? 9000 : i, static_cast<char>('a' + i % 26));
      expected += text;
      if (i % 2 == 0) box.add(std::string(text));
      if (i % 2 == 1) box.add(std::string_view(text));
    }
    EXPECT_EQ(box.bytes(), expected.size());
    EXPECT_EQ(take(box, step), expected) << step;
    EXPECT_TRUE(box.empty());
  }
}

TEST(Outbox, TakesOverAnotherThatWasBegun) {
  Outbox first;
  Outbox second;
  first.add(std::string_view("one "));
  second.add(std::string_view("lost two "));
  second.taken(5);
  second.add(std::string(9000, 'x'));
  first.add(std::move(second));
  EXPECT_EQ(take(first, 100), "one two " + std::string(9000, 'x'));
}

TEST(Outbox, GoesOnAfterItWasPartlyTaken) {
  Outbox box;
  std::string all;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    const std::string text(9000, static_cast<char>('a' + i % 26));
    expected += text;
    box.add(std::string(text));
    iovec piece{};
    box.pieces({&piece, 1});
    const std::size_t part = std::min<std::size_t>(piece.iov_len, 8999);
    all.append(static_cast<const char*>(piece.iov_base), part);
    box.taken(part);
  }
  EXPECT_EQ(all + take(box, 4000), expected);
}

}  // namespace
}  // namespace pawl::http
