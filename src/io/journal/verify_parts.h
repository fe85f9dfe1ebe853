// The parts of the verifier. See verify.h for what they must not share with the writer.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/journal/verify.h"

namespace pawl::journal {

// How often what looks torn on a running node is looked at again.
inline constexpr int pauses_max = 5;

// Collects findings up to the limit.
class Findings {
 public:
  // One that can be told more about later. Not counted: there were too many before it.
  using Place = std::optional<std::size_t>;

  Findings(JournalVerification& into, std::size_t findings_max)
      : into_(into), findings_max_(findings_max) {}
  Place add(const std::string& file, std::uint64_t offset, std::string what,
            std::optional<std::uint64_t> seq = {});
  // What a crash leaves and recovery cuts off.
  Place add_torn(const std::string& file, std::uint64_t offset, std::string what,
                 std::optional<std::uint64_t> seq = {});
  // It was not a crash: this is damage.
  void was_changed(Place place, std::string what);
  // It is about the records up to this one.
  void reaches(Place place, std::uint64_t last_seq);

 private:
  JournalVerification& into_;
  std::size_t findings_max_;
};

// Reads a file in pieces of some size, for the many small reads of a walk. What was read may be
// half of what a running node writes: `forget` before looking again.
class Window {
 public:
  explicit Window(const File& file) : file_(file) {}
  // As read_there; valid until the next call.
  Result<std::string_view> read(std::uint64_t offset, std::size_t count);
  void forget() { bytes_.clear(); }

 private:
  const File& file_;
  std::string bytes_;
  std::uint64_t at_ = 0;
};

// Fields of a byte string, little-endian; zeros where the string is too short.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t u32(std::size_t at) const { return number<std::uint32_t>(at); }
  std::uint64_t u64(std::size_t at) const { return number<std::uint64_t>(at); }
  std::string_view text(std::size_t at, std::size_t count) const {
    return at <= bytes_.size() ? bytes_.substr(at, count) : std::string_view{};
  }
  bool is_zero(std::size_t from, std::size_t to) const;

 private:
  template <class T>
  T number(std::size_t at) const {
    T value{};
    if (at + sizeof value <= bytes_.size()) {
      std::memcpy(&value, bytes_.data() + at, sizeof value);
    }
    return value;
  }
  std::string_view bytes_;
};

// The tree as a row of mountains of falling height.
class Mountains {
 public:
  void add(const Digest& leaf);
  Digest root() const;
  std::uint64_t size() const { return size_; }

 private:
  std::vector<std::pair<unsigned, Digest>> peaks_;
  std::uint64_t size_ = 0;
};

// Roots that the tree must have at certain sizes, and where each is written.
struct PromisedRoot {
  Digest root{};
  std::string file;
  std::uint64_t offset = 0;
};
using PromisedRoots = std::multimap<std::uint64_t, PromisedRoot>;

// Reads `node.pub`, `node.key`, `checkpoints` and `checkpoint`; their signatures are checked here,
// the roots they promise are returned.
Result<PromisedRoots> verify_notes(Disk& disk, const std::function<void()>& pause,
                                   Findings& findings, JournalVerification& into);

// Snapshots by their digest in the spelling of records, to be crossed out by the records.
struct SnapshotFile {
  std::string file;
  std::uint64_t size = 0;
  bool named = false;
};
using SnapshotFiles = std::map<std::string, SnapshotFile>;
Result<SnapshotFiles> read_snapshots(Disk& disk, Findings& findings, JournalVerification& into);

// `payload.keys`: the keys that seal payloads of the second format.
class SealKeys {
 public:
  enum class State : std::uint8_t { present, destroyed, damaged, missing };
  struct Found {
    State state = State::missing;
    Digest key{};
  };

  explicit SealKeys(Disk& disk) : disk_(disk) {}
  // Looks at every slot; slots that are damaged in a row are one finding.
  Status read(Findings& findings);
  // A slot whose writing had not ended at `read` is read again. Key 0 is no secret.
  Found find(std::uint64_t number);

 private:
  Result<std::vector<Found>> slots(std::uint64_t from) const;

  Disk& disk_;
  std::vector<Found> found_;
};

// Walks all segments.
Status verify_segments(Disk& disk, const VerifyOptions& options, const PromisedRoots& roots,
                       SnapshotFiles& snapshots, Findings& findings, JournalVerification& into);

}  // namespace pawl::journal
