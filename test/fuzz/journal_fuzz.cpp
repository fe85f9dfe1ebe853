// A journal's files from strangers: the verifier, the reader and recovery read whatever they find,
// crash on nothing, and never serve a signed record that is not the one that was signed.
//
// The first byte picks a file of a small journal, the second how the rest is used: as the whole
// file, as its end, or as changes of three bytes each (place, place, value).
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/journal/journal.h"
#include "io/journal/reader.h"
#include "io/journal/verify.h"

namespace {

using namespace pawl;

void must(bool holds) {
  if (!holds) std::abort();
}

// The least disk: files are strings, everything succeeds.
using Bytes = std::shared_ptr<std::string>;

class MemoryFile final : public File {
 public:
  explicit MemoryFile(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const override {
    if (offset >= bytes_->size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), bytes_->size() - offset);
    std::memcpy(into.data(), bytes_->data() + offset, count);
    return count;
  }
  Result<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) override {
    // Nothing we accept may make us write far away.
    must(offset + bytes.size() <= 64UL << 20);
    if (bytes_->size() < offset + bytes.size()) bytes_->resize(offset + bytes.size(), '\0');
    bytes_->replace(offset, bytes.size(), bytes);
    return bytes.size();
  }
  Status allocate(std::uint64_t offset, std::uint64_t length) override {
    must(offset + length <= 64UL << 20);
    if (bytes_->size() < offset + length) bytes_->resize(offset + length, '\0');
    return {};
  }
  Status release(std::uint64_t offset, std::uint64_t length) override {
    for (std::uint64_t at = offset; at < offset + length && at < bytes_->size(); ++at) {
      (*bytes_)[at] = '\0';
    }
    return {};
  }
  Status sync() override { return {}; }
  Result<std::uint64_t> size() const override { return bytes_->size(); }
  Status truncate(std::uint64_t size) override {
    bytes_->resize(size, '\0');
    return {};
  }

 private:
  Bytes bytes_;
};

class MemoryDisk final : public Disk {
 public:
  std::map<std::string, Bytes> files;

  Result<std::unique_ptr<File>> open(const std::string& path, Access access) override {
    auto known = files.find(path);
    if (known == files.end()) {
      if (access == Access::read || access == Access::write)
        return fail(ErrorKind::missing, "missing");
      known = files.emplace(path, std::make_shared<std::string>()).first;
    }
    if (access == Access::fresh) known->second->clear();
    return std::make_unique<MemoryFile>(known->second);
  }
  Status make_directory(const std::string&) override { return {}; }
  Status sync_directory(const std::string&) override { return {}; }
  Status rename(const std::string& from, const std::string& to) override {
    files[to] = files[from];
    files.erase(from);
    return {};
  }
  Status remove(const std::string& path) override {
    return files.erase(path) > 0 ? Status{} : fail(ErrorKind::missing, "missing");
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, bytes] : files) {
      const auto slash = path.rfind('/');
      const bool inside =
          slash == std::string::npos ? directory.empty() : path.substr(0, slash) == directory;
      if (inside) names.push_back(slash == std::string::npos ? path : path.substr(slash + 1));
    }
    return names;
  }
  Result<std::uint64_t> free_bytes() override { return 1UL << 40; }
  Result<std::unique_ptr<DiskLock>> lock(const std::string&) override {
    return std::make_unique<DiskLock>();
  }
  std::string shown(const std::string& path) const override { return path; }
};

JournalOptions options(JournalFormat format = JournalFormat::second) {
  JournalOptions made;
  made.format = format;
  made.origin = "fuzz.example";
  made.post = [](const std::function<void()>& call) { call(); };
  made.syncer = make_inline_syncer();
  made.random = [](std::size_t count) { return std::string(count, 'r'); };
  made.segment_bytes_max = 1024;
  made.grow_bytes = 512;
  made.reserve_bytes = 512;
  return made;
}

struct Original {
  std::map<std::string, std::string> files;
  std::vector<std::string> records;
  std::uint64_t signed_size = 0;
};

// Six signed records over segments of both formats, a snapshot, an erased payload; one record
// unsigned.
Original make_original() {
  MemoryDisk disk;
  Original made;
  const auto append = [&made](Journal& journal, const std::string& record,
                              std::span<const PayloadRef> refs = {}) {
    must(journal.append(record, refs).has_value());
    made.records.push_back(record);
  };
  for (int life = 0; life < 2; ++life) {
    const JournalFormat format = life == 0 ? JournalFormat::first : JournalFormat::second;
    auto journal = *Journal::open(disk, options(format));
    const std::string bytes = life == 0 ? "erased" : "kept";
    const Commitment commitment = journal->commit_to(bytes);
    const PayloadRef ref{commitment, bytes, *journal->new_payload_key()};
    append(*journal, "{\"p\":\"" + commitment.text() + "\"}", {&ref, 1});
    if (life == 0) must(journal->erase(commitment.digest).has_value());
    append(*journal, "{\"filler\":\"" + std::string(200, 'f') + "\"}");
    append(*journal, journal->snapshot("state")->record());
    must(journal->close().has_value());
  }
  made.signed_size = made.records.size();
  auto journal = *Journal::open(disk, options());
  append(*journal, "unsigned");
  journal.reset();
  for (const auto& [path, bytes] : disk.files) made.files[path] = *bytes;
  made.files["erasing"] = "";
  return made;
}

void change(std::string& file, std::uint8_t how, std::string_view rest) {
  if (how % 3 == 0) file = rest;
  if (how % 3 == 1)
    file = file.substr(0, file.size() - std::min(file.size(), rest.size())).append(rest);
  if (how % 3 != 2) return;
  for (std::size_t i = 0; i + 2 < rest.size(); i += 3) {
    const auto low = static_cast<unsigned char>(rest[i]);
    const auto high = static_cast<unsigned char>(rest[i + 1]);
    const std::size_t at = low + 256UL * high;
    if (at < file.size()) file[at] = rest[i + 2];
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Original original = make_original();
  if (size < 2) return 0;
  auto chosen = original.files.begin();
  std::advance(chosen, bytes[0] % original.files.size());

  MemoryDisk disk;
  for (const auto& [path, text] : original.files) {
    if (path == "erasing" && chosen->first != path) continue;
    disk.files[path] = std::make_shared<std::string>(text);
  }
  change(*disk.files[chosen->first], bytes[1],
         std::string_view(reinterpret_cast<const char*>(bytes) + 2, size - 2));
  const bool changed = *disk.files[chosen->first] != chosen->second;

  const auto verified = verify_journal(disk);
  must(verified.has_value());
  must(changed || chosen->first == "erasing" || verified->clean());
  if (auto reader = JournalReader::open(disk)) {
    for (std::uint64_t seq = 0;; ++seq) {
      const auto entry = reader->next();
      if (!entry || !*entry) break;
      must((*entry)->seq == seq);
    }
    must(!reader->payload(Digest{}).has_value() ||
         reader->payload(Digest{})->state != PayloadState::present);
  }

  std::uint64_t next = 0;
  std::vector<std::string> served;
  JournalReplay replay;
  replay.state = [&next](std::string_view, std::uint64_t from) -> Status {
    next = from;
    return {};
  };
  replay.record = [&](std::uint64_t seq, std::string_view record) -> Status {
    must(seq == next++);
    // What is told before the end may still be refused at the end; what stays is checked below.
    served.emplace_back(record);
    return {};
  };
  auto journal = Journal::open(disk, options(), replay);
  if (!journal) return 0;
  // A key and checkpoints of one's own making sign one's own journal; nothing to compare with then.
  const std::string& path = chosen->first;
  if (path.starts_with("node.") || path.starts_with("checkpoint")) return 0;
  must(next >= original.signed_size);
  const std::uint64_t from = next - served.size();
  for (std::uint64_t seq = from; seq < original.signed_size; ++seq) {
    must(served[seq - from] == original.records[seq]);
  }
  must((*journal)->append("goes on").has_value());
  must((*journal)->close().has_value());
  return 0;
}
