#include "io/journal/group_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/journal/journal_test_support.h"
#include "io/journal/posix_disk.h"

namespace pawl::journal {
namespace {

using journal_testing::Scratch;
using testing::HasSubstr;

// Syncs succeed, but for the one that is told to fail.
class CountingFile final : public File {
 public:
  int syncs = 0;
  int fails_at = 0;

  Result<std::size_t> read_at(std::uint64_t, std::span<char>) const override { return 0UL; }
  Result<std::size_t> write_at(std::uint64_t, std::string_view bytes) override {
    return bytes.size();
  }
  Status allocate(std::uint64_t, std::uint64_t) override { return {}; }
  Status release(std::uint64_t, std::uint64_t) override { return {}; }
  Status sync() override {
    if (++syncs == fails_at) return fail(ErrorKind::io, "input/output error");
    return {};
  }
  Result<std::uint64_t> size() const override { return 0UL; }
  Status truncate(std::uint64_t) override { return {}; }
};

class GroupCommitTest : public testing::Test {
 protected:
  void SetUp() override {
    disk_ = *PosixDisk::open(scratch_.path(), PosixDisk::Root::must_exist);
    log_.emplace(*CheckpointLog::open(*disk_, key_.public_key(), 4096));
    ASSERT_TRUE(log_->prepare().has_value());
    commit_.emplace(file_, 0, key_, *log_,
                    GroupCommit::Calls{.monotonic = [this] { return now_; },
                                       .progress = [this] { ++told_; },
                                       .checkpoint_due = [this] { ++asked_; }},
                    GroupCommit::Delays{.sync_max = Duration::milliseconds(100),
                                        .checkpoint_min = Duration::seconds(1)});
  }

  Scratch scratch_;
  std::unique_ptr<PosixDisk> disk_;
  NodeKey key_ = *NodeKey::from_seed("log", std::string(32, 'k'));
  std::optional<CheckpointLog> log_;
  std::shared_ptr<CountingFile> file_ = std::make_shared<CountingFile>();
  Duration now_ = Duration::seconds(1);
  int told_ = 0;
  int asked_ = 0;
  std::optional<GroupCommit> commit_;
};

TEST_F(GroupCommitTest, OneSyncForAllThatWait) {
  EXPECT_FALSE(commit_->due().has_value());
  EXPECT_TRUE(commit_->written(1));
  EXPECT_FALSE(commit_->written(2));
  commit_->want(1);
  commit_->want(2);
  EXPECT_EQ(commit_->due(), Duration{});
  commit_->run();
  EXPECT_EQ(file_->syncs, 1);
  EXPECT_EQ(told_, 1);
  EXPECT_EQ(commit_->synced(), 2U);
}

TEST_F(GroupCommitTest, WhatNoCallWaitsForIsSyncedWithinTheDelay) {
  commit_->written(1);
  EXPECT_EQ(commit_->due(), Duration::milliseconds(100));
  now_ = now_ + Duration::milliseconds(99);
  commit_->run();
  EXPECT_EQ(file_->syncs, 0);
  now_ = now_ + Duration::milliseconds(1);
  EXPECT_LE(commit_->due()->ns, 0);
  commit_->run();
  EXPECT_EQ(file_->syncs, 1);
  EXPECT_EQ(commit_->synced(), 1U);
  EXPECT_EQ(told_, 0);
}

TEST_F(GroupCommitTest, AFailedSyncIsTheLast) {
  file_->fails_at = 2;
  commit_->written(1);
  commit_->want(1);
  commit_->run();
  commit_->written(2);
  commit_->want(2);
  commit_->run();
  EXPECT_TRUE(commit_->failed());
  EXPECT_THAT(commit_->failure(), HasSubstr("input/output error"));
  EXPECT_EQ(told_, 2);
  EXPECT_EQ(commit_->synced(), 1U);
  EXPECT_FALSE(commit_->due().has_value());
  commit_->run();
  EXPECT_FALSE(commit_->sync_now(*file_).has_value());
  EXPECT_EQ(file_->syncs, 2);
  EXPECT_EQ(commit_->synced(), 1U);
  commit_->fail("another reason");
  EXPECT_THAT(commit_->failure(), HasSubstr("input/output error"));
}

// The kernel tells one sync of a failed write; the next one of the same file would succeed.
TEST_F(GroupCommitTest, AFailureOfTheLoopsSyncIsNotForgottenByTheNext) {
  file_->fails_at = 1;
  commit_->written(1);
  commit_->want(1);
  EXPECT_FALSE(commit_->sync_now(*file_).has_value());
  commit_->run();
  EXPECT_EQ(file_->syncs, 1);
  EXPECT_EQ(commit_->synced(), 0U);
  EXPECT_TRUE(commit_->failed());
}

TEST_F(GroupCommitTest, CheckpointsOnlyOfWhatIsSyncedAndNotTooOften) {
  commit_->written(1);
  commit_->want(1);
  now_ = now_ + Duration::seconds(1);
  commit_->run();
  EXPECT_EQ(asked_, 1);
  // The loop answers with a size that is not synced yet.
  commit_->written(3);
  commit_->checkpoint({"log", 3, sha256("root")});
  commit_->run();
  EXPECT_EQ(commit_->checkpointed(), 0U);
  commit_->want(3);
  commit_->run();
  EXPECT_EQ(commit_->checkpointed(), 3U);
  EXPECT_EQ(CheckpointLog::open(*disk_, key_.public_key(), 4096)->newest()->size, 3U);
  // The next one a second later at the earliest, asked for once.
  commit_->written(4);
  commit_->want(4);
  commit_->run();
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(commit_->due(), Duration::seconds(1));
  now_ = now_ + Duration::seconds(1);
  commit_->run();
  commit_->run();
  EXPECT_EQ(asked_, 2);
  EXPECT_FALSE(commit_->due().has_value());
}

TEST_F(GroupCommitTest, ANewSegmentIsSyncedInsteadOfTheOld) {
  auto second = std::make_shared<CountingFile>();
  commit_->written(1);
  ASSERT_TRUE(commit_->sync_now(*file_).has_value());
  commit_->continue_in(second);
  commit_->written(2);
  commit_->want(2);
  commit_->run();
  EXPECT_EQ(file_->syncs, 1);
  EXPECT_EQ(second->syncs, 1);
  EXPECT_EQ(commit_->synced(), 2U);
}

}  // namespace
}  // namespace pawl::journal
