#include "io/journal/journal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "io/journal/journal_test_support.h"
#include "io/journal/posix_disk.h"
#include "io/journal/reader.h"
#include "io/journal/verify.h"

namespace pawl {
namespace {

using journal_testing::immediate;
using journal_testing::Scratch;
using journal_testing::SmallLoop;
using journal_testing::take;
using journal_testing::threaded;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class JournalTest : public testing::Test {
 protected:
  void SetUp() override { disk_ = *PosixDisk::open(scratch_.path() + "/a/state", create); }

  std::unique_ptr<Journal> open(JournalOptions options = immediate()) {
    found_.clear();
    state_.clear();
    JournalReplay replay;
    replay.state = [this](std::string_view state, std::uint64_t) -> Status {
      state_ = state;
      return {};
    };
    replay.record = [this](std::uint64_t, std::string_view text) -> Status {
      found_.emplace_back(text);
      return {};
    };
    auto journal = Journal::open(*disk_, std::move(options), replay);
    EXPECT_TRUE(journal.has_value()) << to_string(journal.error());
    return journal ? std::move(*journal) : nullptr;
  }

  void expect_clean() {
    const auto verified = verify_journal(*disk_);
    ASSERT_TRUE(verified.has_value()) << to_string(verified.error());
    for (const JournalFinding& finding : verified->findings) ADD_FAILURE() << to_string(finding);
  }

  static constexpr auto create = PosixDisk::Root::create;
  Scratch scratch_;
  std::unique_ptr<PosixDisk> disk_;
  std::vector<std::string> found_;
  std::string state_;
};

TEST_F(JournalTest, RecordsComeBackInOrder) {
  auto journal = open();
  EXPECT_TRUE(journal->recovery().created);
  EXPECT_EQ(journal->next(), 0U);
  EXPECT_EQ(*journal->append("one"), 0U);
  EXPECT_EQ(*journal->append("two"), 1U);
  journal.reset();  // as if the process died: nothing was synced, nothing is lost

  journal = open();
  EXPECT_THAT(found_, ElementsAre("one", "two"));
  EXPECT_FALSE(journal->recovery().created);
  EXPECT_EQ(journal->recovery().size, 2U);
  EXPECT_EQ(journal->synced(), 2U);
  EXPECT_EQ(*journal->append("three"), 2U);
  EXPECT_TRUE(journal->close().has_value());
  EXPECT_EQ(journal->checkpointed(), 3U);
  journal.reset();
  open();
  EXPECT_THAT(found_, ElementsAre("one", "two", "three"));
  expect_clean();
}

TEST_F(JournalTest, TheRootIsTheTreeOfTheRecords) {
  auto journal = open();
  EXPECT_EQ(journal->root(), sha256(std::string_view{}));
  ASSERT_TRUE(journal->append("one"));
  EXPECT_EQ(journal->root(), sha256({std::string_view("\0", 1), "one"}));
  const Digest one = journal->root();
  ASSERT_TRUE(journal->append("two"));
  EXPECT_EQ(journal->root(),
            sha256({"\x01", bytes_of(one), bytes_of(sha256({std::string_view("\0", 1), "two"}))}));
}

TEST_F(JournalTest, DurableComesThroughTheLoop) {
  SmallLoop loop;
  auto journal = open(threaded(loop));
  const std::uint64_t seq = *journal->append("one");
  auto done = journal->durable(seq);
  loop.run_until([&] { return done.delivered(); });
  EXPECT_TRUE(take(done).has_value());
  EXPECT_EQ(journal->synced(), 1U);
  // What is durable already is answered at once.
  auto again = journal->durable(seq);
  ASSERT_TRUE(again.delivered());
  EXPECT_TRUE(take(again).has_value());
  EXPECT_TRUE(journal->close().has_value());
  expect_clean();
}

TEST_F(JournalTest, ARecordThatNoCallWaitsForIsSyncedAllTheSame) {
  SmallLoop loop;
  JournalOptions options = threaded(loop);
  options.checkpoint_interval_min = Duration::milliseconds(1);
  auto journal = open(std::move(options));
  ASSERT_TRUE(journal->append("one"));
  // The syncer asks for a checkpoint once it has synced, and then signs it.
  loop.run_until([&] { return journal->synced() == 1; });
  EXPECT_FALSE(journal->failed());
}

// Many waits at once from one loop, appends going on: the order of deliveries is the order of
// records, and each group shares a sync. (This is the test that ThreadSanitizer looks at.)
TEST_F(JournalTest, ManyWaitersShareSyncs) {
  SmallLoop loop;
  JournalOptions options = threaded(loop);
  options.segment_bytes_max = 16384;
  options.grow_bytes = 4096;
  options.reserve_bytes = 4096;
  options.checkpoint_interval_min = Duration::milliseconds(2);
  auto journal = open(std::move(options));
  constexpr std::uint64_t count = 2000;
  std::deque<std::pair<std::uint64_t, Completion<Status>>> waiting;
  std::uint64_t delivered = 0;
  while (delivered < count) {
    while (journal->next() < count && waiting.size() < 32) {
      const std::uint64_t seq = *journal->append(fmt::format("record {}", journal->next()));
      waiting.emplace_back(seq, journal->durable(seq));
    }
    loop.run_until([&] { return waiting.front().second.delivered(); });
    while (!waiting.empty() && waiting.front().second.delivered()) {
      ASSERT_TRUE(take(waiting.front().second).has_value());
      ASSERT_GT(journal->synced(), waiting.front().first);
      waiting.pop_front();
      ++delivered;
    }
  }
  ASSERT_TRUE(journal->close().has_value());
  journal.reset();
  expect_clean();
  open();
  EXPECT_EQ(found_.size(), count);
}

TEST_F(JournalTest, WhatWasPostedMayOutliveTheJournal) {
  SmallLoop loop;
  auto journal = open(threaded(loop));
  const auto done = journal->durable(*journal->append("one"));
  journal.reset();
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.run_until([&] { return ran; });
  EXPECT_FALSE(done.delivered());
}

TEST_F(JournalTest, AWaiterMayDestroyTheJournal) {
  SmallLoop loop;
  auto journal = open(threaded(loop));
  const std::uint64_t seq = *journal->append("one");
  bool done = false;
  const auto wait = [](std::unique_ptr<Journal>& owned, std::uint64_t record,
                       bool& ended) -> Task<> {
    const Status status = co_await owned->durable(record);
    EXPECT_TRUE(status.has_value());
    owned.reset();
    ended = true;
  };
  spawn(wait(journal, seq, done));
  loop.run_until([&] { return done; });
  EXPECT_EQ(journal, nullptr);
}

TEST_F(JournalTest, SegmentsFollowEachOther) {
  JournalOptions options = immediate();
  options.segment_bytes_max = 2048;
  options.grow_bytes = 512;
  options.reserve_bytes = 512;
  auto journal = open(std::move(options));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(journal->append(std::string(300, 'a')));
  ASSERT_TRUE(journal->close().has_value());
  journal.reset();
  EXPECT_GE(disk_->list("journal")->size(), 9U);
  // The options of a later life may be others.
  journal = open();
  EXPECT_EQ(found_.size(), 50U);
  ASSERT_TRUE(journal->append("one more"));
  ASSERT_TRUE(journal->close().has_value());
  expect_clean();
}

TEST_F(JournalTest, PayloadsOfEverySize) {
  auto journal = open();
  std::vector<std::pair<Commitment, std::string>> stored;
  for (const std::size_t size : {0UL, 1UL, 47UL, 48UL, 49UL, 65536UL, 65537UL, 11UL << 20}) {
    std::string bytes(size, 'b');
    const Commitment commitment = journal->commit_to(bytes);
    const PayloadRef ref{commitment, bytes};
    ASSERT_TRUE(journal->append(fmt::format("[\"{}\"]", commitment.text()), {&ref, 1}));
    stored.emplace_back(commitment, std::move(bytes));
  }
  // Two with one record, and the salt makes equal bytes have different commitments.
  const Commitment a = journal->commit_to("same");
  const Commitment b = journal->commit_to("same");
  EXPECT_NE(a.digest, b.digest);
  const std::array<PayloadRef, 2> both{PayloadRef{a, "same"}, PayloadRef{b, "same"}};
  ASSERT_TRUE(journal->append(a.text() + b.text(), both));
  stored.emplace_back(a, "same");
  stored.emplace_back(b, "same");

  for (int life = 0; life < 2; ++life) {
    for (const auto& [commitment, bytes] : stored) {
      const auto payload = journal->payload(commitment.digest);
      ASSERT_TRUE(payload.has_value()) << to_string(payload.error());
      EXPECT_EQ(payload->state, PayloadState::present);
      EXPECT_EQ(payload->bytes, bytes);
    }
    EXPECT_EQ(journal->payload(Digest{})->state, PayloadState::missing);
    ASSERT_TRUE(journal->close().has_value());
    journal.reset();
    journal = open();
  }
  expect_clean();
}

TEST_F(JournalTest, ErasureLeavesEveryProofIntact) {
  auto journal = open();
  const std::string secret = "a name and an address";
  const Commitment commitment = journal->commit_to(secret);
  const PayloadRef ref{commitment, secret};
  ASSERT_TRUE(journal->append("{\"p\":\"" + commitment.text() + "\"}", {&ref, 1}));
  // The same payload once more, with another record: both have to go.
  ASSERT_TRUE(journal->append("{\"q\":\"" + commitment.text() + "\"}", {&ref, 1}));
  const Digest root = journal->root();
  ASSERT_TRUE(journal->erase(commitment.digest).has_value());
  EXPECT_EQ(journal->payload(commitment.digest)->state, PayloadState::erased);
  EXPECT_TRUE(journal->erase(commitment.digest).has_value());
  EXPECT_EQ(journal->erase(Digest{}).error().fault, ErrorKind::missing);
  EXPECT_EQ(journal->root(), root);
  ASSERT_TRUE(journal->close().has_value());
  journal.reset();
  for (const auto& name : *disk_->list("journal")) {
    std::ifstream file(scratch_.path() + "/a/state/journal/" + name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(bytes.find(secret), std::string::npos);
    const std::string_view salt(reinterpret_cast<const char*>(commitment.salt.data()), 16);
    EXPECT_EQ(bytes.find(salt), std::string::npos);
  }
  const auto verified = verify_journal(*disk_);
  EXPECT_TRUE(verified->clean());
  EXPECT_EQ(verified->root, root);
  EXPECT_EQ(verified->payloads_erased, 2U);
  EXPECT_EQ(open()->payload(commitment.digest)->state, PayloadState::erased);
}

TEST_F(JournalTest, ADestroyedKeyErasesWhatItSealsAndNothingElse) {
  auto journal = open();
  const PayloadKey one = *journal->new_payload_key();
  const PayloadKey two = *journal->new_payload_key();
  EXPECT_NE(one, two);
  const std::string secret = "what the first run was asked";
  std::vector<Commitment> stored;
  for (const PayloadKey key : {one, one, two, no_payload_key}) {
    const Commitment commitment = journal->commit_to(secret);
    const PayloadRef ref{commitment, secret, key};
    ASSERT_TRUE(journal->append("{\"p\":\"" + commitment.text() + "\"}", {&ref, 1}));
    stored.push_back(commitment);
  }
  const Digest root = journal->root();
  // None of them can be read in the file.
  std::ifstream segment(scratch_.path() + "/a/state/" + "journal/00000000000000000000.seg");
  const std::string bytes{std::istreambuf_iterator<char>(segment), {}};
  EXPECT_EQ(bytes.find(secret), bytes.npos);

  ASSERT_TRUE(journal->destroy(one).has_value());
  EXPECT_TRUE(journal->destroy(one).has_value());
  EXPECT_EQ(journal->destroy(two + 1000).error().fault, ErrorKind::missing);
  EXPECT_EQ(journal->destroy(no_payload_key).error().fault, ErrorKind::missing);
  const Commitment late = journal->commit_to(secret);
  const PayloadRef refused{late, secret, one};
  EXPECT_EQ(journal->append(late.text(), {&refused, 1}).error().fault, ErrorKind::internal);
  for (int life = 0; life < 2; ++life) {
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const auto payload = journal->payload(stored[i].digest);
      ASSERT_TRUE(payload.has_value()) << to_string(payload.error());
      EXPECT_EQ(payload->state, i < 2 ? PayloadState::erased : PayloadState::present) << i;
      EXPECT_EQ(payload->bytes, i < 2 ? "" : secret) << i;
    }
    ASSERT_TRUE(journal->close().has_value());
    journal.reset();
    journal = open();
    EXPECT_GT(*journal->new_payload_key(), two) << "a number is given out once";
  }
  EXPECT_EQ(journal->root(), root);
  const auto verified = verify_journal(*disk_);
  EXPECT_TRUE(verified->clean());
  EXPECT_EQ(verified->payloads_erased, 2U);
  EXPECT_EQ(verified->payloads_present, 2U);
}

// What a crash leaves of a batch of keys, and what a disk does to one.
TEST_F(JournalTest, TornKeysCountAsDestroyedAndDamagedOnesStayToBeSeen) {
  PayloadKey key = no_payload_key;
  Commitment commitment;
  {
    auto journal = open();
    key = *journal->new_payload_key();
    commitment = journal->commit_to("sealed");
    const PayloadRef ref{commitment, "sealed", key};
    ASSERT_TRUE(journal->append(commitment.text(), {&ref, 1}));
    ASSERT_TRUE(journal->close().has_value());
  }
  const std::string path = scratch_.path() + "/a/state/payload.keys";
  std::ofstream(path, std::ios::app | std::ios::binary) << "PWK1" << std::string(96, '\0');
  auto journal = open();
  EXPECT_EQ(journal->recovery().torn_bytes, 128U);
  EXPECT_EQ(*journal->new_payload_key(), key + 3);
  ASSERT_TRUE(journal->close().has_value());
  journal.reset();
  expect_clean();

  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(20) << 'x';
  const auto verified = verify_journal(*disk_);
  ASSERT_EQ(verified->findings.size(), 1U);
  EXPECT_EQ(to_string(verified->findings.front()),
            "payload.keys:0: the slot of payload key 1 is damaged");
  journal = open();
  const auto payload = journal->payload(commitment.digest);
  ASSERT_FALSE(payload.has_value());
  EXPECT_EQ(payload.error().fault, ErrorKind::corrupt);
  EXPECT_THAT(payload.error().message, HasSubstr("the slot of payload key 1 is damaged"));
}

TEST_F(JournalTest, AJournalOfTheFirstFormatGoesOnInTheSecond) {
  std::vector<std::pair<Commitment, std::string>> stored;
  const auto append = [&stored](Journal& journal, PayloadKey key) {
    const std::string bytes = fmt::format("payload {}", stored.size());
    const Commitment commitment = journal.commit_to(bytes);
    const PayloadRef ref{commitment, bytes, key};
    ASSERT_TRUE(journal.append(fmt::format("[\"{}\"]", commitment.text()), {&ref, 1}));
    stored.emplace_back(commitment, bytes);
  };
  JournalOptions options = immediate();
  options.format = JournalFormat::first;
  auto journal = open(std::move(options));
  append(*journal, no_payload_key);
  append(*journal, no_payload_key);
  ASSERT_TRUE(journal->close().has_value());
  journal.reset();
  EXPECT_THAT(*disk_->list("journal"), testing::SizeIs(1));
  for (int life = 0; life < 2; ++life) {
    journal = open();
    EXPECT_EQ(found_.size(), stored.size());
    append(*journal, *journal->new_payload_key());
    for (const auto& [commitment, bytes] : stored) {
      const auto payload = journal->payload(commitment.digest);
      ASSERT_TRUE(payload.has_value()) << to_string(payload.error());
      EXPECT_EQ(payload->bytes, bytes);
    }
    ASSERT_TRUE(journal->close().has_value());
    journal.reset();
    EXPECT_THAT(*disk_->list("journal"),
                ElementsAre("00000000000000000000.seg", "00000000000000000002.seg"));
    expect_clean();
  }
  auto reader = JournalReader::open(*disk_);
  ASSERT_TRUE(reader.has_value());
  for (const auto& [commitment, bytes] : stored) {
    const auto entry = reader->next();
    ASSERT_TRUE(entry && *entry);
    EXPECT_THAT((*entry)->record, HasSubstr(commitment.text()));
    EXPECT_EQ(reader->payload(commitment.digest)->bytes, bytes);
  }
  // Erasing works in both.
  journal = open();
  ASSERT_TRUE(journal->erase(stored[0].first.digest).has_value());
  ASSERT_TRUE(journal->erase(stored[2].first.digest).has_value());
  ASSERT_TRUE(journal->close().has_value());
  expect_clean();
}

TEST_F(JournalTest, AnAppendThatCannotBeStoredWritesNothing) {
  auto journal = open();
  const Commitment commitment = journal->commit_to("x");
  const PayloadRef ref{commitment, "x"};
  EXPECT_EQ(journal->append("").error().fault, ErrorKind::invalid);
  EXPECT_EQ(journal->append(std::string(journal_record_bytes_max + 1, 'x')).error().fault,
            ErrorKind::invalid);
  EXPECT_EQ(journal->append("no commitment here", {&ref, 1}).error().fault, ErrorKind::internal);
  EXPECT_EQ(journal->next(), 0U);
  EXPECT_EQ(journal->bytes_written(), 0U);
  ASSERT_TRUE(journal->append(std::string(journal_record_bytes_max, 'x')));
  EXPECT_EQ(journal->bytes_written(), Journal::append_bytes(journal_record_bytes_max));
  const std::array<std::size_t, 1> sizes{1};
  const std::uint64_t before = journal->bytes_written();
  ASSERT_TRUE(journal->append(commitment.text(), {&ref, 1}));
  EXPECT_EQ(journal->bytes_written() - before,
            Journal::append_bytes(commitment.text().size(), sizes));
}

TEST_F(JournalTest, OnlyOneNodeHasADirectory) {
  auto journal = open();
  const auto second = Journal::open(*disk_, immediate());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().fault, ErrorKind::refused);
  EXPECT_THAT(second.error().message, HasSubstr("held by another process"));
  ASSERT_TRUE(journal->close().has_value());
  EXPECT_TRUE(Journal::open(*disk_, immediate()).has_value());
}

TEST_F(JournalTest, ALogKeepsItsName) {
  open();
  JournalOptions other = immediate();
  other.origin = "another.example";
  const auto refused = Journal::open(*disk_, std::move(other));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, ErrorKind::invalid);
  JournalOptions any = immediate();
  any.origin.clear();
  EXPECT_EQ((*Journal::open(*disk_, std::move(any)))->origin(), "test.example");
}

TEST_F(JournalTest, AnUnnamedLogGetsARandomName) {
  JournalOptions options = immediate();
  options.origin.clear();
  auto journal = open(std::move(options));
  EXPECT_THAT(journal->origin(), testing::MatchesRegex("pawl-[0-9a-f]{16}"));
  EXPECT_THAT(journal->public_key(), testing::StartsWith(journal->origin() + "+"));
}

TEST_F(JournalTest, ClosedIsClosed) {
  auto journal = open();
  ASSERT_TRUE(journal->append("one"));
  ASSERT_TRUE(journal->close().has_value());
  EXPECT_TRUE(journal->close().has_value());
  EXPECT_EQ(journal->append("two").error().fault, ErrorKind::io);
  EXPECT_FALSE(journal->snapshot("s").has_value());
  EXPECT_FALSE(journal->make_room().has_value());
}

TEST_F(JournalTest, ASnapshotSavesReading) {
  auto journal = open();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(journal->append("before"));
  const auto snapshot = journal->snapshot("state of ten");
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->size, 10U);
  ASSERT_TRUE(journal->append(snapshot->record()));
  ASSERT_TRUE(journal->append("after"));
  ASSERT_TRUE(journal->close().has_value());
  journal = open();
  EXPECT_EQ(state_, "state of ten");
  EXPECT_THAT(found_, ElementsAre(snapshot->record(), "after"));
  EXPECT_EQ(journal->recovery().from_snapshot, 10U);
  expect_clean();
}

TEST_F(JournalTest, ASnapshotThatNoRecordNamesIsNotTrusted) {
  auto journal = open();
  ASSERT_TRUE(journal->append("one"));
  ASSERT_TRUE(journal->snapshot("never named").has_value());
  // Its digest in a place that is not a name does not count.
  const auto forged = journal->snapshot("never named");
  ASSERT_TRUE(journal->append("{\"note\":" + forged->record() + "}"));
  ASSERT_TRUE(journal->close().has_value());
  journal = open();
  EXPECT_EQ(state_, "");
  EXPECT_EQ(found_.size(), 2U);
  EXPECT_THAT(*disk_->list("snapshots"), IsEmpty());
}

TEST_F(JournalTest, ADamagedSnapshotIsNotUsed) {
  auto journal = open();
  for (const char* state : {"first state", "second state"}) {
    ASSERT_TRUE(journal->append("before"));
    const auto snapshot = journal->snapshot(state);
    ASSERT_TRUE(journal->append(snapshot->record()));
  }
  ASSERT_TRUE(journal->close().has_value());
  const auto names = *disk_->list("snapshots");
  ASSERT_EQ(names.size(), 2U);
  auto file = *disk_->open("snapshots/" + names[1], Access::write);
  const std::uint64_t size = *file->size();
  ASSERT_TRUE(write_all(*file, size - 1, "X").has_value());
  journal = open();
  EXPECT_EQ(state_, "first state");
  EXPECT_EQ(found_.size(), 3U);
}

TEST_F(JournalTest, AnErrorFromTheReplayEndsTheOpening) {
  open()->append("one").value();
  JournalReplay replay;
  replay.record = [](std::uint64_t, std::string_view) -> Status {
    return fail(ErrorKind::invalid, "does not fold");
  };
  const auto journal = Journal::open(*disk_, immediate(), replay);
  ASSERT_FALSE(journal.has_value());
  EXPECT_EQ(journal.error().message, "does not fold");
  EXPECT_TRUE(Journal::open(*disk_, immediate()).has_value());
}

TEST_F(JournalTest, OptionsThatCannotWorkAreRefused) {
  JournalOptions tiny = immediate();
  tiny.segment_bytes_max = 100;
  EXPECT_FALSE(Journal::open(*disk_, std::move(tiny)).has_value());
  JournalOptions deaf = immediate();
  deaf.post = nullptr;
  EXPECT_EQ(Journal::open(*disk_, std::move(deaf)).error().fault, ErrorKind::internal);
}

}  // namespace
}  // namespace pawl
