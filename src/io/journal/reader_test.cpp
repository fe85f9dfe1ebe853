#include "io/journal/reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "io/journal/journal_test_support.h"
#include "io/journal/merkle.h"
#include "io/journal/posix_disk.h"
#include "io/journal/verify.h"

namespace pawl {
namespace {

using journal_testing::immediate;
using journal_testing::Scratch;
using journal_testing::SmallLoop;

class ReaderTest : public testing::Test {
 protected:
  void SetUp() override { disk_ = *PosixDisk::open(scratch_.path(), PosixDisk::Root::must_exist); }
  JournalOptions small(JournalOptions options = immediate()) {
    options.segment_bytes_max = 2048;
    options.grow_bytes = 512;
    options.reserve_bytes = 512;
    return options;
  }

  Scratch scratch_;
  std::unique_ptr<PosixDisk> disk_;
};

TEST_F(ReaderTest, NoJournalIsSaidSo) {
  EXPECT_EQ(JournalReader::open(*disk_).error().fault, ErrorKind::missing);
}

TEST_F(ReaderTest, ReadsBesideTheWriterAcrossSegments) {
  auto journal = *Journal::open(*disk_, small());
  auto reader = *JournalReader::open(*disk_);
  EXPECT_FALSE(reader.next()->has_value());
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::string record = fmt::format("record {} {}", i, std::string(i * 7 % 300, 'r'));
    ASSERT_TRUE(journal->append(record));
    const auto entry = reader.next();
    ASSERT_TRUE(entry.has_value() && entry->has_value()) << i;
    EXPECT_EQ((*entry)->seq, i);
    EXPECT_EQ((*entry)->record, record);
    EXPECT_EQ((*entry)->leaf, journal::leaf_hash(record));
    EXPECT_FALSE(reader.next()->has_value());
  }
}

TEST_F(ReaderTest, SeeksAnywhere) {
  auto journal = *Journal::open(*disk_, small());
  constexpr std::uint64_t count = 40;
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(journal->append(fmt::format("{:0200}", i)));
  }
  auto reader = *JournalReader::open(*disk_);
  for (const std::uint64_t seq : {39UL, 0UL, 17UL, 8UL, 38UL}) {
    ASSERT_TRUE(reader.seek(seq).has_value());
    EXPECT_EQ((*reader.next())->seq, seq);
  }
  ASSERT_TRUE(reader.seek(count + 1).has_value());
  EXPECT_FALSE(reader.next()->has_value());
  ASSERT_TRUE(journal->append("skipped"));
  EXPECT_FALSE(reader.next()->has_value());
  ASSERT_TRUE(journal->append("asked for"));
  EXPECT_EQ((*reader.next())->record, "asked for");
}

TEST_F(ReaderTest, LeavesMakeProofs) {
  auto journal = *Journal::open(*disk_, small());
  for (std::uint64_t i = 0; i < 21; ++i) ASSERT_TRUE(journal->append(fmt::format("r{}", i)));
  auto reader = *JournalReader::open(*disk_);
  const auto leaves = reader.leaves(21);
  ASSERT_TRUE(leaves.has_value());
  const auto path = journal::inclusion_proof(*leaves, 13);
  EXPECT_TRUE(journal::verify_inclusion(journal::leaf_hash("r13"), 13, 21, path, journal->root()));
  EXPECT_EQ(reader.leaves(22).error().fault, ErrorKind::missing);
  EXPECT_TRUE(reader.leaves(0)->empty());
}

TEST_F(ReaderTest, FindsPayloadsThatCameLater) {
  auto journal = *Journal::open(*disk_, small());
  auto reader = *JournalReader::open(*disk_);
  EXPECT_EQ(reader.payload(Digest{})->state, PayloadState::missing);
  const Commitment commitment = journal->commit_to("bytes");
  const PayloadRef ref{commitment, "bytes"};
  ASSERT_TRUE(journal->append(commitment.text(), {&ref, 1}));
  EXPECT_EQ(reader.payload(commitment.digest)->bytes, "bytes");
  ASSERT_TRUE(journal->erase(commitment.digest).has_value());
  EXPECT_EQ(reader.payload(commitment.digest)->state, PayloadState::erased);
}

// A writer at full speed, a reader and the verifier beside it: no half record, no false alarm.
TEST_F(ReaderTest, NothingHalfIsSeenOnARunningNode) {
  constexpr std::uint64_t count = 3000;
  SmallLoop loop;
  JournalOptions options = journal_testing::threaded(loop);
  options.segment_bytes_max = 65536;
  options.grow_bytes = 4096;
  options.reserve_bytes = 4096;
  options.checkpoint_interval_min = Duration::milliseconds(1);
  auto journal = *Journal::open(*disk_, std::move(options));
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> appended = 0;
  std::thread watcher([&] {
    auto disk = *PosixDisk::open(scratch_.path(), PosixDisk::Root::must_exist);
    auto reader = *JournalReader::open(*disk);
    std::uint64_t seq = 0;
    VerifyOptions live;
    // By the time of the next but one record, whatever is being written now is whole.
    live.pause = [&] {
      const std::uint64_t now = appended.load();
      while (!done && appended.load() < now + 2) std::this_thread::yield();
    };
    while (seq < count) {
      const bool last = done.load();
      for (;;) {
        const auto entry = reader.next();
        ASSERT_TRUE(entry.has_value()) << to_string(entry.error());
        if (!*entry) break;
        ASSERT_EQ((*entry)->record, fmt::format("{:0400}", seq));
        ++seq;
      }
      ASSERT_TRUE(!last || seq == count);
      const auto verified = verify_journal(*disk, live);
      ASSERT_TRUE(verified.has_value());
      ASSERT_TRUE(verified->clean()) << to_string(verified->findings.front());
    }
  });
  Completion<Status> durable;
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(journal->append(fmt::format("{:0400}", i)));
    ++appended;
    if (i % 64 == 63) {
      durable = journal->durable(i);
      loop.run_until([&] { return durable.delivered(); });
    }
  }
  done = true;
  watcher.join();
  EXPECT_TRUE(journal->close().has_value());
}

}  // namespace
}  // namespace pawl
