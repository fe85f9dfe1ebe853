// A small journal, damaged in every way there is: each single bit flipped, each byte of a segment
// the last one, each file removed. The verifier must find every change, opening must never serve a
// changed record, and what was signed must never be missing unnoticed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "crash/sim_disk.h"
#include "io/journal/journal.h"
#include "io/journal/reader.h"
#include "io/journal/verify.h"

namespace pawl::crash {
namespace {

using testing::HasSubstr;

// What the journal is written in: one of the formats, or the first and then the second.
enum class Written : std::uint8_t { first, second, both };

class JournalDamage : public testing::TestWithParam<std::tuple<Written, std::size_t>> {
 protected:
  static Written written() { return std::get<0>(GetParam()); }
  // Tests that are long are played in shares, so that they can run beside each other.
  static std::size_t share() { return std::get<1>(GetParam()); }

  static JournalOptions options(Random& random, int life) {
    JournalOptions options;
    const bool first = written() == Written::first || (written() == Written::both && life == 0);
    options.format = first ? JournalFormat::first : JournalFormat::second;
    options.origin = "damage.example";
    options.post = [](const std::function<void()>& call) { call(); };
    options.syncer = make_inline_syncer();
    options.random = [&random](std::size_t count) { return random.bytes(count); };
    options.segment_bytes_max = 1024;
    options.grow_bytes = 64;
    options.reserve_bytes = 64;
    options.free_bytes_min = 0;
    return options;
  }

  // Two segments, payloads (one erased), two checkpoints, a snapshot with its record.
  void SetUp() override {
    Random random(7);
    for (int life = 0; life < 2; ++life) {
      auto journal = Journal::open(disk_, options(random, life));
      ASSERT_TRUE(journal.has_value()) << to_string(journal.error());
      const std::string bytes = life == 0 ? "erase me" : "an argument that stays";
      const Commitment commitment = (*journal)->commit_to(bytes);
      const auto key = (*journal)->new_payload_key();
      ASSERT_TRUE(key.has_value());
      append(**journal, fmt::format("{{\"p\":\"{}\"}}", commitment.text()),
             {PayloadRef{commitment, bytes, *key}});
      if (life == 0) {
        ASSERT_TRUE((*journal)->erase(commitment.digest).has_value());
      }
      append(**journal, fmt::format("{{\"life\":{},\"x\":\"{}\"}}", life, std::string(120, 'x')));
      auto snapshot = (*journal)->snapshot("the state");
      ASSERT_TRUE(snapshot.has_value());
      append(**journal, snapshot->record());
      ASSERT_TRUE((*journal)->close().has_value());
    }
    for (const std::string& path : disk_.paths()) files_[path] = disk_.contents(path);
  }

  void append(Journal& journal, const std::string& record, std::vector<PayloadRef> refs = {}) {
    const auto seq = journal.append(record, refs);
    ASSERT_TRUE(seq.has_value()) << to_string(seq.error());
    ASSERT_EQ(*seq, records_.size());
    records_.push_back(record);
  }

  std::unique_ptr<SimDisk> copy() const {
    auto disk = std::make_unique<SimDisk>(1);
    for (const auto& [path, bytes] : files_) disk->put(path, bytes);
    return disk;
  }

  // Opens and collects what is served; the records must be a beginning of what was written.
  Result<std::uint64_t> reopen(SimDisk& disk) const {
    Random random(9);
    std::uint64_t from = 0;
    std::vector<std::string> found;
    JournalReplay replay;
    replay.state = [&](std::string_view state, std::uint64_t size) -> Status {
      EXPECT_EQ(state, "the state");
      from = size;
      return {};
    };
    replay.record = [&](std::uint64_t seq, std::string_view text) -> Status {
      EXPECT_EQ(seq, from + found.size());
      found.emplace_back(text);
      return {};
    };
    auto journal = Journal::open(disk, options(random, 2), replay);
    if (!journal) return std::unexpected(journal.error());
    EXPECT_LE(from + found.size(), records_.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], records_[from + i]);
    return (*journal)->next();
  }

  SimDisk disk_{3};
  std::vector<std::string> records_;
  std::map<std::string, std::string> files_;
};

TEST_P(JournalDamage, TheUndamagedOneIsClean) {
  const auto verified = verify_journal(*copy());
  ASSERT_TRUE(verified.has_value());
  for (const JournalFinding& finding : verified->findings) ADD_FAILURE() << to_string(finding);
  EXPECT_EQ(verified->records, records_.size());
  EXPECT_EQ(verified->segments, 2U);
  EXPECT_EQ(verified->checkpoints, 2U);
  EXPECT_EQ(verified->checkpoint_size, records_.size());
  EXPECT_EQ(verified->payloads_present, 1U);
  EXPECT_EQ(verified->payloads_erased, 1U);
  EXPECT_EQ(verified->snapshots, 2U);
  EXPECT_EQ(verified->origin, "damage.example");
  EXPECT_EQ(*reopen(*copy()), records_.size());
}

constexpr std::size_t shares = 4;
class JournalDamageShare : public JournalDamage {};
std::string named(const testing::TestParamInfo<std::tuple<Written, std::size_t>>& each) {
  constexpr const char* names[] = {"First", "Second", "Both"};
  return names[static_cast<std::size_t>(std::get<0>(each.param))] +
         std::to_string(std::get<1>(each.param));
}
INSTANTIATE_TEST_SUITE_P(In, JournalDamage,
                         testing::Combine(testing::Values(Written::first, Written::second,
                                                          Written::both),
                                          testing::Values(0)),
                         named);
INSTANTIATE_TEST_SUITE_P(In, JournalDamageShare,
                         testing::Combine(testing::Values(Written::first, Written::second),
                                          testing::Range<std::size_t>(0, shares)),
                         named);

TEST_P(JournalDamageShare, EverySingleBitFlipIsFound) {
  for (const auto& [path, bytes] : files_) {
    const auto disk = copy();
    for (std::size_t bit = share(); bit < bytes.size() * 8; bit += shares) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      disk->put(path, flipped);
      const auto verified = verify_journal(*disk);
      ASSERT_TRUE(verified.has_value()) << path << " bit " << bit;
      ASSERT_FALSE(verified->clean()) << path << " byte " << bit / 8 << " bit " << bit % 8;
    }
  }
}

// What recovery accepts after a flip is the journal as it was, or it says that it is damaged.
TEST_P(JournalDamage, NoBitFlipIsServed) {
  for (const auto& [path, bytes] : files_) {
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
      const auto disk = copy();
      std::string flipped = bytes;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << (byte % 8)));
      disk->put(path, flipped);
      const auto size = reopen(*disk);
      if (size) {
        ASSERT_EQ(*size, records_.size()) << path << " byte " << byte;
      } else {
        ASSERT_EQ(size.error().fault, ErrorKind::corrupt)
            << path << " byte " << byte << ": " << to_string(size.error());
      }
    }
  }
}

TEST_P(JournalDamage, EveryFindingSaysWhere) {
  const std::string path = "journal/00000000000000000000.seg";
  const auto disk = copy();
  std::string flipped = files_[path];
  const std::size_t at = flipped.find("\"life\":0");
  ASSERT_NE(at, std::string::npos);
  flipped[at] = static_cast<char>(flipped[at] ^ 1);
  disk->put(path, flipped);
  const auto verified = verify_journal(*disk);
  ASSERT_FALSE(verified->clean());
  EXPECT_EQ(verified->findings.front().file, path);
  EXPECT_EQ(verified->findings.front().seq, 1U);
  EXPECT_LE(verified->findings.front().offset, at);
  EXPECT_THAT(to_string(verified->findings.front()), HasSubstr("record 1"));
}

// Eight bytes anywhere are one damage, and one finding: what only follows from it is not said.
TEST_P(JournalDamageShare, EightChangedBytesAreOneFinding) {
  constexpr std::size_t changed = 8;
  for (const auto& [path, bytes] : files_) {
    const auto disk = copy();
    for (std::size_t at = share(); at < bytes.size(); at += shares) {
      std::string flipped = bytes;
      for (std::size_t i = at; i < std::min(at + changed, bytes.size()); ++i) {
        flipped[i] = static_cast<char>(flipped[i] ^ 0x15);
      }
      disk->put(path, flipped);
      const auto verified = verify_journal(*disk);
      ASSERT_TRUE(verified.has_value());
      ASSERT_EQ(verified->findings.size(), 1U)
          << path << " byte " << at << ": " << to_string(verified->findings.front()) << "\n"
          << to_string(verified->findings.back());
      const bool behind = path.starts_with("journal/") && verified->damage() == nullptr;
      ASSERT_TRUE(!behind || verified->readable.front().end == records_.size()) << at;
    }
  }
}

TEST_P(JournalDamage, TheRecordsBehindDamageCanBeReadAgain) {
  const std::string path = "journal/00000000000000000000.seg";
  const std::uint64_t second = std::stoull(
      files_.lower_bound("journal/00000000000000000001")->first.substr(sizeof "journal/" - 1));
  for (std::uint64_t seq = 0; seq < second; ++seq) {
    const auto disk = copy();
    std::string flipped = files_[path];
    const std::size_t at = flipped.find(records_[seq]);
    ASSERT_NE(at, std::string::npos);
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    disk->put(path, flipped);
    const auto verified = verify_journal(*disk);
    std::vector<ReadableRecords> expected;
    if (seq > 0) expected.push_back({0, seq});
    expected.push_back({seq + 1, records_.size()});
    EXPECT_EQ(verified->readable, expected) << seq << ": " << verified->readable_text();
    ASSERT_NE(verified->damage(), nullptr);
    EXPECT_EQ(verified->damage()->seq, seq);
  }
}

TEST_P(JournalDamage, SegmentsThatChangedPlacesAreOneFinding) {
  const std::string one = "journal/00000000000000000000.seg";
  const std::string two = files_.lower_bound("journal/00000000000000000001")->first;
  const auto disk = copy();
  disk->put(one, files_[two]);
  disk->put(two, files_[one]);
  const auto verified = verify_journal(*disk);
  ASSERT_EQ(verified->findings.size(), 1U) << to_string(verified->findings.back());
  EXPECT_THAT(to_string(*verified->damage()), HasSubstr("holds the segment that begins with"));
  EXPECT_TRUE(verified->readable.empty());
  const auto reader = JournalReader::open(*disk);
  EXPECT_FALSE(reader.has_value());
}

TEST_P(JournalDamage, AMissingSegmentIsOneFindingAndTheRestCanBeRead) {
  const std::string one = "journal/00000000000000000000.seg";
  const std::string two = files_.lower_bound("journal/00000000000000000001")->first;
  const std::uint64_t second = std::stoull(two.substr(sizeof "journal/" - 1));
  for (const auto& [gone, left] : {std::pair(one, ReadableRecords{second, records_.size()}),
                                   std::pair(two, ReadableRecords{0, second})}) {
    const auto disk = copy();
    ASSERT_TRUE(disk->remove(gone).has_value());
    const auto verified = verify_journal(*disk);
    ASSERT_EQ(verified->findings.size(), 1U) << to_string(verified->findings.back());
    EXPECT_EQ(verified->readable, std::vector{left}) << gone;
  }
}

// Bytes behind everything that is signed are what a crash leaves.
TEST_P(JournalDamage, ATornEndIsFoundAndIsNoDamage) {
  const std::string path = files_.lower_bound("journal/00000000000000000001")->first;
  const auto disk = copy();
  std::string torn = files_[path];
  const std::size_t end = torn.find(records_.back()) + records_.back().size();
  torn.replace((end + 7) / 8 * 8, 12,
               written() == Written::first ? "PWF1\x20\0\0\0torn" : "PWF2\x20\0\0\0torn");
  disk->put(path, torn);
  const auto verified = verify_journal(*disk);
  ASSERT_EQ(verified->findings.size(), 1U);
  EXPECT_TRUE(verified->findings.front().torn);
  EXPECT_EQ(verified->damage(), nullptr);
  EXPECT_EQ(verified->readable, (std::vector{ReadableRecords{0, records_.size()}}));
  EXPECT_EQ(*reopen(*disk), records_.size());
}

TEST_P(JournalDamage, EveryMissingFileIsFound) {
  for (const auto& [path, bytes] : files_) {
    const auto disk = copy();
    ASSERT_TRUE(disk->remove(path).has_value());
    const auto verified = verify_journal(*disk);
    ASSERT_TRUE(verified.has_value());
    const auto size = reopen(*disk);
    if (path.starts_with("journal/")) {
      EXPECT_FALSE(verified->clean()) << path;
      ASSERT_FALSE(size.has_value()) << path;
      EXPECT_EQ(size.error().fault, ErrorKind::corrupt);
    }
    if (path == "node.key" || path == "checkpoints") {
      ASSERT_FALSE(size.has_value()) << path;
      EXPECT_EQ(size.error().fault, ErrorKind::corrupt);
    }
    // Without a snapshot everything is read; without `checkpoint` there is `checkpoints`.
    if (path.starts_with("snapshots/") || path == "checkpoint" || path == "node.pub") {
      ASSERT_TRUE(size.has_value()) << path << ": " << to_string(size.error());
      EXPECT_EQ(*size, records_.size());
    }
  }
}

TEST_P(JournalDamage, TheMessageSaysWhatWasSignedAndWhatIsThere) {
  const auto disk = copy();
  ASSERT_TRUE(disk->remove(files_.lower_bound("journal/00000000000000000001")->first).has_value());
  const auto size = reopen(*disk);
  ASSERT_FALSE(size.has_value());
  EXPECT_THAT(size.error().message,
              HasSubstr(fmt::format("its newest signed checkpoint counts {}", records_.size())));
}

// A torn end: the last segment ends anywhere, with nothing behind it or with zeros. With the
// checkpoints taken away there is nothing to miss, so whole records must come back, and no more.
TEST_P(JournalDamage, EveryCutOfTheLastSegmentRecovers) {
  const std::string path = files_.lower_bound("journal/00000000000000000001")->first;
  const std::string& whole = files_[path];
  const std::uint64_t first = std::stoull(path.substr(path.find('/') + 1));
  std::vector<std::size_t> ends;
  for (std::size_t i = first; i < records_.size(); ++i) {
    ends.push_back(whole.find(records_[i]) + records_[i].size());
  }
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    for (const bool zeros : {false, true}) {
      const auto disk = copy();
      for (const char* name : {"checkpoint", "checkpoints"}) {
        ASSERT_TRUE(disk->remove(name).has_value());
      }
      std::string torn = whole.substr(0, cut);
      if (zeros) torn.resize(whole.size(), '\0');
      disk->put(path, torn);
      const auto size = reopen(*disk);
      // A head that is cut is a segment that was never begun, unless records stand behind it.
      ASSERT_TRUE(size.has_value()) << cut << ": " << to_string(size.error());
      const auto kept = static_cast<std::uint64_t>(
          std::ranges::count_if(ends, [&](std::size_t end) { return end <= cut; }));
      // A payload that is cut takes its record, and what follows, with it.
      ASSERT_LE(*size, first + kept) << cut;
      if (cut == whole.size()) ASSERT_EQ(*size, records_.size());
      const auto verified = verify_journal(*disk);
      ASSERT_TRUE(verified->clean()) << cut << ": " << to_string(verified->findings.front());
      ASSERT_EQ(verified->records, *size);
    }
  }
}

// The same with the checkpoints in place: nothing that was signed may be missing.
TEST_P(JournalDamage, NoCutBelowTheCheckpointIsAccepted) {
  const std::string path = files_.lower_bound("journal/00000000000000000001")->first;
  const std::string& whole = files_[path];
  const std::size_t end = whole.find(records_.back()) + records_.back().size();
  for (std::size_t cut = 0; cut < end; ++cut) {
    const auto disk = copy();
    disk->put(path, whole.substr(0, cut));
    const auto size = reopen(*disk);
    ASSERT_FALSE(size.has_value()) << cut;
    ASSERT_EQ(size.error().fault, ErrorKind::corrupt) << cut;
    // It must not have been repaired into silence either.
    ASSERT_EQ(disk->contents(path), whole.substr(0, cut));
  }
}

TEST_P(JournalDamage, AnotherHistoryIsFoundAgainstACheckpointKeptElsewhere) {
  VerifyOptions options;
  options.expected.push_back({records_.size(), Digest{}});
  const auto verified = verify_journal(*copy(), options);
  ASSERT_FALSE(verified->clean());
  EXPECT_THAT(to_string(verified->findings.front()), HasSubstr("the checkpoint kept elsewhere"));
}

// … and never takes it for the end: what a checkpoint counts and is not there is an error.
TEST_P(JournalDamage, AReaderStopsBeforeDamageAndSaysSo) {
  for (const auto& [path, bytes] : files_) {
    if (!path.starts_with("journal/")) continue;
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
      const auto disk = copy();
      std::string flipped = bytes;
      flipped[byte] = static_cast<char>(flipped[byte] ^ 0x40);
      disk->put(path, flipped);
      auto reader = JournalReader::open(*disk);
      if (!reader) continue;
      for (std::size_t seq = 0;; ++seq) {
        const auto entry = reader->next();
        if (!entry) {
          ASSERT_EQ(entry.error().fault, ErrorKind::corrupt) << to_string(entry.error());
          break;
        }
        if (!*entry) {
          ASSERT_EQ(seq, records_.size()) << path << " byte " << byte << ": a shorter journal";
          break;
        }
        ASSERT_EQ((*entry)->seq, seq);
        ASSERT_EQ((*entry)->record, records_[seq]);
      }
    }
  }
}

}  // namespace
}  // namespace pawl::crash
