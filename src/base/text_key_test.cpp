#include "base/text_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl {
namespace {

TEST(TextKey, EqualTextsHaveEqualKeysAndOnlyThose) {
  std::vector<std::string> texts = {""};
  for (std::size_t size = 1; size <= TextKey::exact_bytes_max; ++size) {
    const std::string plain(size, 'a');
    texts.push_back(plain);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char other : {'b', '\0', '\xFF'}) {
        texts.push_back(plain);
        texts.back()[at] = other;
      }
    }
  }
  for (const std::string& a : texts) {
    for (const std::string& b : texts) {
      ASSERT_EQ(TextKey::of(a) == TextKey::of(b), a == b) << a << " and " << b;
    }
    const std::string copy = a;
    ASSERT_EQ(TextKey::of(copy).hash(), TextKey::of(a).hash());
  }
}

TEST(TextKey, HeadIsTheFirstEightBytes) {
  for (std::size_t size = 0; size <= 20; ++size) {
    const std::string text = std::string("abcdefghijklmnopqrst").substr(0, size);
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < size && i < 8; ++i) {
      head |= std::uint64_t{static_cast<unsigned char>(text[i])} << 8 * i;
    }
    EXPECT_EQ(TextKey::of(text).head, head) << text;
  }
}

TEST(TextKey, LongTextsAreNotExact) {
  const std::string a = "aaaaaaaaXaaaaaaaa";
  const std::string b = "aaaaaaaaYaaaaaaaa";
  EXPECT_TRUE(TextKey::of(a) == TextKey::of(b));
  EXPECT_FALSE(TextKey::of(a).exact());
  EXPECT_TRUE(TextKey::of(std::string_view(a).substr(1)).exact());
}

}  // namespace
}  // namespace pawl
