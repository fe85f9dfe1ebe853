#include "io/secrets/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/text.h"

namespace pawl::secrets {
namespace {

using testing::HasSubstr;

class Sources : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("pawl-sources-" + hex(random_bytes(6)));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    ::unsetenv("CREDENTIALS_DIRECTORY");
    ::unsetenv("PAWL_TEST_TOKEN");
  }

  std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::filesystem::path folder_;
};

std::string told(const Result<Credential>& read) {
  return read ? std::string(read->bytes()) : read.error().message;
}

Result<Credential> asked(std::vector<std::string> argv, Duration deadline = command_deadline) {
  return from_command({std::move(argv), {"PATH=/usr/bin:/bin"}, deadline});
}

TEST_F(Sources, AVariable) {
  EXPECT_EQ(told(from_environment("PAWL_TEST_TOKEN")), "the variable `PAWL_TEST_TOKEN` is not set");
  ::setenv("PAWL_TEST_TOKEN", "token-of-a-variable", 1);
  EXPECT_EQ(told(from_environment("PAWL_TEST_TOKEN")), "token-of-a-variable");
  ::setenv("PAWL_TEST_TOKEN", "", 1);
  EXPECT_EQ(told(from_environment("PAWL_TEST_TOKEN")), "the variable `PAWL_TEST_TOKEN` is empty");
}

TEST_F(Sources, AFileThatOnlyWeCanRead) {
  EXPECT_EQ(told(from_file(file("good", "token-of-a-file\n"))), "token-of-a-file");
  EXPECT_EQ(from_file(folder_ / "none").error().fault, ErrorKind::missing);
  for (const mode_t mode : {0604, 0640, 0620, 0602, 0601}) {
    const auto read = from_file(file("open", "token-of-a-file", mode));
    ASSERT_FALSE(read) << mode;
    EXPECT_EQ(read.error().fault, ErrorKind::refused);
  }
  EXPECT_THAT(told(from_file(folder_)), HasSubstr("not in a regular file"));
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(told(from_file(pipe)), HasSubstr("not in a regular file"));
  EXPECT_THAT(told(from_file("/dev/null")), HasSubstr("not in a regular file"));
  EXPECT_THAT(told(from_file(file("large", std::string(1 << 20, 'x')))), HasSubstr("more than"));
}

TEST_F(Sources, AFileThatSystemdPassesOn) {
  file("mail-relay", "token-of-systemd", 0440);
  EXPECT_EQ(from_systemd("mail-relay").error().fault, ErrorKind::missing);
  ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
  EXPECT_EQ(told(from_systemd("mail-relay")), "token-of-systemd");
  EXPECT_EQ(from_systemd("other").error().fault, ErrorKind::missing);
  EXPECT_EQ(from_systemd("../mail-relay").error().fault, ErrorKind::missing);
  file("mail-relay", "token-of-systemd", 0444);
  EXPECT_EQ(from_systemd("mail-relay").error().fault, ErrorKind::refused);
}

TEST_F(Sources, AProgramWithoutAShell) {
  EXPECT_EQ(told(asked({"printf", "%s\n", "token-of-a-program"})), "token-of-a-program");
  EXPECT_EQ(told(asked({"echo", "$(id) `id` ; id"})), "$(id) `id` ; id");
  EXPECT_THAT(told(asked({})), HasSubstr("empty"));
  EXPECT_THAT(told(asked({"pawl-no-such-program"})), HasSubstr("pawl-no-such-program"));
}

TEST_F(Sources, AProgramThatFailsSaysNothingOfWhatItPrinted) {
  const auto failed = asked({"sh", "-c", "echo half-of-the-secret; exit 3"});
  EXPECT_EQ(told(failed), "`sh` failed: exit status 3");
  EXPECT_EQ(told(asked({"true"})), "what `true` prints is empty");
}

TEST_F(Sources, AProgramThatDoesNotEnd) {
  const Duration soon = Duration::milliseconds(300);
  EXPECT_EQ(told(asked({"sleep", "60"}, soon)), "`sleep` took too long");
  EXPECT_THAT(told(asked({"sh", "-c", "echo 12345678; exec >&-; sleep 60"}, soon)),
              HasSubstr("took too long"));
  EXPECT_THAT(told(asked({"sh", "-c", "trap '' TERM; (sleep 60)& wait"}, soon)),
              HasSubstr("took too long"));
  EXPECT_THAT(told(asked({"yes"})), HasSubstr("prints more than"));
  EXPECT_THAT(told(asked({"sh", "-c", "cat; echo 12345678"})), "12345678");  // no input to wait for
}

}  // namespace
}  // namespace pawl::secrets
