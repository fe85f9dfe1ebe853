// The encrypted store of secrets, opened once and kept open.
//
// Opening takes Argon2id, which is slow on purpose: a thread of its own does it, which gets the
// text and the passphrase, gives back the open store, and shares nothing. What stays in memory are
// the sealed values and the key that opens one at a time. A file that changed is opened again, so
// that a rotated secret is the next call's; a file that cannot be opened gives nothing, also where
// an older one could be. A caller that asks while it is being opened waits: an opening that
// succeeds is everybody's, and one that fails is only of those who asked before it began, with the
// same key. One thread, that of the loop.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"
#include "io/secrets/source.h"
#include "io/secrets/store.h"
#include "io/secrets/store_file.h"
#include "kernel/deployment/deployment.h"

namespace pawl::broker {

struct Stored {
  secrets::Credential value;
  std::uint64_t version = 0;
};

class StoreKeeper {
 public:
  StoreKeeper(net::Loop& loop, std::string path) : loop_(loop), path_(std::move(path)) {}
  StoreKeeper(const StoreKeeper&) = delete;
  ~StoreKeeper();

  // The newest version of the name. `key`: where the passphrase comes from, files resolved.
  Task<Result<Stored>> get(std::string name, Deployment::StoreKey key,
                           std::vector<std::string> environment);
  // No other process changes the store while this is there. ErrorKind::environment where one does.
  Result<secrets::StoreFile> hold() const { return secrets::StoreFile::try_open(path_); }
  // The one version of the name from now on, after `get` and while the store is held.
  Status replace(const secrets::StoreFile& held, const std::string& name,
                 const secrets::Credential& value);

 private:
  // Which file it is, and in which state.
  struct Stamp {
    ino_t file = 0;
    off_t bytes = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  Result<Stamp> stamp() const;
  Task<Status> open(Deployment::StoreKey key, std::vector<std::string> environment);

  net::Loop& loop_;
  std::string path_;
  std::optional<secrets::Store> store_;
  Stamp opened_;
  bool opening_ = false, ended_ = false;
  std::uint64_t openings_ = 0;         // begun so far
  Deployment::StoreKey opening_with_;  // the newest of them
  std::vector<Completion<Status>> waiting_;
  std::jthread thread_;
};

}  // namespace pawl::broker
