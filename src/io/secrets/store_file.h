// The file of a store, and the lock that lets one at a time change it.
//
//   auto file = StoreFile::open(path);          // waits for the process that changes it
//   auto text = file->read();                   // empty where there is no store yet
//   file->replace(store.text());                // whole or not at all
//
// A new text is written beside the old one, synced, renamed over it, and the folder synced; a crash
// leaves one of the two. The lock is a file of its own, `PATH.lock`, because the store itself is
// another file after each change.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "io/net/fd.h"

namespace pawl::secrets {

inline constexpr const char* store_name = "credentials.store";  // in the node's directory

class StoreFile {
 public:
  static Result<StoreFile> open(const std::string& path);
  // Without waiting: ErrorKind::environment where another process changes it.
  static Result<StoreFile> try_open(const std::string& path);

  Result<std::string> read() const;
  Status replace(std::string_view text) const;

 private:
  static Result<StoreFile> locked(const std::string& path, int how);
  StoreFile(std::string path, net::Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  net::Fd lock_;
};

// The text of a store without the lock: for readers. ErrorKind::missing where there is none,
// ErrorKind::refused where others can read or write it.
Result<std::string> read_store(const std::string& path);

}  // namespace pawl::secrets
