#include "node/files/kept_deployment.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "node/files/folder_testing.h"

namespace pawl::node {
namespace {

std::string kept_digest(const std::string& text) {
  return to_string(sha256(text));
}
std::string kept_file(const testing::Folder& folder, const std::string& text) {
  return folder.at("deployment-" + hex(sha256(text)) + ".yaml");
}

TEST(KeptDeployment, KeepsTheNewestAndTheOneBefore) {
  const testing::Folder folder;
  const std::string state = folder.at(".");
  folder.write("node.key", "not ours");
  std::string before;
  for (const std::string text : {"one", "two", "three"}) {
    ASSERT_TRUE(keep_deployment(state, {text, "/etc/" + text}, before));
    EXPECT_EQ(kept_place(state), "/etc/" + text);
    before = kept_digest(text);
    EXPECT_EQ(kept_deployment(state, before).value_or(""), text);
  }
  EXPECT_FALSE(std::filesystem::exists(kept_file(folder, "one")));
  EXPECT_EQ(kept_deployment(state, kept_digest("two")).value_or(""), "two");
  EXPECT_TRUE(std::filesystem::exists(folder.at("node.key")));
  struct stat what{};
  ASSERT_EQ(::stat(kept_file(folder, "three").c_str(), &what), 0);
  EXPECT_EQ(what.st_mode & 0777U, 0600U);
}

TEST(KeptDeployment, GivesOnlyTheBytesOfTheDigest) {
  const testing::Folder folder;
  const std::string state = folder.at(".");
  EXPECT_EQ(kept_place(state), "");
  ASSERT_TRUE(keep_deployment(state, {"one", "/p"}, {}));
  std::ofstream(kept_file(folder, "one"), std::ios::binary) << "other";
  EXPECT_EQ(kept_deployment(state, kept_digest("one")).error().fault, ErrorKind::corrupt);
  EXPECT_EQ(kept_deployment(state, kept_digest("two")).error().fault, ErrorKind::missing);
  EXPECT_EQ(kept_deployment(state, "../../one").error().fault, ErrorKind::corrupt);
  // The same bytes once more mend it.
  ASSERT_TRUE(keep_deployment(state, {"one", "/p"}, kept_digest("one")));
  EXPECT_EQ(kept_deployment(state, kept_digest("one")).value_or(""), "one");
  // No file at all is kept as no bytes.
  ASSERT_TRUE(keep_deployment(state, {"", "/p"}, kept_digest("one")));
  EXPECT_EQ(kept_deployment(state, kept_digest("")).value_or("x"), "");
}

TEST(KeptDeployment, MarksOnlyTheKeyItself) {
  const std::string digest = hex(sha256("key"));
  const std::string text =
      "# abcdefgh: a word\nkeys: [\"abcdefgh:" + digest + "\", \"abcdefgi:" + digest + "\"]\n";
  EXPECT_EQ(with_key_revoked(text, "abcdefgh"),
            "# abcdefgh: a word\nkeys: [\"abcdefgh:revoked\", \"abcdefgi:" + digest + "\"]\n");
  EXPECT_EQ(with_key_revoked(text, "zzzzzzzz"), text);
}

}  // namespace
}  // namespace pawl::node
