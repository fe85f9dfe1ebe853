#include "base/hash.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"

namespace pawl {
namespace {

TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_string(sha256("abc")),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PartsInARowAreTheWhole) {
  EXPECT_EQ(sha256({"a", "", "bc"}), sha256("abc"));
  EXPECT_EQ(sha256({}), sha256(""));
  EXPECT_EQ(sha256({std::string_view{}}), sha256(""));
}

TEST(Sha256, EveryThreadHasItsOwnContext) {
  const Digest wanted = sha256(std::string(100'000, 'x'));
  std::vector<std::jthread> threads;
  threads.reserve(4);
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([t, &wrong, wanted] {
      for (int i = 0; i < 50; ++i) {
        if (sha256(std::string(100'000, 'x')) != wanted) ++wrong[t];
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(HmacSha256, AKeyLongerThanABlockIsHashed) {
  EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, AnEmptyKeyIsAKeyOfItsOwn) {
  hmac_sha256("some other key", "x");
  EXPECT_EQ(hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Crc32c, MatchesRfc3720AndContinues) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  const std::string text = "a text that is longer than a few words of eight bytes";
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const std::string_view all = text;
    EXPECT_EQ(crc32c(all.substr(i), crc32c(all.substr(0, i))), crc32c(all)) << i;
  }
}

// NIST SP 800-38A, F.5.5.
TEST(Aes256Ctr, IsNistsAndItsOwnInverse) {
  std::string key_bytes, counter_bytes, text, sealed;
  ASSERT_TRUE(unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", key_bytes));
  ASSERT_TRUE(unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", counter_bytes));
  ASSERT_TRUE(unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", text));
  ASSERT_TRUE(unhex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5", sealed));
  Digest key;
  std::array<std::uint8_t, 16> counter{};
  std::ranges::copy(key_bytes, key.begin());
  std::ranges::copy(counter_bytes, counter.begin());
  std::string bytes = text;
  aes256_ctr(key, counter, bytes);
  EXPECT_EQ(hex(bytes), hex(sealed));
  aes256_ctr(key, counter, bytes);
  EXPECT_EQ(bytes, text);
  // Another key in between is not kept for the first.
  std::string other = text;
  aes256_ctr(Digest{}, counter, other);
  EXPECT_NE(hex(other), hex(sealed));
  aes256_ctr(key, counter, bytes);
  EXPECT_EQ(hex(bytes), hex(sealed));
  // What is no whole block.
  bytes = text.substr(0, 21);
  aes256_ctr(key, counter, bytes);
  EXPECT_EQ(hex(bytes), hex(sealed.substr(0, 21)));
}

TEST(EqualConstantTime, ComparesBytes) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secret "));
  EXPECT_FALSE(equal_constant_time("", "x"));
}

TEST(RandomBytes, AreAsManyAsAskedForAndNeverTheSame) {
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(1'000).size(), 1'000U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace pawl
