// Passphrases that were typed into the page, looked at where that does not stop the loop.
//
// Argon2id takes a tenth of a second and 64 MiB on purpose. That is done aside (io/net/aside.h),
// one at a time, with the passphrase and the verifier, and the answer is yes or no. Who comes while
// several wait already is told to come again. The passphrase is wiped when it was looked at.
// Threads: everything but that one step belongs to the loop.
#pragma once

#include <string>

#include "base/error.h"
#include "base/task.h"
#include "io/net/aside.h"
#include "io/secrets/credential.h"

namespace pawl::console {

class Passphrases {
 public:
  static constexpr std::size_t waiting_max = 8;

  explicit Passphrases(net::Loop& loop) : aside_(loop, waiting_max) {}

  // Fault::refused: it is not the one. Fault::environment: too many wait, or the node ends.
  Task<Status> check(secrets::Credential passphrase, std::string verifier);
  // Whoever waits is answered, and nobody is looked at any more.
  void finish() { aside_.finish(); }

 private:
  net::Aside aside_;
};

}  // namespace pawl::console
