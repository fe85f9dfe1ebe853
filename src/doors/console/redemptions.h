// Tickets that were used (tickets.h), so that each counts once, and room that no person takes from
// others while they are.
//
//   passkeys   are used by a person who has proved who they are: each person has room of their own;
//   providers  are asked before anybody knows who came back. So the room is that of the address it
//              came from until the provider has answered, and the person's afterwards. What the
//              provider did not vouch for is forgotten: the browser that sends it again asks again,
//              and that is braked by address, as any new attempt is.
//
// There is no room that all share and that outlives a question: a person who fills their own
// keeps no other out, and is let in again before long.
// Threads: one loop. Times count since boot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace pawl::console {

struct RedemptionLimits {
  Duration life = Duration::seconds(300);  // at least that of a ticket
  std::size_t of_person_max = 32;          // within a life
};

// As many persons as the caller knows, each with a room of their own.
class Redemptions {
 public:
  explicit Redemptions(RedemptionLimits limits = {}) : limits_(limits) {}

  bool used(std::string_view ticket) const;
  // It is used, from now on. False: it was already, or this person has used too many.
  bool use(std::string_view ticket, std::string_view person, Duration now);

 private:
  struct Use {
    std::string person;
    Duration until{};
  };
  RedemptionLimits limits_;
  std::map<std::string, Use, std::less<>> used_;
};

struct ReturnLimits {
  std::size_t under_way_max = 256;        // questions to the provider at once
  std::size_t under_way_of_one_max = 4;   // … of one address
  std::size_t burst = 60;                 // attempts of one address that did not succeed …
  Duration again = Duration::seconds(1);  // … and one more after each of these
  std::size_t addresses_max = 4096;       // remembered; then those that may go on soonest are not
  RedemptionLimits people = {};
};

// People who come back from a provider.
class Returns {
 public:
  enum class Turn : std::uint8_t { goes, before, waits };

  explicit Returns(ReturnLimits limits = {}) : limits_(limits), people_(limits.people) {}

  // `goes`: the provider may be asked, and `ended` has to follow. `before`: the ticket is used, or
  // under way. `waits`: this address has to wait.
  Turn begin(std::string_view ticket, std::string_view address, Duration now);
  // The provider vouched for `person`, or for none (empty). False: not for them, not now.
  bool ended(std::string_view ticket, std::string_view person, Duration now);

 private:
  bool may_go(std::string_view address, Duration now);

  ReturnLimits limits_;
  Redemptions people_;
  std::map<std::string, std::string, std::less<>> under_way_;  // with their addresses
  // When an address would have nothing to wait for any more (a leaky bucket).
  std::map<std::string, Duration, std::less<>> free_at_;
};

}  // namespace pawl::console
