// What slows wrong answers down: by where they come from, never by whose name they give.
//
// A brake on a name is a switch in strangers' hands: every program that can reach the page locks a
// reviewer out, and learns from it which names there are. So each *source* waits for its own
// failures, twice as long each time, up to a minute; whom they claim to be makes no difference.
// What all sources together may cost is bounded elsewhere (doors/console/passphrases.h).
//
// A source is a text of the caller's choosing: an address, a connection, a session, a browser that
// was signed in from before. The table is bounded: sources that were quiet for a while are
// forgotten, and where all are busy, the one whose wait ends first.
// Threads: the owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "base/time.h"

namespace pawl {

class Brake {
 public:
  static constexpr std::size_t sources_max = 4096;
  static constexpr Duration first_wait = Duration::seconds(1);
  static constexpr Duration longest_wait = Duration::seconds(60);
  static constexpr Duration quiet_max = Duration::seconds(900);
  static constexpr std::uint32_t free_failures = 2;

  // ErrorKind::refused while this source has to wait, with how long.
  Status may_try(const std::string& source, Instant now) const;
  // How long that is; zero: not at all.
  Duration wait(const std::string& source, Instant now) const;
  void failed(const std::string& source, Instant now);
  void succeeded(const std::string& source) { sources_.erase(source); }
  std::size_t size() const { return sources_.size(); }

 private:
  struct Failures {
    std::uint32_t count = 0;
    Instant until{}, last{};
  };
  void make_room(Instant now);

  std::unordered_map<std::string, Failures> sources_;
};

}  // namespace pawl
