#include "kernel/state/kept_digest.h"

#include <gtest/gtest.h>

namespace pawl {
namespace {

TEST(KeptDigest, GivesBackWhatWentIn) {
  const std::string digits(64, 'a');
  const std::string upper(64, 'A');
  for (const std::string& text :
       {std::string(), to_string(sha256("a call")), "sha256:" + digits, "sha256:" + upper,
        "sha256:" + std::string(64, '0'), "sha256:" + digits + "0", "sha256:" + digits.substr(1),
        "sha512:" + digits, std::string("sha256:of r-1"), std::string("sha256:")}) {
    const KeptDigest kept(text);
    EXPECT_EQ(kept.text(), text);
    EXPECT_EQ(kept.empty(), text.empty()) << text;
    EXPECT_TRUE(kept == text);
    const KeptDigest copy = kept;  // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(copy.text(), text);
  }
  EXPECT_FALSE(KeptDigest("sha256:" + digits) == "sha256:" + upper);
}

TEST(KeptDigest, TakesLessThanTheText) {
  EXPECT_LE(sizeof(KeptDigest), 48U);  // the text: 32 bytes, and 72 in a piece of memory of its own
}

}  // namespace
}  // namespace pawl
