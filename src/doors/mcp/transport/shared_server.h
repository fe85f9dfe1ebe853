// One process of a stdio server for several sessions, of several runs: sharing, opt-in.
//
// A session takes its transport for a server of its own. Here ids and progress tokens of the
// sessions are replaced by some that no two share, and put back, so an answer, a progress notice, a
// subscription reaches the session that asked and no other; a cancellation cancels its own call.
// Lists that changed are told to all, an updated resource to those that subscribed to it. What
// cannot be said to belong to one of them reaches no session: log messages of the server, whose
// level would be that of all, and its requests, which are refused. So the server is opened once, in
// pawl's own name and with no capabilities of a client; each session that opens it hears what it
// said then. When the process ends it ends for all, and each session settles what it had there. A
// session that does not take what it is told is let go when its share of memory is full; the others
// go on. Threads: one loop. It lives as long as one of its transports.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "doors/mcp/transport/transport.h"
#include "io/net/loop.h"

namespace pawl::mcp {

inline constexpr std::size_t sessions_of_a_process_max = 256;
inline constexpr std::size_t sessions_of_one_caller_max = sessions_of_a_process_max / 2;
inline constexpr std::size_t requests_of_a_session_max = 1000;
inline constexpr std::size_t requests_of_a_process_max = 100'000;
inline constexpr std::size_t subscriptions_of_a_session_max = 1000;
inline constexpr std::size_t untaken_bytes_max = 16UL << 20;

struct SharedProcess;

class SharedServer {
 public:
  // `tell`: something that reached no session, for the log.
  SharedServer(net::Loop& loop, Program program, std::function<void(const std::string&)> tell);
  ~SharedServer();
  SharedServer(const SharedServer&) = delete;

  // Whether its process has ended.
  bool over() const;
  std::size_t sessions() const;
  // A transport for one more session, of this caller; empty: unknown.
  // ErrorKind::environment where there are too many.
  static Result<std::unique_ptr<Transport>> attach(const std::shared_ptr<SharedServer>& server,
                                                   const std::string& caller = {});

 private:
  std::shared_ptr<SharedProcess> process_;
};

}  // namespace pawl::mcp
