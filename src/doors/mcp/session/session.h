// One client, one server, one run: MCP behind the gate.
//
// The session owns a transport to each of the two (transport.h; pipes.h has those of stdio). What
// passes between them is decided by the gate; this class turns messages into calls and settled
// calls into messages, keeps ids and tokens of the two sides apart, and decides nothing. It ends
// when the client closes, the node stops, or the server ends where it cannot be started again:
// calls in flight get a moment to settle, then the server is told that nothing more will come.
//
// A server that can be started again is, for the next request that needs it: calls that it had are
// settled as lost, what it asked is withdrawn, and the client stays. What the new one offers is
// read and compared before anything is sent to it (threats S10), and the client is told of lists
// that changed. One that ends right after its start is waited for longer each time. One that was
// never there is tried without being asked, since its client knows none of its tools.
// Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/hash.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/session/endpoint.h"
#include "doors/mcp/transport/transport.h"
#include "gate/state/ports.h"
#include "gate/state/sub_run.h"
#include "io/net/loop.h"
#include "io/pins/lock.h"

namespace pawl {

class Gate;
struct CallTrace;
class Policy;
}  // namespace pawl

namespace pawl::mcp {

inline constexpr Duration settle_before_close = Duration::milliseconds(1500);
inline constexpr Duration call_deadline_max = Duration::seconds(3600);
inline constexpr Duration reload_interval_min = Duration::seconds(1);
// A list that a server does not give in this time is taken for absent.
inline constexpr Duration listed_within = Duration::seconds(120);
// Servers register their tools in portions while they start: so long after its first start every
// tool of a server that was never met before counts as its first use.
inline constexpr Duration first_use_within = Duration::seconds(10);
// Notifications of a server that are passed on per second; more are dropped and counted.
inline constexpr std::uint32_t notices_per_second_max = 1000;
inline constexpr std::size_t requests_open_max = 200'000;

// A server that lived so long did not end right after its start.
inline constexpr Duration server_lives_long = Duration::seconds(5);
// How long is waited before a start, after ends right after the start: doubled each time.
inline constexpr Duration start_wait_first = Duration::milliseconds(500);
inline constexpr Duration start_wait_max = Duration::seconds(30);
// After so many in a row it is left alone for longer.
inline constexpr unsigned starts_in_a_row_max = 8;
inline constexpr Duration start_wait_exhausted = Duration::seconds(600);
// A call waits so long for a start that is not due yet; else it is refused.
inline constexpr Duration start_awaited_max = Duration::seconds(2);
// One that was started again and does not say in this time what it is, is ended.
inline constexpr Duration opened_again_within = Duration::seconds(30);

struct SessionSpec {
  std::string run;
  std::string server;  // name by which the policy calls it; empty: it has none
  std::shared_ptr<const Policy> policy;
  Lock lock;
  ResolvePath resolve;       // empty: the server's files are not ours
  sql::ReadSql read_sql;     // empty: no SQL is understood
  FindProgram find_program;  // empty: the server's programs are not ours
  Duration call_deadline = call_deadline_max;
  // Begins the trace of a call whose client says this of its own; empty: nothing is traced.
  std::function<std::shared_ptr<const CallTrace>(std::string_view traceparent)> trace;
  // Requests of several clients come by one transport, each of which says what it can do: a server
  // of the stateful era, which is told once, hears of all that the policy grants.
  bool shared = false;
  // Starts the server once more when it ended; empty: the session ends with it. An error is for who
  // asks, and says why it cannot be.
  std::function<Task<Result<Program>>()> start_again;
  // Why it could not be started at first, where its transport leads nowhere (null_transport.h)
  // and `start_again` may do better; empty: it was started.
  std::string not_started = {};
  // The time of the records; empty: nothing here says what time it is.
  std::function<Instant()> now;
  // The client is a part of the run, and has less than it; null: it is not.
  std::shared_ptr<SubRunLimits> part = nullptr;
  // The server was opened once for several sessions, whatever revision each client speaks.
  bool one_for_all = false;
  // Unpredictable bytes, for what stateless clients bring back.
  std::function<std::string(std::size_t)> random = random_bytes;
};

class Session final : public Endpoint {
 public:
  // `ended` is called once, on the loop, when nothing is in flight any more and both sides' last
  // messages have been written.
  Session(net::Loop& loop, Gate& gate, SessionSpec spec, SessionTransports transports,
          std::function<void(SessionEnd)> ended);
  ~Session() override;
  Session(Session&&) = delete;

  void finish(const std::string& why) override;
  void cancel_all() override;
  const std::string& run() const override;
  void use_policy(std::shared_ptr<const Policy> policy) override;

  struct Impl;  // session_impl.h, for the files of this room only

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace pawl::mcp
