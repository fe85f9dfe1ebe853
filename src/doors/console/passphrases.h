// Passphrases that were typed into the page, looked at where that does not stop the loop.
//
// Argon2id takes a tenth of a second and 64 MiB on purpose. That is done aside (io/net/aside.h),
// one at a time, with the passphrase and the verifier, and the answer is yes or no. The passphrase
// is wiped when it was looked at.
//
// A source that has to wait for its wrong passphrases (io/approvals/brake.h) is held, and not sent
// away: strangers who share its address with a reviewer make the reviewer wait some seconds, as
// they wait themselves, and what is right is right after that.
//
// The queue is fair: a source (an address, a browser) has little room in it, and those that have
// signed in before come first. So strangers can make each other wait, and no person whom we know.
// A caller that finds no room is told to come again.
// Threads: everything but that one step belongs to the loop.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/net/aside.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"

namespace pawl::console {

// Who types.
struct Typist {
  std::string source;
  bool known = false;  // they have signed in from there before, or are signed in
};

class Passphrases {
 public:
  static constexpr std::size_t waiting_max = 64;
  static constexpr std::size_t waiting_of_one_max = 2;
  static constexpr std::size_t held_max = 256;
  static constexpr std::size_t held_of_one_max = 2;

  explicit Passphrases(net::Loop& loop) : loop_(loop), aside_(loop, 1) {}
  ~Passphrases() { finish(); }
  Passphrases(const Passphrases&) = delete;

  // ErrorKind::refused: it is not the one. ErrorKind::environment: too many wait, or the node ends.
  Task<Status> check(secrets::Credential passphrase, std::string verifier, Typist typist);
  // Waits, and behind those of this source that wait already. False: they are too many, or the node
  // ends.
  Task<bool> hold(std::string source, Duration wait);
  // Those who wait are answered, and no further passphrase is checked.
  void finish();

 private:
  struct Waiting {
    Typist typist;
    Completion<bool> turn;  // false: their room was given to a known person, or it is over
  };
  struct Held {
    std::string source;
    Completion<bool> over;
    Duration due{};
    net::Timer timer;
  };
  bool find_room(const Typist& typist);
  void next();
  void tell_later(Completion<bool> turn, bool theirs);

  net::Loop& loop_;
  net::Aside aside_;
  std::deque<Waiting> waiting_;
  std::list<Held> held_;
  std::deque<Completion<bool>> told_;  // in a later turn of the loop
  bool busy_ = false, over_ = false;
};

}  // namespace pawl::console
