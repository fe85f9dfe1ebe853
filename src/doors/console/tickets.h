// Challenges for people who are not signed in yet: a text that we gave to a browser for one purpose
// and one key of a page, and that counts for a while.
//
// Nothing is kept of a ticket that is given: it carries its end and a MAC of ours, so a browser
// that asks for many takes no room from others. That each counts once is kept elsewhere
// (redemptions.h).
// A ticket is given for the key that the page has made for the session it wants: with another key
// it counts for nothing.
// Threads: one loop. Times count since boot.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace pawl::console {

struct TicketLimits {
  Duration life = Duration::seconds(300);
};

class Tickets {
 public:
  // `secret`: 32 random bytes.
  explicit Tickets(std::string secret, TicketLimits limits = {})
      : secret_(std::move(secret)), limits_(limits) {}

  // `random`: 16 bytes. `purpose` and `bound` hold no line breaks.
  std::string give(std::string_view purpose, std::string_view bound, std::string_view random,
                   Duration now) const;
  // Whether it was given for this, and its time is not over.
  bool good(std::string_view ticket, std::string_view purpose, std::string_view bound,
            Duration now) const;
  // How long ago it was given. Precondition: it is good.
  Duration age(std::string_view ticket, Duration now) const;
  // A secret of ours that belongs to this ticket.
  std::string secret_for(std::string_view ticket, std::string_view word) const;

 private:
  std::string mac(std::string_view purpose, std::string_view bound, std::string_view head) const;

  std::string secret_;
  TicketLimits limits_;
};

}  // namespace pawl::console
