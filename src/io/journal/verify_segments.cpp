#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "io/journal/verify_parts.h"

namespace pawl::journal {
namespace {

constexpr std::size_t head_bytes = 32;
constexpr std::size_t verified_fixed_bytes = 112;
constexpr std::uint64_t area_multiple = 64;
constexpr std::size_t verified_salt_bytes = 16;
constexpr std::uint64_t second_bytes_max = 1ULL << 40;
constexpr std::uint32_t record_kind = 1;
constexpr std::uint32_t segment_kind = 2;
constexpr std::uint64_t text_bytes_max = 16UL << 20;
constexpr std::uint64_t stored_bytes_max = 1UL << 32;
constexpr std::uint64_t verified_block_bytes = 64UL << 10;
constexpr std::uint64_t head_text_bytes_max = verified_fixed_bytes + 128;  // the longest origin

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
};

constexpr std::uint64_t nothing_more = ~0ULL;
constexpr std::string_view ends_within = "the file ends within the record";
// Of records that are looked at as the first one behind damage; bytes that only look like frames
// do not keep a verifier busy for ever.
constexpr std::uint64_t sought_bytes_max = 1UL << 30;

class Segments {
 public:
  Segments(Disk& disk, const VerifyOptions& options, const PromisedRoots& roots,
           SnapshotFiles& snapshots, Findings& findings, JournalVerification& into)
      : disk_(disk),
        options_(options),
        roots_(roots),
        snapshots_(snapshots),
        findings_(findings),
        into_(into),
        signed_(roots.empty() ? 0 : roots.rbegin()->first),
        keys_(disk) {}

  Status run();

 private:
  struct Frame {
    std::uint32_t length = 0;
    std::uint64_t seq = 0;
    std::uint64_t entries = 0;  // the field: an end in the payload area, or bytes behind the frame
    std::uint32_t kind = 0;
    std::uint32_t crc = 0;
    std::string text;
    bool whole = false;
    std::string wrong = "the head of the record is damaged";  // where it is not
  };
  // The segment that follows; nothing behind the last one.
  struct Next {
    std::uint64_t first = 0;
    Digest leaf_before{};
    bool head_known = false;
  };

  Result<std::vector<std::uint64_t>> list();
  Result<std::optional<Next>> next_segment(const std::vector<std::uint64_t>& firsts,
                                           std::size_t index);
  Status segment(std::uint64_t first, const std::optional<Next>& next);
  Result<bool> start_segment(const File& file, std::uint64_t first, bool last);
  std::string wrong_head(std::uint64_t first, const Frame& frame);
  void continue_with(std::uint64_t first, std::string_view text);
  void link(std::uint64_t first, std::string_view text);
  Status records(const File& file, const std::optional<Next>& next);
  // Nothing: the records of this segment end here, as they should or not. Else: they go on.
  Result<bool> end_or_damage(const Frame& frame, std::optional<std::uint64_t> behind,
                             const std::optional<Next>& next);
  // The first byte that is not zero behind the last record or the last payload.
  Result<std::optional<std::uint64_t>> behind_the_end(const File& file);
  bool told(std::uint64_t at) const;
  // Goes to the first record behind damage that its successor proves, if there is one.
  Result<bool> find_again(const std::optional<Next>& next);
  Result<std::optional<std::uint64_t>> next_mark(std::uint64_t at);
  Result<bool> proved(const Frame& frame, std::uint64_t at, const std::optional<Next>& next);
  // The frame at `at`, whole or not; an error only if the file cannot be read.
  Result<Frame> frame(std::uint64_t at, std::uint64_t limit, const Digest& leaf);
  void record(const Frame& frame);
  Result<bool> payloads(const Frame& frame, bool last);
  Result<bool> payloads_whole(const Frame& frame);
  Result<std::uint64_t> entry(std::uint64_t at, std::uint64_t end, const Frame& frame, bool& good);
  // Whether the stored bytes are what the entry commits to, as far as its key is there.
  Result<std::string> wrong_body(const Fields& head, std::string_view body);
  // Where the frame that begins at `at` ends, with what belongs to it.
  std::uint64_t end_of(std::uint64_t at, const Frame& frame) const;
  Result<std::optional<std::uint64_t>> first_nonzero(const File& file, std::uint64_t from,
                                                     std::uint64_t to);
  Status padding(std::uint64_t from, std::uint64_t to);
  void roots_at(std::uint64_t size);

  void lose(std::uint64_t at, std::string what);
  void go_on_at(std::uint64_t seq);
  void close_readable(std::uint64_t end);
  void torn(std::uint64_t at);
  void add(std::uint64_t at, std::string what, std::optional<std::uint64_t> seq = {}) {
    findings_.add(file_, at, std::move(what), seq);
  }

  Disk& disk_;
  const VerifyOptions& options_;
  const PromisedRoots& roots_;
  SnapshotFiles& snapshots_;
  Findings& findings_;
  JournalVerification& into_;
  const std::uint64_t signed_;  // records that the newest checkpoint counts

  Mountains tree_;
  bool tree_known_ = true;          // false behind damage: no root can be compared any more
  std::uint64_t fitting_size_ = 0;  // the last at which one was the promised one
  Chain chain_;
  SealKeys keys_;
  std::optional<Window> window_, payload_window_;  // one for frames, one for payloads
  std::string file_;
  bool second_ = false;      // the format of this segment
  std::uint64_t area_ = 0;   // where the payload area begins; second format: behind everything
  std::uint64_t place_ = 0;  // of the next frame

  bool lost_ = false;        // within damage: what follows from it is not said again
  Findings::Place loss_;     // … which is said there
  Findings::Place padding_;  // the newest finding of that kind, and where that padding ends
  std::uint64_t padding_end_ = 0;
  Findings::Place spoilt_;  // the same of payloads, as far as they are damaged in a row
  bool spoiling_ = false;
  // A file that ends early loses its payloads, which lie last, before its records: one damage.
  std::uint64_t file_bytes_ = 0;
  Findings::Place cut_;
  std::uint64_t readable_from_ = 0;
};

void Segments::close_readable(std::uint64_t end) {
  if (readable_from_ != nothing_more && end > readable_from_) {
    into_.readable.push_back({readable_from_, end});
  }
}

// From record `chain_.seq` on nothing is known, until `go_on_at`.
void Segments::lose(std::uint64_t at, std::string what) {
  tree_known_ = false;
  if (lost_) return;
  // Payloads that are damaged right before it are the same damage, and so is its padding.
  if (spoiling_ && second_ && spoilt_ && *spoilt_ + 1 == into_.findings.size()) {
    close_readable(chain_.seq);
    lost_ = true;
    loss_ = spoilt_;
    spoiling_ = false;
    return;
  }
  if (padding_ && *padding_ + 1 == into_.findings.size() && padding_end_ == at) {
    at = into_.findings.back().offset;
    into_.findings.pop_back();
    padding_.reset();
  }
  close_readable(chain_.seq);
  lost_ = true;
  const bool cut = cut_ && (at + head_bytes > file_bytes_ || what == ends_within);
  loss_ = cut ? cut_ : findings_.add(file_, at, std::move(what), chain_.seq);
}

void Segments::go_on_at(std::uint64_t seq) {
  if (seq > chain_.seq) findings_.reaches(loss_, seq - 1);
  lost_ = false;
  chain_.seq = seq;
  if (readable_from_ != nothing_more) readable_from_ = seq;
}

void Segments::torn(std::uint64_t at) {
  findings_.add_torn(file_, at,
                     "bytes that are not a whole record, behind everything that is signed: a crash "
                     "tore it, or it was changed; the next start of the node cuts it off",
                     chain_.seq);
}

Result<std::vector<std::uint64_t>> Segments::list() {
  auto names = disk_.list("journal");
  if (!names && names.error().fault != ErrorKind::missing) return std::unexpected(names.error());
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
  return firsts;
}

Result<std::optional<Segments::Next>> Segments::next_segment(
    const std::vector<std::uint64_t>& firsts, std::size_t index) {
  if (index + 1 >= firsts.size()) return std::nullopt;
  Next next{.first = firsts[index + 1]};
  auto file = disk_.open(fmt::format("journal/{:020}.seg", next.first), Access::read);
  // A running node takes an empty segment back where the disk has no room for it.
  if (!file && file.error().fault == ErrorKind::missing && index + 2 == firsts.size()) {
    return std::nullopt;
  }
  PAWL_TRY(file);
  window_.emplace(**file);
  const auto start = frame(0, text_bytes_max, {});
  window_.reset();
  PAWL_TRY(start);
  next.head_known = start->whole && wrong_head(next.first, *start).empty();
  // It is begun behind everything that is signed, and a crash came before it was durable.
  if (!next.head_known && index + 2 == firsts.size() && next.first >= signed_) return std::nullopt;
  next.leaf_before = digest_at(start->text, 80);
  return next;
}

Status Segments::run() {
  const auto firsts = list();
  PAWL_TRY(firsts);
  PAWL_TRY(keys_.read(findings_));
  roots_at(0);
  for (std::size_t i = 0; i < firsts->size(); ++i) {
    if (options_.stop && options_.stop()) {
      return fail(ErrorKind::environment, "the verification was stopped");
    }
    auto next = next_segment(*firsts, i);
    PAWL_TRY(next);
    const Status walked = segment((*firsts)[i], *next);
    window_.reset();
    payload_window_.reset();
    if (!walked) return walked;
    if (options_.progress) options_.progress(i + 1, firsts->size());
  }
  if (firsts->empty() && signed_ > 0) {
    lose(0, fmt::format("the folder `journal` holds no segment, but a checkpoint counts {} records",
                        signed_));
  }
  if (lost_ && signed_ > 0) findings_.reaches(loss_, std::max(chain_.seq, signed_ - 1));
  if (!lost_) close_readable(chain_.seq);
  into_.segments = firsts->size();
  into_.records = chain_.seq;
  into_.root = tree_.root();
  return {};
}

// Whether the segment has a head that fits: then its records are next.
Result<bool> Segments::start_segment(const File& file, std::uint64_t first, bool last) {
  auto start = frame(0, text_bytes_max, {});
  for (int tries = 0; start && !start->whole && last && options_.pause && tries < pauses_max;
       ++tries) {
    options_.pause();
    window_->forget();
    start = frame(0, text_bytes_max, {});
  }
  PAWL_TRY(start);
  const std::string wrong = start->whole ? wrong_head(first, *start) : std::string();
  if (!start->whole || !wrong.empty()) {
    // A torn head is as long as a head; records follow it only once it is durable.
    const auto behind = first_nonzero(file, up(head_bytes + head_text_bytes_max, 8), ~0ULL);
    PAWL_TRY(behind);
    if (last && !start->whole && first >= signed_ && chain_.seq == first && !*behind) {
      const auto any = first_nonzero(file, 0, ~0ULL);
      PAWL_TRY(any);
      if (*any) torn(0);
      return false;
    }
    lose(0, wrong.empty() ? "the head of the segment is damaged" : wrong);
    return false;
  }
  continue_with(first, start->text);
  place_ = up(head_bytes + start->length, 8);
  PAWL_TRY(padding(head_bytes + start->length, place_));
  return true;
}

void Segments::continue_with(std::uint64_t first, std::string_view text) {
  if (first > chain_.seq) {
    lose(0, "no segment holds these records");
  } else if (first < chain_.seq) {
    lose(0, fmt::format("the segment begins with record {}, which stands in the one before it",
                        first));
  }
  if (lost_) {
    go_on_at(first);
  } else {
    link(first, text);
  }
  second_ = Fields(text).u32(0) == 2;
  area_ = second_ ? second_bytes_max : Fields(text).u64(8);
  chain_ = Chain{.seq = first, .leaf = digest_at(text, 80), .first = first};
}

Status Segments::segment(std::uint64_t first, const std::optional<Next>& next) {
  file_ = fmt::format("journal/{:020}.seg", first);
  auto file = disk_.open(file_, Access::read);
  if (!file && file.error().fault == ErrorKind::missing && !next && options_.pause) return {};
  PAWL_TRY(file);
  const auto bytes = (*file)->size();
  PAWL_TRY(bytes);
  file_bytes_ = *bytes;
  cut_.reset();
  window_.emplace(**file);
  payload_window_.emplace(**file);
  spoiling_ = false;
  const auto begun = start_segment(**file, first, !next);
  PAWL_TRY(begun);
  if (!*begun) return {};
  PAWL_TRY(records(**file, next));
  chain_.records_end = place_;
  return {};
}

// What is wrong with a head that is whole; empty: nothing.
std::string Segments::wrong_head(std::uint64_t first, const Frame& frame) {
  const Fields fields(frame.text);
  const std::uint64_t area = fields.u64(8);
  const bool first_format =
      fields.u32(0) == 1 && area % area_multiple == 0 && area >= head_bytes + frame.length;
  const bool second_format = fields.u32(0) == 2 && area == 0;
  if (frame.kind == segment_kind && frame.seq != first) {
    return fmt::format("the file holds the segment that begins with record {}", frame.seq);
  }
  if (frame.kind != segment_kind || frame.entries != 0 ||
      frame.length != verified_fixed_bytes + fields.u32(4) || !fields.is_zero(40, 48) ||
      (!first_format && !second_format)) {
    return "the head of the segment is damaged";
  }
  const std::string_view origin = fields.text(verified_fixed_bytes, ~0ULL);
  if (into_.origin.empty() || origin == into_.origin) return {};
  return fmt::format("the segment belongs to the log `{}`, not to `{}`", origin, into_.origin);
}

// The head repeats where the segment before ended: nothing can be taken out in between.
void Segments::link(std::uint64_t first, std::string_view text) {
  const Fields fields(text);
  const bool continues = fields.u64(16) == chain_.first && fields.u64(24) == chain_.records_end &&
                         fields.u64(32) == chain_.payload_end && digest_at(text, 80) == chain_.leaf;
  const bool same_root = !tree_known_ || digest_at(text, 48) == tree_.root();
  if (continues && same_root) return;
  add(0,
      continues ? fmt::format("the head names another root for the first {} records", first)
                : "the segment does not continue the one before it",
      first);
  tree_known_ = false;
}

Result<Segments::Frame> Segments::frame(std::uint64_t at, std::uint64_t limit, const Digest& leaf) {
  Frame frame;
  if (at + head_bytes > limit) return frame;
  auto bytes = window_->read(at, head_bytes);
  PAWL_TRY(bytes);
  const std::string head(*bytes);
  const Fields fields(head);
  if (fields.is_zero(0, head.size())) frame.wrong = "the record is missing";
  frame.length = fields.u32(4);
  frame.seq = fields.u64(8);
  frame.entries = fields.u64(16);
  frame.kind = fields.u32(24);
  frame.crc = fields.u32(28);
  if (fields.text(0, 4) != (second_ && at != 0 ? "PWF2" : "PWF1") ||
      frame.length > text_bytes_max || at + up(head_bytes + frame.length, 8) > limit) {
    return frame;
  }
  auto text = window_->read(at + head_bytes, frame.length);
  PAWL_TRY(text);
  std::string chained;
  chained.reserve(sizeof(Digest) + head_bytes + frame.length);
  chained.append(bytes_of(leaf)).append(fields.text(0, head_bytes - 4)).append(*text);
  frame.whole = text->size() == frame.length && crc32c(chained) == frame.crc;
  frame.text = *text;
  frame.wrong = text->size() == frame.length ? "the record is not what was written"
                                             : std::string(ends_within);
  return frame;
}

Result<std::optional<std::uint64_t>> Segments::behind_the_end(const File& file) {
  auto behind = first_nonzero(file, place_, area_);
  if (!behind || *behind || second_) return behind;
  return first_nonzero(file, area_ + chain_.payload_end, ~0ULL);
}

// Whether damage that was found already reaches to here: up to eight bytes before what is damaged,
// or behind a record or a payload that is.
bool Segments::told(std::uint64_t at) const {
  if (spoiling_) return true;
  if (padding_ && *padding_ + 1 == into_.findings.size() && padding_end_ == place_) return true;
  return std::ranges::any_of(into_.findings, [&](const JournalFinding& one) {
    return one.file == file_ && one.offset > at && one.offset - at <= 8;
  });
}

// `frame` is what stands there instead of the next record; `behind`: where something stands that
// is not zero.
Result<bool> Segments::end_or_damage(const Frame& frame, std::optional<std::uint64_t> behind,
                                     const std::optional<Next>& next) {
  const bool complete = next ? chain_.seq == next->first : chain_.seq >= signed_;
  if (complete) {
    if (!behind || told(*behind)) return false;
    if (!next) {
      torn(*behind);
    } else {
      add(*behind, "behind the last record or payload: bytes where only zeros belong");
    }
    return false;
  }
  if (next && chain_.seq > next->first) return false;  // said at the next segment
  const std::string missing =
      next ? "these records are missing"
           : fmt::format("these records are missing: a checkpoint counts {}", signed_);
  lose(place_, behind ? frame.wrong : missing);
  return find_again(next);
}

// Whether the bytes of this record are what was written, as whatever follows it says: its own
// checksum is seeded by the record before, which is lost.
Result<bool> Segments::proved(const Frame& found, std::uint64_t at,
                              const std::optional<Next>& next) {
  const std::uint64_t end = end_of(at, found);
  const Digest leaf = sha256({std::string_view("\0", 1), found.text});
  if (next && next->head_known && found.seq + 1 == next->first && leaf == next->leaf_before) {
    return true;
  }
  auto after = frame(end, area_, leaf);
  PAWL_TRY(after);
  return after->whole && after->kind == record_kind && after->seq == found.seq + 1 &&
         (second_ || after->entries >= found.entries);
}

std::uint64_t Segments::end_of(std::uint64_t at, const Frame& frame) const {
  return at + up(head_bytes + frame.length, 8) + (second_ ? frame.entries : 0);
}

// The next place at or behind `at` where a frame may begin; nothing: none does.
Result<std::optional<std::uint64_t>> Segments::next_mark(std::uint64_t at) {
  const std::string_view mark = second_ ? "PWF2" : "PWF1";
  while (at + head_bytes <= area_) {
    const auto block = window_->read(at, std::min(verified_block_bytes, area_ - at) / 8 * 8);
    PAWL_TRY(block);
    for (std::size_t in = block->find(mark); in != block->npos; in = block->find(mark, in + 1)) {
      if (in % 8 == 0) return at + in;
    }
    if (block->size() < 8) break;
    at += block->size() / 8 * 8;
  }
  return std::nullopt;
}

Result<bool> Segments::find_again(const std::optional<Next>& next) {
  std::uint64_t budget = sought_bytes_max;
  for (std::uint64_t at = place_;; at += 8) {
    const auto mark = next_mark(at);
    PAWL_TRY(mark);
    if (!*mark) return false;
    at = **mark;
    auto found = frame(at, area_, {});
    PAWL_TRY(found);
    const bool fits =
        found->kind == record_kind && found->seq > chain_.seq &&
        (second_ ? found->entries <= stored_bytes_max : found->entries >= chain_.payload_end) &&
        !found->text.empty() && found->text.size() == found->length &&
        (!next || found->seq < next->first);
    if (!fits) continue;
    if (found->length > budget) return false;
    budget -= found->length;
    const auto stands = proved(*found, at, next);
    PAWL_TRY(stands);
    if (!*stands) continue;
    go_on_at(found->seq);
    record(*found);
    place_ = end_of(at, *found);
    return true;
  }
}

Status Segments::records(const File& file, const std::optional<Next>& next) {
  int pauses = options_.pause && !next ? pauses_max : 0;
  for (;;) {
    auto found = frame(place_, area_, chain_.leaf);
    PAWL_TRY(found);
    if (!found->whole || found->kind != record_kind || found->seq != chain_.seq ||
        (!second_ && found->entries < chain_.payload_end)) {
      const auto behind = behind_the_end(file);
      PAWL_TRY(behind);
      if (pauses > 0 && *behind && chain_.seq >= signed_) {
        // A running node is writing there: look again. What is signed was there before.
        --pauses;
        options_.pause();
        window_->forget();
        continue;
      }
      const auto goes_on = end_or_damage(*found, *behind, next);
      PAWL_TRY(goes_on);
      if (!*goes_on) return {};
      continue;
    }
    if (options_.pause && !next) pauses = pauses_max;
    const std::uint64_t used = place_ + head_bytes + found->length;
    // In the order of the file, so that damage that reaches over both is one.
    if (second_) {
      PAWL_TRY(padding(used, up(used, 8)));
    }
    const auto good = payloads(*found, !next);
    PAWL_TRY(good);
    if (!*good) return {};
    record(*found);
    place_ = end_of(place_, *found);
    if (!second_) {
      PAWL_TRY(padding(used, place_));
    }
    roots_at(tree_.size());
  }
}

void Segments::record(const Frame& frame) {
  if (frame.length == 0) add(place_, "the record is empty", frame.seq);
  chain_.leaf = sha256({std::string_view("\0", 1), frame.text});
  if (!second_) chain_.payload_end = frame.entries;
  ++chain_.seq;
  if (tree_known_) tree_.add(chain_.leaf);
  for (auto& [digest, snapshot] : snapshots_) {
    if (!snapshot.named && snapshot.size <= frame.seq) {
      snapshot.named = frame.text.find('"' + digest + '"') != std::string::npos;
    }
  }
}

void Segments::roots_at(std::uint64_t size) {
  if (!tree_known_) return;
  const auto [from, to] = roots_.equal_range(size);
  for (auto promised = from; promised != to; ++promised) {
    if (promised->second.root == tree_.root()) {
      fitting_size_ = size;
      continue;
    }
    findings_.add(promised->second.file, promised->second.offset,
                  fmt::format("the root of {} records is `{}`, the checkpoint says `{}`: the "
                              "records behind the first {} are not the ones that were signed",
                              size, hex(tree_.root()), hex(promised->second.root), fitting_size_));
    // Nothing behind the last root that fits is proved by anything.
    close_readable(fitting_size_);
    readable_from_ = nothing_more;
    tree_known_ = false;
    return;
  }
}

// False where the records end before this one: a crash kept it and not its payloads.
Result<bool> Segments::payloads(const Frame& frame, bool last) {
  const std::size_t findings = into_.findings.size();
  const bool more = into_.more_findings;
  const bool spoiling = spoiling_;
  const Findings::Place cut = cut_;
  const auto counted = std::pair(into_.payloads_present, into_.payloads_erased);
  const auto take_back = [&] {
    into_.findings.resize(findings);
    into_.more_findings = more;
    spoiling_ = spoiling;
    cut_ = cut;
    std::tie(into_.payloads_present, into_.payloads_erased) = counted;
  };
  auto whole = payloads_whole(frame);
  if (whole && !*whole) {
    take_back();
    payload_window_->forget();  // it may be older than the record
    whole = payloads_whole(frame);
  }
  if (!whole) return whole;
  if (*whole) {
    if (second_ ? frame.entries != 0 : frame.entries != chain_.payload_end) spoiling_ = false;
  } else if (last && frame.seq >= signed_) {
    take_back();
    torn(place_);
    return false;
  }
  return true;
}

Result<bool> Segments::payloads_whole(const Frame& frame) {
  const std::uint64_t behind = place_ + up(head_bytes + frame.length, 8);
  std::uint64_t at = second_ ? behind : area_ + chain_.payload_end;
  const std::uint64_t end = second_ ? behind + frame.entries : area_ + frame.entries;
  bool whole = true;
  while (at < end) {
    auto length = entry(at, end, frame, whole);
    PAWL_TRY(length);
    if (*length == 0) return false;  // reported; what follows in this record cannot be found
    at += *length;
  }
  return whole;
}

// The length of the entry, 0 where its head is damaged.
Result<std::uint64_t> Segments::entry(std::uint64_t place, std::uint64_t end, const Frame& frame,
                                      bool& good) {
  // Payloads that are damaged in a row are one damage.
  const auto wrong = [&](std::string what) {
    good = false;
    if (spoiling_) return findings_.reaches(spoilt_, frame.seq);
    const bool cut = place >= file_bytes_;
    if (cut) what = fmt::format("the file ends early, at byte {}", file_bytes_);
    // The padding right before it is part of the same damage.
    const bool joins = padding_ && *padding_ + 1 == into_.findings.size() && padding_end_ == place;
    spoilt_ = joins ? padding_
                    : findings_.add(file_, cut ? file_bytes_ : place, std::move(what), frame.seq);
    if (cut) cut_ = spoilt_;
    spoiling_ = true;
  };
  const std::size_t head_size = second_ ? 72 : 64;
  auto bytes = payload_window_->read(place, head_size);
  PAWL_TRY(bytes);
  const std::string head(*bytes);
  const Fields fields(head);
  const std::uint32_t state = fields.u32(4);
  const std::uint64_t length = fields.u64(8);
  const std::uint64_t used = verified_salt_bytes + length;
  const std::uint64_t whole = up(head_size + used, second_ ? 8 : 64);
  const bool shaped = fields.text(0, 4) == (second_ ? "PWE2" : "PWE1") &&
                      fields.u32(head_size - 4) == crc32c(fields.text(0, head_size - 4)) &&
                      (second_ || fields.is_zero(56, 60));
  if (!shaped || (state != 1 && state != 2) || length > stored_bytes_max || place + whole > end ||
      fields.u64(16) != frame.seq) {
    wrong("the head of a payload is missing or damaged");
    return 0;
  }
  const std::string commitment = to_string(digest_at(head, 24));
  if (frame.text.find(commitment) == std::string::npos) {
    wrong(fmt::format("the record does not commit to the payload `{}`", commitment));
  }
  auto stored = payload_window_->read(place + head_size, whole - head_size);
  PAWL_TRY(stored);
  const Fields rest(*stored);
  if (stored->size() != whole - head_size || !rest.is_zero(used, stored->size())) {
    wrong("the padding of a payload is missing or not zero");
  } else if (state == 2) {
    ++into_.payloads_erased;
    if (!rest.is_zero(0, used)) wrong("an erased payload still has bytes");
  } else {
    auto said = wrong_body(fields, rest.text(0, used));
    PAWL_TRY(said);
    if (!said->empty()) wrong(*std::move(said));
  }
  return whole;
}

Result<std::string> Segments::wrong_body(const Fields& head, std::string_view body) {
  const Digest commitment = digest_at(head.text(0, 56), 24);
  std::string opened(body);
  if (second_) {
    if (crc32c(body) != head.u32(64))
      return std::string("a sealed payload is not what was written");
    const SealKeys::Found key = keys_.find(head.u64(56));
    if (key.state == SealKeys::State::damaged) return std::string();  // said of its slot
    if (key.state == SealKeys::State::missing) {
      return fmt::format("payload.keys has no key {}, which seals this payload", head.u64(56));
    }
    if (key.state == SealKeys::State::destroyed) {
      ++into_.payloads_erased;
      return std::string();
    }
    std::array<std::uint8_t, 16> counter{};
    std::copy_n(commitment.begin(), counter.size(), counter.begin());
    aes256_ctr(key.key, counter, opened);
  }
  ++into_.payloads_present;
  if (sha256(opened) == commitment) return std::string();
  return fmt::format("the payload is not what `{}` commits to", to_string(commitment));
}

Status Segments::padding(std::uint64_t from, std::uint64_t to) {
  const auto bytes = window_->read(from, to - from);
  PAWL_TRY(bytes);
  if (!Fields(*bytes).is_zero(0, bytes->size())) {
    padding_ = findings_.add(file_, from, "padding: bytes where only zeros belong",
                             chain_.seq == 0 ? 0 : chain_.seq - 1);
    padding_end_ = to;
  }
  return {};
}

Result<std::optional<std::uint64_t>> Segments::first_nonzero(const File& file, std::uint64_t from,
                                                             std::uint64_t to) {
  while (from < to) {
    auto block = read_there(file, from, std::min(verified_block_bytes, to - from));
    PAWL_TRY(block);
    if (block->empty()) return std::nullopt;
    const std::size_t found = block->find_first_not_of('\0');
    if (found != block->npos) return from + found;
    from += block->size();
  }
  return std::nullopt;
}

}  // namespace

Status verify_segments(Disk& disk, const VerifyOptions& options, const PromisedRoots& roots,
                       SnapshotFiles& snapshots, Findings& findings, JournalVerification& into) {
  return Segments(disk, options, roots, snapshots, findings, into).run();
}

}  // namespace pawl::journal
