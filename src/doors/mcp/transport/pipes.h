// The transports of a session over stdio: a pair of pipes for each party, a line for each message.
#pragma once

#include <memory>

#include "doors/mcp/transport/transport.h"
#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::mcp {

struct SessionPipes {
  net::Fd client_in, client_out, server_in, server_out;
};

// What is read from the party, and what it reads. `at_our_end` is called once, before the party can
// see that nothing more comes: because of `finish_sending`, or because the transport is no longer
// held.
std::unique_ptr<Transport> over_pipes(net::Loop& loop, net::Fd from, net::Fd to,
                                      net::Callback at_our_end = {});
SessionTransports over_pipes(net::Loop& loop, SessionPipes pipes);

}  // namespace pawl::mcp
