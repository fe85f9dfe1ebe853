// Who may call over the network: `agents` of the deployment file.
//
//   agents:
//     nightly:                                     who acts, in records and credentials
//       role: support-agent-v2                     exactly one
//       sponsor: first.lastname                    the person who answers for its runs
//       keys: ["AbCdEfGh:9f86d0…"]                 what is kept of a key, never the key
//       rights: [propose, watch]
//
// Every identity belongs to one agent and every agent to one role: two that share a key, a token or
// a certificate would be one and the same at the door, so such a file does not load.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kernel/token/api_key.h"

namespace pawl {

// What an agent may do at the decision API and at the door of MCP.
struct Rights {
  bool propose = false;  // start runs of its own, and ask for calls in them
  bool settle = false;   // say how a call of its role ended: only who executes may
  bool watch = false;    // read runs of its role, and their events
  bool speak = false;    // hand over the words of the sponsor, and name the sponsor

  friend bool operator==(const Rights&, const Rights&) = default;
};
// `propose settle`, in the order above.
std::string to_string(const Rights& rights);

// What stands in the place of a kept key that must not open anything any more.
inline constexpr std::string_view revoked_mark = "revoked";

struct DeployedAgent {
  std::string role;
  std::string sponsor;  // empty: nobody but the agent itself
  std::vector<token::KeptKey> keys;
  std::vector<std::string> revoked;  // prefixes of keys that were taken back
  Rights rights{.propose = true, .watch = true};
  Position at;
};

}  // namespace pawl
