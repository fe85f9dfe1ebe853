// The journal's files, read beside the node that may be writing them: for `audit` and `replay`.
//
// Nothing here takes the node's lock or changes a byte. Records come as they are stored; payloads
// are looked up by their commitment and come back only when they are the bytes committed to.
//
// The journal is verified before anything of it is told (io/journal/verify.h). Where it is damaged,
// that is said at once on standard error, only the records before the damage are told, and `ends`
// makes the command fail: no report of a damaged journal looks like one of a whole journal.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/replay/replay.h"
#include "app/common/command.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"
#include "io/journal/note.h"
#include "io/journal/posix_disk.h"
#include "io/journal/reader.h"
#include "model/record.h"

namespace pawl::app {

// What a record's place in the signed tree is worth.
struct Inclusion {
  std::uint64_t signed_size = 0;  // records that the newest checkpoint covers
  bool covered = false;           // this record is among them
  bool proved = false;            // and its path leads to the signed root
  std::vector<Digest> path;
};

class Evidence {
 public:
  // ErrorKind::missing where the state directory holds no journal; ErrorKind::corrupt where none of
  // it can be told.
  static Result<Evidence> open(const Arguments& arguments);

  // What is wrong with the journal; empty: nothing.
  const std::string& damage() const { return damage_; }
  // The exit status of a command that would end with `status`.
  int ends(int status) const;
  // The same of one that ends with an error: what was not found may be behind the damage.
  int ends(const Error& error) const;

  Disk& disk() { return *disk_; }
  JournalReader& reader() { return reader_; }
  const std::string& directory() const { return directory_; }

  // Every record from `first` on until the journal ends for now, or `each` answers false.
  Status records(std::uint64_t first,
                 const std::function<bool(const JournalEntry&, json::View)>& each);
  // The same, as what the records say. Ends with the error that `each` answers, too;
  // ErrorKind::corrupt for a record that says nothing we know how to read.
  Status parsed_records(
      std::uint64_t first,
      const std::function<Result<bool>(const JournalEntry&, const Record&)>& each);

  // The stored bytes behind `sha256:…`; `missing` for what is no commitment.
  Result<Payload> payload(std::string_view commitment);

  // Against the newest checkpoint, whose signature is checked with `node.pub`.
  Result<Inclusion> inclusion(const JournalEntry& entry);

  // The run that a person means: its id, a prefix that only one has, or `last`.
  Result<std::string> find_run(std::string_view wanted);

 private:
  Evidence(std::string directory, std::unique_ptr<PosixDisk> disk, JournalReader reader)
      : directory_(std::move(directory)), disk_(std::move(disk)), reader_(std::move(reader)) {}

  std::string directory_;
  std::unique_ptr<PosixDisk> disk_;
  JournalReader reader_;
  std::string damage_;
  std::uint64_t told_max_ = ~0ULL;  // records before the damage
};

// For code that decides recorded calls once more. The evidence outlives it.
PayloadLookup lookup_in(Evidence& evidence);

}  // namespace pawl::app
