// The examples of docs/formats/journal.md are what this code writes, byte by byte, and what the
// page says about their fields is what stands in them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "io/journal/frame.h"
#include "io/journal/journal_test_support.h"
#include "io/journal/merkle.h"
#include "io/journal/note.h"
#include "io/journal/payload_keys.h"
#include "io/journal/posix_disk.h"
#include "io/journal/snapshot.h"

namespace pawl::journal {
namespace {

using journal_testing::immediate;
using journal_testing::Scratch;

// What stands between "```NAME" and "```" in the page.
std::string block(const std::string& name) {
  std::ifstream page(PAWL_SOURCE_DIR "/docs/formats/journal.md");
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (inside && line == "```") return text;
    if (inside) text += line + "\n";
    if (line == "```" + name) inside = true;
  }
  ADD_FAILURE() << "the page has no block `" << name << "`";
  return text;
}

// The bytes of a hex block: `offset  xx xx xx …` on each line.
std::string bytes_of_block(const std::string& name) {
  std::istringstream lines(block(name));
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string field;
    fields >> field;
    EXPECT_EQ(field, fmt::format("{:04x}", bytes.size())) << name;
    while (fields >> field) {
      std::string byte;
      EXPECT_TRUE(unhex(field, byte)) << name << ": " << line;
      bytes += byte;
    }
  }
  return bytes;
}

// The page's spelling of bytes, for the author who brings it up to date.
std::string as_block(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    text += fmt::format("{:04x} ", at);
    for (const char byte : bytes.substr(at, 16)) {
      text += fmt::format(" {:02x}", static_cast<unsigned char>(byte));
    }
    text += '\n';
  }
  return text;
}

// The blocks of the first format have its name before theirs.
class JournalFormats : public testing::TestWithParam<JournalFormat> {
 protected:
  void SetUp() override {
    disk_ = *PosixDisk::open(scratch_.path(), PosixDisk::Root::must_exist);
    JournalOptions options = immediate();
    options.origin = "example";
    options.format = GetParam();
    // Keys and salts are random; the example's are the bytes 0, 1, 2 and so on.
    options.random = [](std::size_t count) {
      std::string bytes;
      while (bytes.size() < count) bytes += static_cast<char>(bytes.size());
      return bytes;
    };
    auto journal = *Journal::open(*disk_, std::move(options));
    const std::string payload = "{\"path\":\"/tmp/a\"}";
    const Commitment commitment = journal->commit_to(payload);
    const PayloadRef ref{commitment, payload, *journal->new_payload_key()};
    ASSERT_TRUE(journal->append("{\"args\":\"" + commitment.text() + "\"}", {&ref, 1}));
    ASSERT_TRUE(journal->snapshot("a state").has_value());
    ASSERT_TRUE(journal->close().has_value());
  }

  std::string file(const std::string& path, std::uint64_t at, std::size_t count) {
    return *read_there(**disk_->open(path, Access::read), at, count);
  }

  void expect_block(const std::string& name, std::string_view bytes) {
    EXPECT_EQ(as_block(bytes_of_block(name)), as_block(bytes)) << "block `" << name << "`";
  }

  bool second() const { return GetParam() == JournalFormat::second; }
  std::string named(const std::string& block) const {
    return second() ? "hex " + block : "hex first " + block;
  }
  // Where the entry of the example's payload stands.
  std::uint64_t entry_at() const {
    return second() ? head_end_ + frame_bytes(record().size()) : 65UL << 20;
  }
  // The record that the example's payload and its salt lead to.
  std::string record() const {
    std::string salt_and_payload;
    while (salt_and_payload.size() < salt_bytes) {
      salt_and_payload += static_cast<char>(salt_and_payload.size());
    }
    salt_and_payload += "{\"path\":\"/tmp/a\"}";
    return "{\"args\":\"sha256:" + hex(sha256(salt_and_payload)) + "\"}";
  }

  static constexpr char segment_[] = "journal/00000000000000000000.seg";
  static constexpr std::size_t head_end_ = 152;  // 32 + 112 + 7, padded
  Scratch scratch_;
  std::unique_ptr<PosixDisk> disk_;
};

INSTANTIATE_TEST_SUITE_P(Both, JournalFormats,
                         testing::Values(JournalFormat::first, JournalFormat::second));

TEST_P(JournalFormats, TheSegmentFrameIsThePages) {
  const std::string bytes = file(segment_, 0, head_end_);
  expect_block(named("segment"), bytes);
  const auto head = read_frame_head(JournalFormat::first, bytes);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->kind, FrameKind::segment);
  EXPECT_EQ(head->length, 119U);
  EXPECT_TRUE(frame_is_whole(std::string_view(bytes).substr(0, 32 + 119), *head, no_leaf));
  const auto segment = read_segment_text(std::string_view(bytes).substr(32, 119));
  ASSERT_TRUE(segment.has_value());
  EXPECT_EQ(segment->format, GetParam());
  EXPECT_EQ(segment->origin, "example");
  EXPECT_EQ(segment->payload_area, second() ? 0 : 65UL << 20);
  EXPECT_EQ(segment->previous_first, no_segment);
  EXPECT_EQ(segment->root, Frontier().root());
}

TEST_P(JournalFormats, TheRecordFrameIsThePages) {
  const std::string bytes = file(segment_, head_end_, frame_bytes(record().size()));
  expect_block(named("record"), bytes);
  const auto head = read_frame_head(GetParam(), bytes);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->kind, FrameKind::record);
  EXPECT_EQ(head->seq, 0U);
  EXPECT_EQ(head->entries, second() ? 112U : 128U);
  EXPECT_EQ(bytes.substr(32, head->length), record());
  EXPECT_TRUE(frame_is_whole(bytes.substr(0, 32 + head->length), *head, no_leaf));
}

TEST_P(JournalFormats, ThePayloadEntryIsThePages) {
  const std::string bytes = file(segment_, entry_at(), entry_bytes(GetParam(), 17));
  expect_block(named("payload"), bytes);
  const auto head = read_entry_head(GetParam(), bytes);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->state, EntryState::present);
  EXPECT_EQ(head->length, 17U);
  EXPECT_EQ(head->seq, 0U);
  std::string body = bytes.substr(entry_head_bytes(GetParam()), salt_bytes + 17);
  if (second()) {
    EXPECT_EQ(head->key, 1U);
    EXPECT_EQ(head->body_crc, crc32c(body));
    EXPECT_EQ(body.find("path"), body.npos);
    seal_payload(**read_payload_key(*disk_, head->key), head->commitment, body);
  }
  EXPECT_EQ(head->commitment, sha256(body));
  EXPECT_EQ(body.substr(salt_bytes), "{\"path\":\"/tmp/a\"}");
}

TEST_P(JournalFormats, TheKeysSlotIsThePages) {
  expect_block("hex key", file("payload.keys", 0, 1000));
}

TEST_P(JournalFormats, TheCheckpointAndItsKeyAreThePages) {
  EXPECT_EQ(block("checkpoint"), file("checkpoint", 0, 1000));
  EXPECT_EQ(block("checkpoint"), file("checkpoints", 0, 1000));
  EXPECT_EQ(block("node.pub"), file("node.pub", 0, 1000));
  const auto key = PublicKey::parse(block("node.pub"));
  ASSERT_TRUE(key.has_value());
  const auto checkpoint = key->verify(block("checkpoint"));
  ASSERT_TRUE(checkpoint.has_value());
  EXPECT_EQ(checkpoint->size, 1U);
  EXPECT_EQ(checkpoint->root,
            leaf_hash(bytes_of_block("hex record").substr(32, bytes_of_block("hex record")[4])));
}

TEST_P(JournalFormats, TheSnapshotIsThePages) {
  const std::string bytes = file("snapshots/00000000000000000001", 0, 1000);
  if (second()) expect_block("hex snapshot", bytes);
  const auto snapshot = parse_snapshot(bytes);
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->state, "a state");
  EXPECT_EQ(snapshot->tree.size(), 1U);
  const std::uint64_t entries = second() ? entry_bytes(GetParam(), 17) : 0;
  EXPECT_EQ(snapshot->place.offset, head_end_ + frame_bytes(record().size()) + entries);
  EXPECT_EQ(snapshot->place.payload_end, second() ? 0 : entry_bytes(GetParam(), 17));
  // Nothing less than all of it is a snapshot.
  for (std::size_t count = 0; count < bytes.size(); ++count) {
    EXPECT_FALSE(parse_snapshot(bytes.substr(0, count)).has_value()) << count;
  }
  EXPECT_FALSE(parse_snapshot(bytes + "x").has_value());
}

class JournalFrames : public testing::TestWithParam<JournalFormat> {};
INSTANTIATE_TEST_SUITE_P(Both, JournalFrames,
                         testing::Values(JournalFormat::first, JournalFormat::second));

TEST_P(JournalFrames, EveryFlippedBitOfAFrameIsSeen) {
  const JournalFormat format = GetParam();
  const Digest before = sha256("before");
  std::string bytes;
  write_frame(bytes, format, {.seq = 7, .entries = 64}, "a record of odd length", before);
  const std::size_t used = frame_head_bytes + std::string_view("a record of odd length").size();
  EXPECT_EQ(bytes.size() % frame_alignment_bytes, 0U);
  EXPECT_FALSE(frame_is_whole(bytes.substr(0, used), *read_frame_head(format, bytes), no_leaf));
  for (std::size_t bit = 0; bit < used * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto head = read_frame_head(format, flipped);
    EXPECT_FALSE(head && frame_is_whole(flipped.substr(0, used), *head, before)) << bit;
  }
}

TEST_P(JournalFrames, EveryFlippedBitOfAnEntryHeadIsSeen) {
  const JournalFormat format = GetParam();
  std::string bytes;
  write_entry_head(bytes, format,
                   {.length = 5, .seq = 9, .commitment = sha256("c"), .key = 3, .body_crc = 4});
  ASSERT_EQ(bytes.size(), entry_head_bytes(format));
  ASSERT_TRUE(read_entry_head(format, bytes).has_value());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(read_entry_head(format, flipped).has_value()) << bit;
  }
}

TEST(JournalSegmentHeads, OfAnotherFormatAreRefused) {
  SegmentHead head{.format = JournalFormat::first, .origin = "o", .payload_area = 4096};
  std::string text = segment_text(head);
  EXPECT_TRUE(read_segment_text(text).has_value());
  EXPECT_FALSE(read_segment_text(text + "x").has_value());
  EXPECT_FALSE(read_segment_text(text.substr(0, 100)).has_value());
  text[0] = 2;  // the second format has no payload area
  EXPECT_FALSE(read_segment_text(text).has_value());
  text[0] = 3;
  const auto newer = read_segment_text(text);
  ASSERT_FALSE(newer.has_value());
  EXPECT_THAT(newer.error().message,
              testing::HasSubstr("a format that this program does not know"));
  head.payload_area = ~0ULL;
  EXPECT_FALSE(read_segment_text(segment_text(head)).has_value());
}

}  // namespace
}  // namespace pawl::journal
