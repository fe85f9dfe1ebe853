// Passphrases that were typed into the page, looked at where that does not stop the loop.
//
// Argon2id takes a tenth of a second and 64 MiB on purpose. A thread of its own does it, one at a
// time: it gets the passphrase and the verifier, gives back yes or no, and shares nothing. Who
// comes while several wait already is told to come again. The passphrase is wiped when it was
// looked at.
// Threads: everything but that one step belongs to the loop.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/task.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"

namespace pawl::console {

class Passphrases {
 public:
  static constexpr std::size_t waiting_max = 8;

  explicit Passphrases(net::Loop& loop) : loop_(loop) {}
  Passphrases(const Passphrases&) = delete;
  ~Passphrases() { finish(); }

  // Fault::refused: it is not the one. Fault::environment: too many wait, or the node ends.
  Task<Status> check(secrets::Credential passphrase, std::string verifier);
  // Whoever waits is answered, and nobody is looked at any more.
  void finish();

 private:
  net::Loop& loop_;
  bool busy_ = false, over_ = false;
  std::deque<Completion<bool>> waiting_;  // their turn, or false at the end
  std::optional<Completion<bool>> running_;
  std::jthread thread_;
};

}  // namespace pawl::console
