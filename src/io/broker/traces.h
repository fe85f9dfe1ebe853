// Secrets that went out, to be taken out of what comes back.
//
// A server may show a secret in any later answer, also in one to another caller. So what was sent
// to a server is remembered for as long as the node lives: the newest `remembered_max` of each
// server, in locked memory, and the automaton that finds them. Values that are not used any more
// leave it as newer ones come. One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "io/secrets/credential.h"
#include "lang/secret/scrub.h"

namespace pawl::broker {

inline constexpr std::size_t remembered_max = 64;

class Traces {
 public:
  // False: the value could not be found again in a text, so it must not be sent.
  [[nodiscard]] bool remember(const std::string& server, const std::string& name,
                              std::string_view value);
  void scrub(std::string_view server, std::string& text) const;

 private:
  struct Sent {
    std::string name;
    secrets::Credential value;
  };
  struct OfServer {
    std::deque<Sent> sent;
    std::optional<Scrubber> scrubber;
  };
  std::map<std::string, OfServer, std::less<>> servers_;
};

}  // namespace pawl::broker
