#include "io/secrets/credential.h"

#include <gtest/gtest.h>

#include <fstream>

#include "io/secrets/cipher.h"

namespace pawl::secrets {
namespace {

// What /proc says about the pages at an address: a line of flags such as `rd wr mr mw me lo dd ac`.
std::string flags_of(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) {
      inside = from <= wanted && wanted < to;
    }
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

TEST(Credential, LiesInPagesThatNoOtherProcessSees) {
  const Credential held = Credential::copy_of("correct horse battery staple");
  const std::string flags = flags_of(held.bytes().data());
  if (flags.empty()) GTEST_SKIP() << "this system does not tell the flags of pages";
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;  // not in core dumps
  EXPECT_EQ(flags.find(" lo ") != std::string::npos, held.kept_from_swap()) << flags;
}

TEST(Credential, MovesAndIsCopiedByWordOnly) {
  static_assert(!std::is_copy_constructible_v<Credential>);
  Credential one = Credential::copy_of("first-secret");
  const Credential twin = one.copy();
  Credential other = std::move(one);
  EXPECT_EQ(other.bytes(), "first-secret");
  EXPECT_EQ(twin.bytes(), "first-secret");
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move)
  other = Credential::copy_of("second-secret");
  EXPECT_EQ(other.bytes(), "second-secret");
  Credential& same = other;
  other = std::move(same);
  EXPECT_EQ(other.bytes(), "second-secret");
  EXPECT_TRUE(Credential().empty());
}

TEST(Credential, WipesWhatIsCutAndWhereItCameFrom) {
  Credential held = Credential::copy_of("0123456789abcdef");
  const char* const start = held.bytes().data();
  held.cut(10);
  EXPECT_EQ(held.bytes(), "0123456789");
  EXPECT_EQ(std::string_view(start, 16), std::string_view("0123456789\0\0\0\0\0\0", 16));
  std::string text = "a long text that is not stored in the object itself";
  const char* const from = text.data();
  const std::size_t size = text.size();
  const Credential taken = Credential::taken_from(text);
  EXPECT_EQ(taken.bytes().size(), size);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string_view(from, size), std::string(size, '\0'));
}

TEST(Credential, HasABound) {
  const auto read = [](std::string_view text) {
    auto got = as_credential(Credential::copy_of(text), "the file");
    return got ? std::string(got->bytes()) : got.error().message;
  };
  EXPECT_EQ(read("12345678"), "12345678");
  EXPECT_EQ(read("12345678\n"), "12345678");
  EXPECT_EQ(read("12345678\r\n"), "12345678");
  EXPECT_EQ(read("12345678\n\n"), "12345678\n");
  EXPECT_EQ(read(" 12345678 "), " 12345678 ");
  EXPECT_EQ(read(""), "the file is empty");
  EXPECT_EQ(read("\n"), "the file is empty");
  EXPECT_EQ(
      read("1234567\n"),
      "the file holds a secret of less than 8 bytes: it could not be kept out of other texts");
  EXPECT_EQ(read(std::string("1234\0"
                             "5678",
                             9)),
            "the file holds a zero byte");
  EXPECT_EQ(read(std::string(credential_bytes_max, 'x')).size(), credential_bytes_max);
  EXPECT_EQ(read(std::string(credential_bytes_max + 1, 'x')),
            "the file holds more than 16384 bytes");
}

// Test case 14 of the specification of GCM.
TEST(Cipher, IsTheOneThatItSays) {
  const Credential zero = Credential::copy_of(std::string(32, '\0'));
  const std::string box = encrypt(zero, std::string(12, '\0'), "", std::string(16, '\0'));
  const unsigned char expected[] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e,
                                    0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
                                    0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0,
                                    0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};
  EXPECT_EQ(box.substr(12),
            std::string_view(reinterpret_cast<const char*>(expected), sizeof expected));
  EXPECT_EQ(decrypt(zero, box, "")->bytes(), std::string(16, '\0'));
}

TEST(Cipher, EveryBitCounts) {
  const Credential key = Credential::copy_of(std::string(32, 'k'));
  const std::string box = encrypt(key, std::string(12, 'n'), "about", "the secret");
  EXPECT_EQ(decrypt(key, box, "about")->bytes(), "the secret");
  EXPECT_FALSE(decrypt(key, box, "About"));
  EXPECT_FALSE(decrypt(Credential::copy_of(std::string(32, 'K')), box, "about"));
  EXPECT_FALSE(decrypt(key, std::string_view(box).substr(0, box.size() - 1), "about"));
  EXPECT_FALSE(decrypt(key, "", "about"));
  for (std::size_t i = 0; i < box.size() * 8; ++i) {
    std::string other = box;
    other[i / 8] = static_cast<char>(other[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(decrypt(key, other, "about")) << i;
  }
  EXPECT_NE(key_for(key, "wrap").bytes(), key_for(key, "seal").bytes());
}

}  // namespace
}  // namespace pawl::secrets
