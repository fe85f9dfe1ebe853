#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "io/journal/verify_parts.h"

namespace pawl::journal {
namespace {

constexpr std::size_t head_bytes = 32;
constexpr std::size_t verified_fixed_bytes = 112;
constexpr std::size_t entry_bytes = 64;
constexpr std::size_t salt_and_entry_bytes = 80;
constexpr std::uint32_t record_kind = 1;
constexpr std::uint32_t segment_kind = 2;
constexpr std::uint64_t text_bytes_max = 16UL << 20;
constexpr std::uint64_t stored_bytes_max = 1UL << 32;
constexpr std::uint64_t verified_block_bytes = 8UL << 10;

std::uint64_t up(std::uint64_t count, std::uint64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

Digest digest_at(std::string_view bytes, std::size_t at) {
  Digest digest{};
  if (at + digest.size() <= bytes.size()) {
    std::memcpy(digest.data(), bytes.data() + at, digest.size());
  }
  return digest;
}

// What one segment is expected to continue.
struct Chain {
  std::uint64_t seq = 0;
  Digest leaf{};
  std::uint64_t first = ~0ULL;
  std::uint64_t records_end = 0;
  std::uint64_t payload_end = 0;
  bool known = true;  // false behind damage: what follows cannot be compared with it
};

class Segments {
 public:
  Segments(Disk& disk, const VerifyOptions& options, const PromisedRoots& roots,
           SnapshotFiles& snapshots, Findings& findings, JournalVerification& into)
      : disk_(disk),
        options_(options),
        roots_(roots),
        snapshots_(snapshots),
        findings_(findings),
        into_(into) {}

  Status run();

 private:
  struct Frame {
    std::uint32_t length = 0;
    std::uint64_t seq = 0;
    std::uint64_t payload_end = 0;
    std::uint32_t kind = 0;
    std::uint32_t crc = 0;
    std::string text;
    bool whole = false;
  };

  Status segment(std::uint64_t first, bool last);
  bool head(std::uint64_t first, const Frame& frame);
  void link(std::uint64_t first, std::string_view text);
  Status records(const File& file, bool last);
  // Behind the last record and the last payload there are zeros.
  Status tail(const File& file);
  // The frame at `at`, whole or not; an error only if the file cannot be read.
  Result<Frame> frame(const File& file, std::uint64_t at, std::uint64_t limit, const Digest& leaf);
  void record(const Frame& frame, std::uint64_t at);
  Status payloads(const File& file, const Frame& frame);
  Result<std::uint64_t> entry(const File& file, std::uint64_t at, const Frame& frame);
  Status zeros(const File& file, std::uint64_t from, std::uint64_t to, const char* where);
  void roots_at(std::uint64_t size, std::uint64_t at);
  void add(std::uint64_t at, std::string what, std::optional<std::uint64_t> seq = {}) {
    findings_.add(file_, at, std::move(what), seq);
  }

  Disk& disk_;
  const VerifyOptions& options_;
  const PromisedRoots& roots_;
  SnapshotFiles& snapshots_;
  Findings& findings_;
  JournalVerification& into_;

  Mountains tree_;
  Chain chain_;
  std::string file_;
  std::uint64_t area_ = 0;   // where the payloads of this segment begin
  std::uint64_t place_ = 0;  // of the next frame
};

Status Segments::run() {
  auto names = disk_.list("journal");
  if (!names && names.error().fault != Fault::missing) return std::unexpected(names.error());
  std::vector<std::uint64_t> firsts;
  for (const std::string& name : names ? *names : std::vector<std::string>{}) {
    const std::uint64_t first = std::strtoull(name.c_str(), nullptr, 10);
    if (name == fmt::format("{:020}.seg", first)) {
      firsts.push_back(first);
    } else {
      findings_.add("journal/" + name, 0, "this is not a segment");
    }
  }
  std::ranges::sort(firsts);
  roots_at(0, 0);
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    const Status walked = segment(firsts[i], i + 1 == firsts.size());
    if (!walked) return walked;
    if (options_.progress) options_.progress(i + 1, firsts.size());
  }
  into_.segments = firsts.size();
  into_.records = chain_.seq;
  into_.root = tree_.root();
  for (auto root = roots_.upper_bound(chain_.seq); root != roots_.end(); ++root) {
    findings_.add(root->second.file, root->second.offset,
                  fmt::format("the checkpoint counts {} records, the journal holds {}: records "
                              "were removed or damaged",
                              root->first, chain_.seq));
  }
  return {};
}

Status Segments::segment(std::uint64_t first, bool last) {
  file_ = fmt::format("journal/{:020}.seg", first);
  auto file = disk_.open(file_, Access::read);
  // A running node takes an empty segment back where the disk has no room for it.
  if (!file && file.error().fault == Fault::missing && last && options_.pause) return {};
  if (!file) return std::unexpected(file.error());
  auto start = frame(**file, 0, text_bytes_max, {});
  for (int tries = 0; start && !start->whole && last && options_.pause && tries < pauses_max;
       ++tries) {
    options_.pause();
    start = frame(**file, 0, text_bytes_max, {});
  }
  if (!start) return std::unexpected(start.error());
  if (first != chain_.seq && chain_.known) {
    add(0, fmt::format("records {} to {} are missing", chain_.seq, first - 1), chain_.seq);
  }
  if (!start->whole || !head(first, *start)) {
    add(0, "the head of the segment is damaged", first);
    chain_.known = false;
    return {};
  }
  link(first, start->text);
  chain_ = Chain{.seq = first, .leaf = digest_at(start->text, 80), .first = first};
  place_ = up(head_bytes + start->length, 8);
  if (Status padding = zeros(**file, head_bytes + start->length, place_, "padding"); !padding) {
    return padding;
  }
  if (Status walked = records(**file, last); !walked) return walked;
  chain_.records_end = place_;
  return {};
}

bool Segments::head(std::uint64_t first, const Frame& frame) {
  const Fields fields(frame.text);
  area_ = fields.u64(8);
  return frame.kind == segment_kind && frame.seq == first && frame.payload_end == 0 &&
         frame.length == verified_fixed_bytes + fields.u32(4) && fields.u32(0) == 1 &&
         fields.is_zero(40, 48) && area_ % entry_bytes == 0 && area_ >= head_bytes + frame.length &&
         (into_.origin.empty() || fields.text(verified_fixed_bytes, ~0ULL) == into_.origin);
}

// The head repeats where the segment before ended: nothing can be taken out in between.
void Segments::link(std::uint64_t first, std::string_view text) {
  const Fields fields(text);
  if (!chain_.known || chain_.seq != first) return;
  if (fields.u64(16) != chain_.first || fields.u64(24) != chain_.records_end ||
      fields.u64(32) != chain_.payload_end || digest_at(text, 80) != chain_.leaf) {
    add(0, "the segment does not continue the one before it", first);
  }
  if (tree_.size() == first && digest_at(text, 48) != tree_.root()) {
    add(0, fmt::format("the head names another root for the first {} records", first), first);
  }
}

Result<Segments::Frame> Segments::frame(const File& file, std::uint64_t at, std::uint64_t limit,
                                        const Digest& leaf) {
  Frame frame;
  if (at + head_bytes > limit) return frame;
  auto head = read_there(file, at, head_bytes);
  if (!head) return std::unexpected(head.error());
  const Fields fields(*head);
  frame.length = fields.u32(4);
  frame.seq = fields.u64(8);
  frame.payload_end = fields.u64(16);
  frame.kind = fields.u32(24);
  frame.crc = fields.u32(28);
  if (fields.text(0, 4) != "PWF1" || frame.length > text_bytes_max ||
      at + up(head_bytes + frame.length, 8) > limit) {
    return frame;
  }
  auto text = read_there(file, at + head_bytes, frame.length);
  if (!text) return std::unexpected(text.error());
  const std::string chained =
      std::string(bytes_of(leaf)) + std::string(fields.text(0, head_bytes - 4)) + *text;
  frame.whole = text->size() == frame.length && crc32c(chained) == frame.crc;
  frame.text = std::move(*text);
  return frame;
}

Status Segments::records(const File& file, bool last) {
  int pauses = options_.pause && last ? pauses_max : 0;
  for (;;) {
    auto found = frame(file, place_, area_, chain_.leaf);
    if (!found) return std::unexpected(found.error());
    if (!found->whole || found->kind != record_kind || found->seq != chain_.seq ||
        found->payload_end < chain_.payload_end) {
      const std::size_t before = into_.findings.size();
      const bool more = into_.more_findings;
      if (Status good = tail(file); !good) return good;
      const bool clean = into_.findings.size() == before && into_.more_findings == more;
      if (clean || pauses-- == 0) {
        if (!clean) chain_.known = false;
        return {};
      }
      // A running node is writing there: look again.
      into_.findings.resize(before);
      into_.more_findings = more;
      options_.pause();
      continue;
    }
    if (options_.pause && last) pauses = pauses_max;
    if (Status good = payloads(file, *found); !good) return good;
    record(*found, place_);
    const std::uint64_t end = place_ + head_bytes + found->length;
    place_ = up(end, 8);
    if (Status padding = zeros(file, end, place_, "padding"); !padding) return padding;
    roots_at(tree_.size(), place_);
  }
}

Status Segments::tail(const File& file) {
  Status good = zeros(file, place_, area_, "behind the last record");
  if (good) good = zeros(file, area_ + chain_.payload_end, ~0ULL, "behind the last payload");
  return good;
}

void Segments::record(const Frame& frame, std::uint64_t at) {
  if (frame.length == 0) add(at, "the record is empty", frame.seq);
  chain_.leaf = sha256({std::string_view("\0", 1), frame.text});
  chain_.payload_end = frame.payload_end;
  ++chain_.seq;
  tree_.add(chain_.leaf);
  for (auto& [digest, snapshot] : snapshots_) {
    if (!snapshot.named && snapshot.size <= frame.seq) {
      snapshot.named = frame.text.find('"' + digest + '"') != std::string::npos;
    }
  }
}

void Segments::roots_at(std::uint64_t size, std::uint64_t at) {
  const auto [from, to] = roots_.equal_range(size);
  for (auto promised = from; promised != to; ++promised) {
    if (tree_.size() != size) {
      add(at,
          fmt::format("the checkpoint of {} records cannot be compared behind the damage", size));
    } else if (promised->second.root != tree_.root()) {
      findings_.add(promised->second.file, promised->second.offset,
                    fmt::format("the root of {} records is `{}`, the checkpoint says `{}`", size,
                                hex(tree_.root()), hex(promised->second.root)));
    }
  }
}

Status Segments::payloads(const File& file, const Frame& frame) {
  std::uint64_t at = chain_.payload_end;
  while (at < frame.payload_end) {
    auto length = entry(file, at, frame);
    if (!length) return std::unexpected(length.error());
    if (*length == 0) return {};  // reported; what follows in this record cannot be found
    at += *length;
  }
  if (at != frame.payload_end) add(area_ + at, "the payloads end at another place", frame.seq);
  return {};
}

// The length of the entry, 0 where its head is damaged.
Result<std::uint64_t> Segments::entry(const File& file, std::uint64_t at, const Frame& frame) {
  const std::uint64_t place = area_ + at;
  auto head = read_there(file, place, entry_bytes);
  if (!head) return std::unexpected(head.error());
  const Fields fields(*head);
  const std::uint32_t state = fields.u32(4);
  const std::uint64_t length = fields.u64(8);
  const std::uint64_t whole = up(salt_and_entry_bytes + length, entry_bytes);
  if (fields.text(0, 4) != "PWE1" || (state != 1 && state != 2) || length > stored_bytes_max ||
      !fields.is_zero(56, 60) || fields.u32(60) != crc32c(fields.text(0, 60)) ||
      at + whole > frame.payload_end || fields.u64(16) != frame.seq) {
    add(place, "the head of a payload is missing or damaged", frame.seq);
    return 0;
  }
  const std::string commitment = spelled(digest_at(*head, 24));
  if (frame.text.find(commitment) == std::string::npos) {
    add(place, fmt::format("the record does not commit to the payload `{}`", commitment),
        frame.seq);
  }
  auto stored = read_there(file, place + entry_bytes, whole - entry_bytes);
  if (!stored) return std::unexpected(stored.error());
  const std::size_t used = salt_and_entry_bytes - entry_bytes + length;
  const Fields rest(*stored);
  if (stored->size() != whole - entry_bytes || !rest.is_zero(used, stored->size())) {
    add(place, "the padding of a payload is missing or not zero", frame.seq);
  } else if (state == 2) {
    ++into_.payloads_erased;
    if (!rest.is_zero(0, used)) add(place, "an erased payload still has bytes", frame.seq);
  } else {
    ++into_.payloads_present;
    if (sha256(rest.text(0, used)) != digest_at(*head, 24)) {
      add(place, fmt::format("the payload is not what `{}` commits to", commitment), frame.seq);
    }
  }
  return whole;
}

Status Segments::zeros(const File& file, std::uint64_t from, std::uint64_t to, const char* where) {
  while (from < to) {
    auto block = read_there(file, from, std::min(verified_block_bytes, to - from));
    if (!block) return std::unexpected(block.error());
    if (block->empty()) return {};
    const std::size_t found = block->find_first_not_of('\0');
    if (found != block->npos) {
      add(from + found,
          fmt::format("{}: bytes where only zeros belong; somebody changed the file, or a "
                      "crash tore a record that the next start of the node cuts off",
                      where),
          chain_.seq);
      return {};
    }
    from += block->size();
  }
  return {};
}

}  // namespace

Status verify_segments(Disk& disk, const VerifyOptions& options, const PromisedRoots& roots,
                       SnapshotFiles& snapshots, Findings& findings, JournalVerification& into) {
  return Segments(disk, options, roots, snapshots, findings, into).run();
}

}  // namespace pawl::journal
