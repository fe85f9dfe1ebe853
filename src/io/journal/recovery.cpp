#include "io/journal/recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/journal/repair.h"
#include "io/journal/snapshot.h"

namespace pawl::journal {
namespace {

struct Segment {
  SegmentStart start;
  std::unique_ptr<File> file;
};

// A snapshot file that a record may still name.
struct Candidate {
  std::uint64_t size = 0;
  Digest digest{};
  bool named = false;
};

enum class Go : std::uint8_t { on, stop };

class Recoverer {
 public:
  Recoverer(Disk& disk, const std::string& origin, const std::optional<Checkpoint>& checkpoint,
            const JournalOptions& options, const JournalReplay& replay)
      : disk_(disk), origin_(origin), checkpoint_(checkpoint), options_(options), replay_(replay) {}

  Result<Recovered> run();

 private:
  using Visit = std::function<Result<Go>(const Segment&, const Frame&)>;

  std::unexpected<Error> corrupt(const std::string& path, std::uint64_t offset,
                                 const std::string& what) const;
  std::uint64_t signed_size() const { return checkpoint_ ? checkpoint_->size : 0; }

  Status open_segments();
  Status check_links() const;
  Result<bool> is_empty(std::uint64_t first) const;
  Status choose_snapshot();
  Result<bool> usable(const Snapshot& snapshot);
  // Visits whole frames from `place` on, over the ends of segments. `place` moves along; it stands
  // before the frame at which the visit or the journal stopped.
  Status walk(Place& place, std::uint64_t seq, const Visit& visit);
  Status follow(const Segment& next, const Place& end) const;
  Status read_records();
  Result<Go> take(const Segment& segment, const Frame& frame);
  Result<bool> payloads_whole(const Segment& segment, const Frame& frame) const;
  Status check_size() const;
  std::size_t segment_of(std::uint64_t first) const;

  Disk& disk_;
  const std::string& origin_;
  const std::optional<Checkpoint>& checkpoint_;
  const JournalOptions& options_;
  const JournalReplay& replay_;

  std::vector<Segment> segments_;
  std::vector<std::uint64_t> empty_segments_;  // without a head, at the end
  std::vector<Candidate> candidates_;
  std::optional<Place> unsure_;  // the first frame that no checkpoint covers
  Recovered found_;
};

std::unexpected<Error> Recoverer::corrupt(const std::string& path, std::uint64_t offset,
                                          const std::string& what) const {
  return fail(ErrorKind::corrupt, fmt::format("`{}` at {}: {}", disk_.shown(path), offset, what));
}

// Whether a segment without a head holds nothing: a power cut came before its first sync.
Result<bool> Recoverer::is_empty(std::uint64_t first) const {
  auto file = disk_.open(segment_path(first), Access::read);
  PAWL_TRY(file);
  // A torn head is as long as a head; records follow it only once it is durable.
  auto behind = count_nonzero(**file, frame_bytes(origin_bytes_max + sizeof(SegmentHead)), ~0ULL);
  PAWL_TRY(behind);
  return *behind == 0;
}

Status Recoverer::open_segments() {
  auto firsts = list_segments(disk_);
  PAWL_TRY(firsts);
  for (const std::uint64_t first : *firsts) {
    auto file = disk_.open(segment_path(first), Access::read);
    PAWL_TRY(file);
    auto start = read_segment_start(**file, first);
    if (!start && start.error().fault != ErrorKind::corrupt) return std::unexpected(start.error());
    if (!start) {
      return corrupt(segment_path(first), 0, start.error().message);
    }
    if (!*start) {
      auto empty = is_empty(first);
      PAWL_TRY(empty);
      if (!*empty) return corrupt(segment_path(first), 0, "the head of the segment is damaged");
      empty_segments_.push_back(first);
      continue;
    }
    if (!empty_segments_.empty()) {
      return corrupt(segment_path(empty_segments_.front()), 0,
                     "the segment is empty, but another one follows it");
    }
    segments_.push_back({std::move(**start), std::move(*file)});
  }
  return check_links();
}

Status Recoverer::check_links() const {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const SegmentStart& start = segments_[i].start;
    const std::string path = segment_path(start.place.first);
    if (start.head.origin != origin_) {
      return corrupt(path, 0,
                     fmt::format("the segment belongs to the log `{}`, not to `{}`",
                                 start.head.origin, origin_));
    }
    const std::uint64_t before = i == 0 ? no_segment : segments_[i - 1].start.place.first;
    if (start.head.previous_first != before || (i == 0 && start.place.first != 0)) {
      return corrupt(path, 0,
                     start.head.previous_first == no_segment
                         ? std::string("the first segment of a log must begin with record 0")
                         : fmt::format("the segment before it, `{}`, is missing",
                                       disk_.shown(segment_path(start.head.previous_first))));
    }
  }
  return {};
}

std::size_t Recoverer::segment_of(std::uint64_t first) const {
  std::size_t at = 0;
  while (at < segments_.size() && segments_[at].start.place.first != first) ++at;
  return at;
}

Status Recoverer::follow(const Segment& next, const Place& end) const {
  const SegmentHead& head = next.start.head;
  if (head.previous_records_end != end.offset || head.previous_payload_end != end.payload_end ||
      head.leaf_before != end.leaf_before) {
    return corrupt(segment_path(next.start.place.first), 0,
                   "the segment does not continue the one before it");
  }
  return {};
}

Status Recoverer::walk(Place& place, std::uint64_t seq, const Visit& visit) {
  for (std::size_t at = segment_of(place.first);; ++at) {
    const Segment& segment = segments_[at];
    FrameCursor cursor(*segment.file, segment.start.head, place, seq);
    for (;;) {
      auto frame = cursor.next();
      PAWL_TRY(frame);
      if (!*frame) break;
      auto go = visit(segment, **frame);
      PAWL_TRY(go);
      if (*go == Go::stop) return {};
      place = cursor.place();
    }
    seq = cursor.seq();
    if (at + 1 == segments_.size()) return {};
    const Segment& next = segments_[at + 1];
    if (next.start.place.first != seq) {
      return corrupt(segment_path(segment.start.place.first), place.offset,
                     fmt::format("record {} is missing or damaged, but the next segment begins "
                                 "with record {}",
                                 seq, next.start.place.first));
    }
    PAWL_TRY(follow(next, place));
    place = next.start.place;
  }
}

// A snapshot counts only if a record behind its place names it and a checkpoint covers that place.
Result<bool> Recoverer::usable(const Snapshot& snapshot) {
  const std::uint64_t size = snapshot.tree.size();
  const std::size_t at = segment_of(snapshot.place.first);
  if (at == segments_.size() || snapshot.place.first > size) return false;
  bool named = false;
  Place place = snapshot.place;
  const Status walked = walk(place, size, [&](const Segment&, const Frame& frame) -> Result<Go> {
    named = options_.names_snapshot(frame.text, snapshot.digest);
    return named ? Go::stop : Go::on;
  });
  // A damaged journal is reported by the scan that follows, with or without this snapshot.
  if (!walked && walked.error().fault != ErrorKind::corrupt) return std::unexpected(walked.error());
  return named;
}

Status Recoverer::choose_snapshot() {
  auto sizes = list_snapshots(disk_);
  PAWL_TRY(sizes);
  std::ranges::reverse(*sizes);
  for (const std::uint64_t size : *sizes) {
    auto bytes = read_whole(disk_, snapshot_path(size), snapshot_bytes_max);
    PAWL_TRY(bytes);
    auto snapshot = parse_snapshot(std::move(*bytes));
    if (!snapshot || snapshot->tree.size() != size) continue;  // damaged: as if it were not there
    if (size <= signed_size()) {
      auto trusted = usable(*snapshot);
      PAWL_TRY(trusted);
      if (*trusted) {
        found_.report.from_snapshot = size;
        found_.tree = std::move(snapshot->tree);
        found_.place = snapshot->place;
        return replay_.state ? replay_.state(snapshot->state, size) : Status{};
      }
    }
    candidates_.push_back({size, snapshot->digest, false});
  }
  return {};
}

Result<bool> Recoverer::payloads_whole(const Segment& segment, const Frame& frame) const {
  const JournalFormat format = segment.start.head.format;
  std::uint64_t at = frame.entries_begin;
  while (at < frame.entries_end) {
    auto entry = read_entry(*segment.file, format, at, frame.entries_end);
    if (!entry && entry.error().fault != ErrorKind::corrupt) return std::unexpected(entry.error());
    if (!entry || entry->head.seq != frame.seq) return false;
    at += entry_bytes(format, entry->head.length);
  }
  return true;
}

Result<Go> Recoverer::take(const Segment& segment, const Frame& frame) {
  // Below a checkpoint everything was durable when it was signed. Above it, one sync covers record
  // and payloads, so a power cut may have kept one without the other: then there is no record.
  if (frame.seq >= signed_size()) {
    auto whole = payloads_whole(segment, frame);
    PAWL_TRY(whole);
    if (!*whole) return Go::stop;
    if (!unsure_) {
      unsure_ = Place{.first = segment.start.place.first,
                      .offset = frame.offset,
                      .payload_end = segment.start.head.format == JournalFormat::first
                                         ? frame.entries_begin - segment.start.head.payload_area
                                         : 0,
                      .leaf_before = {}};
    }
  }
  found_.tree.append(frame.leaf);
  if (found_.tree.size() == signed_size() && found_.tree.root() != checkpoint_->root) {
    return corrupt(segment_path(segment.start.place.first), frame.offset,
                   fmt::format("the first {} records are not the ones that were signed: their "
                               "root is `{}`, the checkpoint says `{}`",
                               signed_size(), hex(found_.tree.root()), hex(checkpoint_->root)));
  }
  for (Candidate& candidate : candidates_) {
    candidate.named = candidate.named || (candidate.size <= frame.seq &&
                                          options_.names_snapshot(frame.text, candidate.digest));
  }
  if (replay_.record) {
    PAWL_TRY(replay_.record(frame.seq, frame.text));
  }
  return Go::on;
}

Status Recoverer::read_records() {
  if (segments_.empty()) return {};
  if (found_.report.from_snapshot == 0) found_.place = segments_.front().start.place;
  if (found_.report.from_snapshot == signed_size() && signed_size() != 0 &&
      found_.tree.root() != checkpoint_->root) {
    return corrupt(snapshot_path(signed_size()), 0,
                   "the snapshot's tree is not the one that was signed");
  }
  return walk(found_.place, found_.tree.size(),
              [this](const Segment& segment, const Frame& frame) { return take(segment, frame); });
}

Status Recoverer::check_size() const {
  if (!segments_.empty() && segments_.back().start.place.first != found_.place.first) {
    return corrupt(segment_path(found_.place.first), found_.place.offset,
                   fmt::format("a payload of record {} is missing or damaged, but more segments "
                               "follow",
                               found_.tree.size()));
  }
  if (found_.tree.size() >= signed_size()) return {};
  const std::string message = fmt::format(
      "the journal holds {} records, but its newest signed checkpoint counts {}: records were "
      "removed or damaged",
      found_.tree.size(), signed_size());
  if (segments_.empty()) return fail(ErrorKind::corrupt, message);
  return corrupt(segment_path(found_.place.first), found_.place.offset, message);
}

Result<Recovered> Recoverer::run() {
  Status done = finish_removals(disk_);
  if (done) done = open_segments();
  if (done && !segments_.empty()) done = choose_snapshot();
  if (done) done = read_records();
  if (done) done = check_size();
  PAWL_TRY(done);

  found_.report.size = found_.tree.size();
  found_.report.checkpoint_size = signed_size();
  std::vector<std::string> leftovers;
  for (const std::uint64_t first : empty_segments_) leftovers.push_back(segment_path(first));
  for (const Candidate& candidate : candidates_) {
    if (!candidate.named) leftovers.push_back(snapshot_path(candidate.size));
  }
  PAWL_TRY(remove_all(disk_, leftovers));
  if (segments_.empty()) return std::move(found_);

  const Segment& last = segments_[segment_of(found_.place.first)];
  found_.head = last.start.head;
  Place unsure = unsure_.value_or(found_.place);
  // Nothing of this segment was ever signed, so not even its head is known to be on the disk.
  if (signed_size() <= found_.place.first) unsure = Place{.first = found_.place.first};
  auto torn = clean_tail(disk_, last.start.head, unsure, found_.place);
  PAWL_TRY(torn);
  found_.report.torn_bytes = *torn;
  return std::move(found_);
}

}  // namespace

Result<Recovered> recover(Disk& disk, const std::string& origin,
                          const std::optional<Checkpoint>& checkpoint,
                          const JournalOptions& options, const JournalReplay& replay) {
  return Recoverer(disk, origin, checkpoint, options, replay).run();
}

}  // namespace pawl::journal
