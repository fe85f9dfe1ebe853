// Several tool servers behind one endpoint: a fan-out that is pure protocol and decides nothing.
//
// Each server has a session of its own (session.h), and every message passes through one: what is
// granted, held, recorded and charged is decided there, under the same run. Here names get and lose
// their `server/` (names.h), answers of several servers become one (merge.h), resources find their
// server (resource_owners.h), and ids of the client, of each session and of the questions of
// servers are kept apart. A server that ends, fails or is slow takes no other along: what it offers
// is absent, and said to be, until it answers; one that can be started again is, for what it is
// asked next. With exactly one server there is nothing to fan out: `connect` gives its session,
// names as they are. Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "doors/mcp/session/endpoint.h"
#include "doors/mcp/session/session.h"
#include "doors/mcp/transport/transport.h"
#include "io/net/loop.h"

namespace pawl {
class Gate;
}  // namespace pawl

namespace pawl::mcp {

// How long the others wait for a server before they go on without it.
inline constexpr Duration fan_out_patience = Duration::seconds(10);
// Changes of lists are told to the client together.
inline constexpr Duration list_changes_within = Duration::milliseconds(50);
// What waits for a server that does not read, before it is refused.
inline constexpr std::size_t waiting_bytes_max = 8UL << 20;
inline constexpr std::size_t waiting_messages_max = 1000;

struct UpstreamServer {
  SessionSpec spec;  // its `server` is the name here; its `run` and `part` those of the others
  std::unique_ptr<Transport> transport;
  std::shared_ptr<void> life = nullptr;  // of the server, where it ends with this
};

// One client in front of these servers, at least one. Refused where their names cannot stand
// beside each other.
Result<std::unique_ptr<Endpoint>> connect(net::Loop& loop, Gate& gate,
                                          std::unique_ptr<Transport> client,
                                          std::vector<UpstreamServer> servers,
                                          std::function<void(SessionEnd)> ended,
                                          Duration patience = fan_out_patience);

}  // namespace pawl::mcp
