#include "io/secrets/run_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace pawl::secrets {
namespace {

class RunKeysTest : public ::testing::Test {
 protected:
  RunKeysTest() {
    char name[] = "/tmp/pawl-run-keys-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~RunKeysTest() override { std::filesystem::remove_all(folder); }

  std::string path() const { return folder + "/runs.key"; }
  void write(const std::string& text, mode_t mode = 0600) const {
    std::ofstream(path()) << text;
    ::chmod(path().c_str(), mode);
  }
  static std::string fresh(std::size_t count) { return std::string(count, 'r'); }
  ErrorKind fault() const { return open_run_keys(path(), fresh).error().fault; }

  std::string folder;
};

TEST_F(RunKeysTest, AreMadeOnceAndReadAgain) {
  const auto made = open_run_keys(path(), fresh);
  ASSERT_TRUE(made);
  EXPECT_THAT(*made, ::testing::ElementsAre(RunKey{std::string(32, 'r'), {}}));
  struct stat what{};
  ASSERT_EQ(::stat(path().c_str(), &what), 0);
  EXPECT_EQ(what.st_mode & 0777U, 0600U);
  const auto again = open_run_keys(path(), [](std::size_t) -> std::string {
    ADD_FAILURE();
    return {};
  });
  EXPECT_EQ(*again, *made);
}

TEST_F(RunKeysTest, OlderOnesFollow) {
  write(base64(std::string(32, 'a')) + "\n" + base64(std::string(32, 'b')) + " 1800000000\n");
  const auto keys = open_run_keys(path(), fresh);
  ASSERT_TRUE(keys);
  const Instant until = Instant{} + Duration::seconds(1'800'000'000);
  EXPECT_THAT(*keys, ::testing::ElementsAre(RunKey{std::string(32, 'a'), {}},
                                            RunKey{std::string(32, 'b'), until}));
}

TEST_F(RunKeysTest, ARotationKeepsWhatIsStillNeeded) {
  char next = 'a';
  Rotation rotation{.now = Instant{} + Duration::seconds(1'800'000'000),
                    .checks_for = Duration::seconds(100),
                    .random = [&](std::size_t count) { return std::string(count, next++); }};
  const auto seeds = [](const Result<std::vector<RunKey>>& keys) {
    std::string all;
    for (const RunKey& key : *keys) all += key.seed.front();
    return all;
  };
  EXPECT_EQ(seeds(rotate_run_keys(path(), rotation)), "ba") << "the first one was made for it";
  rotation.now = rotation.now + Duration::seconds(50);
  EXPECT_EQ(seeds(rotate_run_keys(path(), rotation)), "cba");
  const auto kept = open_run_keys(path(), fresh);
  EXPECT_EQ(kept->at(2).until, rotation.now + Duration::seconds(51)) << "the end stays";
  EXPECT_EQ(kept->at(1).until, rotation.now + Duration::seconds(101));
  EXPECT_EQ(seeds(rotate_run_keys(path(), rotation)), "dcba");
  const auto fifth = rotate_run_keys(path(), rotation);
  ASSERT_FALSE(fifth);
  EXPECT_EQ(fifth.error().fault, ErrorKind::refused);
  rotation.now = rotation.now + Duration::seconds(60);
  EXPECT_EQ(seeds(rotate_run_keys(path(), rotation)), "edcb") << "`a` is over";
  rotation.checks_for = {};
  EXPECT_EQ(seeds(rotate_run_keys(path(), rotation)), "f") << "no older key checks any more";
}

// A file that says nothing clear makes no keys of its own: the new ones would go unnoticed.
TEST_F(RunKeysTest, AreRefusedWhereTheyAreUnclear) {
  const std::string line = base64(std::string(32, 'a')) + "\n";
  for (const std::string& text :
       {std::string(), std::string("x\n"), line + line, line + "\n" + line,
        base64(std::string(31, 'a')) + "\n", std::string(2000, 'a'),
        base64(std::string(32, 'b')) + " 5\n", line + base64(std::string(32, 'b')) + " x\n",
        line + base64(std::string(32, 'b')) + " 99999999999999\n"}) {
    write(text);
    EXPECT_EQ(fault(), ErrorKind::corrupt) << text;
  }
  write(line, 0640);
  EXPECT_EQ(fault(), ErrorKind::refused);
}

TEST_F(RunKeysTest, ALinkIsNotFollowed) {
  std::filesystem::create_symlink("/dev/zero", path());
  EXPECT_EQ(fault(), ErrorKind::io);
}

}  // namespace
}  // namespace pawl::secrets
