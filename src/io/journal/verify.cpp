#include "io/journal/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "io/journal/verify_parts.h"

namespace pawl {

std::string to_string(const JournalFinding& finding) {
  std::string text = fmt::format("{}:{}: ", finding.file, finding.offset);
  if (finding.seq && finding.last_seq && *finding.last_seq > *finding.seq) {
    text += fmt::format("records {} to {}: ", *finding.seq, *finding.last_seq);
  } else if (finding.seq) {
    text += fmt::format("record {}: ", *finding.seq);
  }
  return text + finding.what;
}

const JournalFinding* JournalVerification::damage() const {
  const auto found = std::ranges::find(findings, false, &JournalFinding::torn);
  return found == findings.end() ? nullptr : &*found;
}

std::string JournalVerification::readable_text() const {
  std::string text;
  for (const ReadableRecords& part : readable) {
    text += text.empty() ? "" : &part == &readable.back() ? ", and " : ", ";
    text += part.end == part.first + 1 ? fmt::format("record {}", part.first)
                                       : fmt::format("records {} to {}", part.first, part.end - 1);
  }
  return text.empty() ? "no record" : text;
}

namespace journal {

Findings::Place Findings::add(const std::string& file, std::uint64_t offset, std::string what,
                              std::optional<std::uint64_t> seq) {
  if (into_.findings.size() >= findings_max_) {
    into_.more_findings = true;
    return std::nullopt;
  }
  into_.findings.push_back({file, offset, seq, std::move(what)});
  return into_.findings.size() - 1;
}

Findings::Place Findings::add_torn(const std::string& file, std::uint64_t offset, std::string what,
                                   std::optional<std::uint64_t> seq) {
  const Place place = add(file, offset, std::move(what), seq);
  if (place) into_.findings[*place].torn = true;
  return place;
}

void Findings::was_changed(Place place, std::string what) {
  if (!place) return;
  into_.findings[*place].torn = false;
  into_.findings[*place].what = std::move(what);
}

void Findings::reaches(Place place, std::uint64_t last_seq) {
  if (place) into_.findings[*place].last_seq = last_seq;
}

Result<std::string_view> Window::read(std::uint64_t offset, std::size_t count) {
  constexpr std::size_t ahead_bytes = 256UL << 10;
  if (offset < at_ || offset + count > at_ + bytes_.size()) {
    auto read = read_there(file_, offset, std::max(count, ahead_bytes));
    PAWL_TRY(read);
    bytes_ = *std::move(read);
    at_ = offset;
  }
  return std::string_view(bytes_).substr(offset - at_, count);
}

bool Fields::is_zero(std::size_t from, std::size_t to) const {
  const std::string_view part = text(from, to - from);
  return part.find_first_not_of('\0') == part.npos;
}

namespace {

Digest joined(const Digest& left, const Digest& right) {
  return sha256({"\x01", bytes_of(left), bytes_of(right)});
}

constexpr std::uint64_t snapshot_file_bytes_max = 2UL << 30;
constexpr std::size_t snapshot_fixed_bytes = 96;

}  // namespace

void Mountains::add(const Digest& leaf) {
  peaks_.emplace_back(0, leaf);
  while (peaks_.size() > 1 && peaks_[peaks_.size() - 2].first == peaks_.back().first) {
    const Digest right = peaks_.back().second;
    peaks_.pop_back();
    peaks_.back().second = joined(peaks_.back().second, right);
    ++peaks_.back().first;
  }
  ++size_;
}

Digest Mountains::root() const {
  if (peaks_.empty()) return sha256(std::string_view{});
  auto peak = peaks_.rbegin();
  Digest root = peak->second;
  for (++peak; peak != peaks_.rend(); ++peak) root = joined(peak->second, root);
  return root;
}

Result<SnapshotFiles> read_snapshots(Disk& disk, Findings& findings, JournalVerification& into) {
  SnapshotFiles snapshots;
  auto names = disk.list("snapshots");
  if (!names && names.error().fault == ErrorKind::missing) return snapshots;
  PAWL_TRY(names);
  for (const std::string& name : *names) {
    const std::string file = "snapshots/" + name;
    auto bytes = read_whole(disk, file, snapshot_file_bytes_max);
    if (!bytes && bytes.error().fault == ErrorKind::missing) continue;  // replaced while we looked
    PAWL_TRY(bytes);
    ++into.snapshots;
    const Fields fields(*bytes);
    const std::uint64_t size = fields.u64(16);
    const std::uint64_t hashes = fields.u32(12);
    bool said = true;
    if (fields.text(0, 8) != "PAWLSNAP" || fields.u32(8) != 1 || !fields.is_zero(56, 64) ||
        hashes != static_cast<std::uint64_t>(std::popcount(size)) ||
        bytes->size() != snapshot_fixed_bytes + hashes * sizeof(Digest) + fields.u64(48)) {
      findings.add(file, 0, "this is not a whole snapshot");
    } else if (name != fmt::format("{:020}", size)) {
      findings.add(file, 16, fmt::format("the snapshot of {} records has another name", size));
    } else {
      said = false;
    }
    if (!said) snapshots[to_string(sha256(*bytes))] = {file, size, false};
  }
  return snapshots;
}

// The slots from one on, as they stand there.
Result<std::vector<SealKeys::Found>> SealKeys::slots(std::uint64_t from) const {
  constexpr std::size_t slot_bytes = 64;
  constexpr std::size_t block_slots = 1024;
  std::vector<Found> found;
  auto file = disk_.open("payload.keys", Access::read);
  if (!file && file.error().fault == ErrorKind::missing) return found;
  PAWL_TRY(file);
  for (;;) {
    const std::uint64_t next = from + found.size();
    auto block = read_there(**file, next * slot_bytes, block_slots * slot_bytes);
    PAWL_TRY(block);
    for (std::size_t at = 0; at < block->size(); at += slot_bytes) {
      const Fields slot(std::string_view(*block).substr(at, slot_bytes));
      const std::uint32_t state = slot.u32(4);
      const bool whole = slot.text(0, 4) == "PWK1" && (state == 1 || state == 2) &&
                         slot.u64(8) == from + found.size() + 1 && slot.is_zero(48, 56) &&
                         slot.u32(56) == crc32c(slot.text(0, 56)) && slot.text(60, 4) == "end." &&
                         (state == 1 || slot.is_zero(16, 48));
      // What a running node has not written to its end, or a crash tore, seals nothing.
      const bool unfinished = slot.is_zero(63, 64);
      Found one{.state = whole ? (state == 1 ? State::present : State::destroyed)
                               : (unfinished ? State::missing : State::damaged)};
      if (one.state == State::present) std::memcpy(one.key.data(), slot.text(16, 32).data(), 32);
      found.push_back(one);
    }
    if (block->size() < block_slots * slot_bytes) return found;
  }
}

Status SealKeys::read(Findings& findings) {
  auto found = slots(0);
  PAWL_TRY(found);
  found_ = *std::move(found);
  bool before = false;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const bool damaged = found_[i].state == State::damaged;
    if (damaged && !before) {
      findings.add("payload.keys", i * 64,
                   fmt::format("the slot of payload key {} is damaged", i + 1));
    }
    before = damaged;
  }
  return {};
}

SealKeys::Found SealKeys::find(std::uint64_t number) {
  if (number == 0) return {.state = State::present};
  if (number > found_.size() || found_[number - 1].state == State::missing) {
    found_.resize(std::min<std::uint64_t>(number - 1, found_.size()));
    if (const auto more = slots(found_.size())) {
      found_.insert(found_.end(), more->begin(), more->end());
    }
  }
  return number > found_.size() ? Found{} : found_[number - 1];
}

}  // namespace journal

Result<JournalVerification> verify_journal(Disk& disk, const VerifyOptions& options) {
  JournalVerification result;
  journal::Findings findings(result, options.findings_max);
  auto snapshots = journal::read_snapshots(disk, findings, result);
  PAWL_TRY(snapshots);
  // Before the segments: whatever is signed by now is in them when they are read.
  auto roots = journal::verify_notes(disk, options.pause, findings, result);
  PAWL_TRY(roots);
  for (const ExpectedCheckpoint& expected : options.expected) {
    roots->emplace(expected.size,
                   journal::PromisedRoot{expected.root, "the checkpoint kept elsewhere", 0});
  }
  const std::size_t before = result.findings.size();
  const Status walked =
      journal::verify_segments(disk, options, *roots, *snapshots, findings, result);
  PAWL_TRY(walked);

  // A record that is lost may be the one that names a snapshot.
  const bool to_the_end = result.records >= result.checkpoint_size;
  const bool all_read =
      result.readable.empty()
          ? result.records == 0 && result.findings.size() == before
          : to_the_end && result.readable.front() == ReadableRecords{0, result.records};
  for (const auto& [digest, snapshot] : *snapshots) {
    if (!all_read) break;
    if (snapshot.size > result.records) {
      findings.add(snapshot.file, 16,
                   fmt::format("the snapshot is of {} records, the journal holds {}", snapshot.size,
                               result.records));
    } else if (!snapshot.named && snapshot.size < result.records) {
      findings.add(snapshot.file, 0,
                   fmt::format("no record names the snapshot `{}`: it is damaged, or not from "
                               "this journal",
                               digest));
    }
  }
  auto erasing = disk.open("erasing", Access::read);
  if (erasing) findings.add("erasing", 0, "an erasure was begun and not finished");
  return result;
}

}  // namespace pawl
