// The inside of a session: what its parts share, and the parts. Each part is a class with its own
// fields and reaches the others through the session.
//
//   ClientSide     what the client sends         ServerSide     what the server sends
//   Calls          calls, from message to reply  UpstreamCall   a call at the server
//   Continuations  calls to come back for        Tasks          calls as tasks
//   Elicitation    what a server may ask         Subscriptions  what the client listens to
//   Handshake      how the server is opened      Restart        a server that is started again
//   Lists          tools and other lists
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/requests.h"
#include "doors/mcp/session/calls.h"
#include "doors/mcp/session/client_side.h"
#include "doors/mcp/session/continuations.h"
#include "doors/mcp/session/elicitation.h"
#include "doors/mcp/session/handshake.h"
#include "doors/mcp/session/lists.h"
#include "doors/mcp/session/restart.h"
#include "doors/mcp/session/server_side.h"
#include "doors/mcp/session/session.h"
#include "doors/mcp/session/subscriptions.h"
#include "doors/mcp/session/tasks.h"
#include "doors/mcp/transport/transport.h"
#include "gate/state/proposal.h"
#include "io/net/loop.h"

namespace pawl {

class Gate;
class Policy;
}  // namespace pawl

namespace pawl::mcp {

struct Session::Impl : std::enable_shared_from_this<Session::Impl> {
  Impl(net::Loop& l, Gate& g, SessionSpec s, SessionTransports t)
      : loop(l), gate(g), spec(std::move(s)), transports(std::move(t)) {}

  void open();
  TransportEvents client_events();
  TransportEvents server_events();
  // `request`: the raw id of the client's request that the message belongs to, or empty.
  void to_client(std::string line, std::string_view request = {});
  bool to_server(std::string line);
  void client_closed(const std::string& why);
  void server_closed(const std::string& why);
  void finish(const std::string& why);
  void close_when_settled();
  void close_now();
  Task<void> last_words();

  Shown shown() const { return {*spec.policy, spec.server, spec.part.get()}; }
  // See Gate::refuse.
  Settled refuse(Code code, const std::string& what, const std::string& sentence);
  // See Gate::goes_on.
  bool goes_on(const Call& call, const Policy* decided_under) const;

  net::Loop& loop;
  Gate& gate;
  SessionSpec spec;
  SessionTransports transports;
  json::Parser parser;
  std::optional<Requests> server_requests, client_requests;
  std::uint32_t running = 0;  // coroutines of this session
  bool client_gone = false, server_gone = false, closing = false, closed = false;
  bool client_crowded = false, server_crowded = false;
  std::string why;
  net::Timer settle_timer;
  std::function<void(SessionEnd)> ended;

  ClientSide client{*this};
  ServerSide server{*this};
  Calls calls{*this};
  Continuations continuations{*this};
  Tasks tasks{*this};
  Elicitation elicitation{*this};
  Subscriptions subscriptions{*this};
  Handshake handshake{*this};
  Restart restart{*this};
  Lists lists{*this};
};

// Starts a coroutine of the session and counts it, so that the session outlives it.
void start(const std::shared_ptr<Session::Impl>& session, Task<void> task);

}  // namespace pawl::mcp
