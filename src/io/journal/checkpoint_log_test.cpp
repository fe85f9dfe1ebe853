#include "io/journal/checkpoint_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/journal/journal_test_support.h"
#include "io/journal/posix_disk.h"

namespace pawl::journal {
namespace {

using journal_testing::Scratch;
using testing::HasSubstr;

constexpr std::uint64_t bound = 4096;

class CheckpointLogTest : public testing::Test {
 protected:
  void SetUp() override {
    disk_ = *PosixDisk::open(scratch_.path(), PosixDisk::Root::must_exist);
    open();
  }
  void open() {
    auto log = CheckpointLog::open(*disk_, key_.public_key(), bound);
    ASSERT_TRUE(log.has_value()) << log.error().message;
    log_.emplace(std::move(*log));
    ASSERT_TRUE(log_->prepare().has_value());
  }
  std::string note(std::uint64_t size) {
    return key_.sign({"log", size, sha256("root " + std::to_string(size))});
  }
  void write(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t size = from; size <= to; ++size) {
      const auto written = log_->write(note(size));
      ASSERT_TRUE(written && *written);
      ASSERT_LE(contents().size(), bound + note(size).size());
    }
  }
  std::string contents() { return read_whole(*disk_, "checkpoints", 1 << 20).value_or(""); }

  Scratch scratch_;
  std::unique_ptr<PosixDisk> disk_;
  NodeKey key_ = *NodeKey::from_seed("log", std::string(32, 'k'));
  std::optional<CheckpointLog> log_;
};

TEST_F(CheckpointLogTest, StaysSmallAndKeepsTheFirstAndTheNewest) {
  write(1, 100);
  const std::string text = contents();
  EXPECT_TRUE(text.starts_with(note(1)));
  EXPECT_TRUE(text.ends_with(note(98) + note(99) + note(100)));
  // What is kept is what was written, in order.
  std::size_t at = 0;
  for (std::uint64_t size = 1; size <= 100; ++size) {
    if (text.substr(at).starts_with(note(size))) at += note(size).size();
  }
  EXPECT_EQ(at, text.size());
  open();
  ASSERT_TRUE(log_->newest());
  EXPECT_EQ(log_->newest()->size, 100U);
  write(101, 104);
  open();
  EXPECT_EQ(log_->newest()->size, 104U);
}

TEST_F(CheckpointLogTest, ALongFileOfAnEarlierVersionIsThinnedOutAtTheStart) {
  std::string all;
  for (std::uint64_t size = 1; size <= 100; ++size) all += note(size);
  ASSERT_TRUE(replace_whole(*disk_, "checkpoints", all));
  ASSERT_TRUE(replace_whole(*disk_, "checkpoint", note(100)));
  open();
  EXPECT_LT(contents().size(), bound);
  EXPECT_TRUE(contents().ends_with(note(99) + note(100)));
}

TEST_F(CheckpointLogTest, WhatIsDamagedStaysForTheVerifier) {
  std::string all;
  for (std::uint64_t size = 1; size <= 100; ++size) all += note(size) + (size == 7 ? "x\n" : "");
  ASSERT_TRUE(replace_whole(*disk_, "checkpoints", all));
  open();
  EXPECT_EQ(contents(), all);
}

}  // namespace
}  // namespace pawl::journal
