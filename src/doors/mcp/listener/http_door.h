// MCP over Streamable HTTP: requests in, sessions behind them.
//
//   HttpDoor door(loop, ports);
//   routes.add("POST", "/mcp/", Hosts::listed, [&](Request r, Responder a) { door.serve(…); });
//
// One address for each role, for clients of both eras. A client of the stateful one says
// `initialize` and gets a session, whose id it sends with everything that follows; a stateless one
// has no session, and all that one caller asks at one address goes to one connection to the
// servers, which ends when nothing was asked for a while. Which run a request belongs to follows
// from who calls, and never from a session: a client that begins a new one has the same ceilings,
// and the same halt. A session's id is a name and no right: it serves the caller that opened it, at
// the role where it did, and for any other caller it does not exist. Order of looks: who calls,
// then the form of the request, then its session. What is refused before it reached a session is no
// call; it is told to `refused`, which bounds how much is kept. Threads: one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/session/endpoint.h"
#include "doors/mcp/transport/http_client_transport.h"
#include "doors/mcp/transport/transport.h"
#include "gate/state/sub_run.h"
#include "io/http/message.h"
#include "io/http/responder.h"
#include "io/net/loop.h"

namespace pawl::mcp {

inline constexpr std::size_t sessions_max = 16'384;
inline constexpr std::size_t sessions_of_caller_max = 4096;
inline constexpr std::uint32_t new_sessions_per_minute_max = 600;  // of one caller
// Bytes of bodies whose requests are under way, see load.h: of one caller, of all.
inline constexpr std::size_t requests_bytes_of_caller_max = 128UL << 20;
inline constexpr std::size_t requests_bytes_max = 512UL << 20;
inline constexpr std::uint64_t requests_per_second_max = 100'000;  // of one caller
// Without a request, a stream that listens or an answer that is missing, so long.
inline constexpr Duration session_idle_max = Duration::seconds(3600);
// Longer than a stateless client may take to come back to a call that waits (request_states.h).
inline constexpr Duration connection_idle_max = Duration::seconds(900);
// … and where its caller lacks room for another one.
inline constexpr Duration session_quiet_min = Duration::seconds(60);
inline constexpr Duration keep_alive_every = Duration::seconds(15);

struct HttpDoorLimits {
  std::size_t sessions = sessions_max;  // those that end included
  std::size_t sessions_of_caller = sessions_of_caller_max;
  std::uint64_t new_sessions_per_minute = new_sessions_per_minute_max;
  std::size_t requests_of_session = requests_of_client_max;
  std::size_t requests_bytes_of_caller = requests_bytes_of_caller_max;
  std::size_t requests_bytes = requests_bytes_max;
  std::uint64_t requests_per_second = requests_per_second_max;
  std::size_t held_back_bytes = held_back_bytes_most;  // of one session
  Duration session_idle = session_idle_max;
  Duration session_quiet = session_quiet_min;
  Duration connection_idle = connection_idle_max;
};

// Who calls, as far as this door needs it.
struct RemoteCaller {
  std::string key;      // the same for callers that may share a run, another for any other caller
  std::string sponsor;  // who answers for the run
  std::string agent;    // of the deployment file; empty: unknown
  std::string run;      // that the caller proved to be in; empty: the one of its key
  // … and what part of it; null: the whole run.
  std::shared_ptr<SubRunLimits> part = nullptr;
  std::string client;  // how the program calls itself, for people
  // Whose share of sessions and processes it uses, in whichever run; empty: the key's.
  std::string account = {};
  // What proved it is over so long from now; nothing: not by itself.
  std::optional<Duration> proof_lasts = {};
  // False from when this caller is no longer known. Null: that is not known.
  std::shared_ptr<const bool> stands = nullptr;
};

struct HttpDoorPorts {
  // Who asks for this role. Otherwise the answer: 401, 403. The request outlives the task.
  std::function<Task<std::expected<RemoteCaller, http::Response>>(const http::Request& request,
                                                                  std::string role)>
      identify;
  // Connects a client to the servers of a role. `ended` is called once, never from inside.
  using Ended = std::function<void(const SessionEnd&)>;
  std::function<Result<std::unique_ptr<Endpoint>>(const RemoteCaller& caller,
                                                  const std::string& role,
                                                  std::unique_ptr<Transport> client, Ended ended)>
      open;
  // Something was refused before it became a call; `run` may be empty.
  std::function<void(const std::string& run, const RemoteCaller& caller,
                     const std::string& sentence)>
      refused;
  std::function<std::string(std::size_t)> random;
  // Whether this run is closed: nothing can be called in its sessions any more, and they end.
  std::function<bool(const std::string& run)> over;
  // How many processes of servers this account should give back, so that there is room for its next
  // sessions; how many a session of this role has; whether calls of this run are under way. Null:
  // they are not counted.
  std::function<std::size_t(const std::string& account)> crowded = {};
  std::function<std::size_t(const std::string& role)> processes_of = {};
  std::function<bool(const std::string& run)> calls = {};
  bool traced = false;  // a `traceparent` in the header fields of a call counts as its own
  HttpDoorLimits limits = {};
};

class HttpDoor {
 public:
  HttpDoor(net::Loop& loop, HttpDoorPorts ports);
  ~HttpDoor();
  HttpDoor(const HttpDoor&) = delete;

  // POST, GET and DELETE at a role's address.
  void serve(const std::string& role, http::Request request, http::Responder responder);

  // Counts for what begins from now on.
  void limit(const HttpDoorLimits& limits);
  // For every client that is connected now.
  void each(const std::function<void(Endpoint&)>& visit) const;
  // Ends what was idle for long, or whose run is over. Happens every `keep_alive_every` by itself.
  void look_after();
  // Ends sessions of stateful clients of this account that nothing was asked in for `session_quiet`
  // and nothing waits for, the longest quiet first, until they had so many processes, with those
  // that end already. That many: the processes end a moment later.
  std::size_t end_quiet(const std::string& account, std::size_t processes);
  // Further requests are answered with 503.
  void refuse_new();
  // Everything ends, in order, and nothing new begins.
  void finish(const std::string& why);
  std::size_t sessions() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::mcp
