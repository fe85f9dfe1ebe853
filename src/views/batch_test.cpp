#include "views/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::views {
namespace {

using ::testing::ElementsAre;

Result<std::vector<std::string>> ids_of(const std::string& text) {
  return ids_in(json::parse(text)->root());
}

TEST(TogetherIds, AreDifferentTextsAndNotTooMany) {
  const auto ids = ids_of(R"(["a-2","a-1"])");
  ASSERT_TRUE(ids);
  EXPECT_THAT(*ids, ElementsAre("a-1", "a-2"));
  for (const char* wrong : {"[]", "{}", R"("a-1")", R"(["a-1","a-1"])", "[1]", "null"}) {
    EXPECT_FALSE(ids_of(wrong)) << wrong;
  }
  std::string many = "[";
  for (int i = 0; i < 51; ++i) many += (i == 0 ? "\"a-" : ",\"a-") + std::to_string(i) + "\"";
  EXPECT_FALSE(ids_of(many + "]"));
}

TEST(TogetherDigest, IsOfEveryQuestionAndOfWhatWasShownOfIt) {
  const std::string digest = digest_of_batch({{"a-1", "sha256:aa"}, {"a-2", "sha256:bb"}});
  EXPECT_EQ(digest, digest_of_batch({{"a-2", "sha256:bb"}, {"a-1", "sha256:aa"}}));
  EXPECT_NE(digest, digest_of_batch({{"a-1", "sha256:bb"}, {"a-2", "sha256:aa"}}));
  EXPECT_NE(digest, digest_of_batch({{"a-1", "sha256:aa"}}));
  EXPECT_NE(digest_of_batch({{"a-1", ""}}), digest_of_batch({}));
}

}  // namespace
}  // namespace pawl::views
