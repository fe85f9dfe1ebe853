// One client, one server, one run: MCP behind the gate.
//
// The session owns a wire to each of the two (wire.h; pipes.h has those of stdio). What passes
// between them is decided by the gate; this class turns messages into calls and settled calls into
// messages, keeps ids and tokens of the two sides apart, and decides nothing. It ends when the
// client closes, the server ends, or the node stops: calls in flight get a moment to settle, then
// the server is told that nothing more will come.
// Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/hash.h"
#include "base/time.h"
#include "doors/mcp/endpoint.h"
#include "doors/mcp/wire.h"
#include "gate/gate.h"
#include "io/net/loop.h"
#include "io/pins/lock.h"

namespace pawl::mcp {

inline constexpr Duration settle_before_close = Duration::milliseconds(1500);
inline constexpr Duration call_deadline_max = Duration::seconds(3600);
inline constexpr Duration reload_interval_min = Duration::seconds(1);
// Servers register their tools in portions while they start: so long after its first start every
// tool of a server that nobody met before counts as its first use.
inline constexpr Duration first_use_within = Duration::seconds(10);
// Notifications of a server that are passed on per second; more are dropped and counted.
inline constexpr std::uint32_t notices_per_second_max = 1000;
inline constexpr std::size_t requests_open_max = 200'000;

struct SessionSpec {
  std::string run;
  std::string server;  // name by which the policy calls it; empty: it has none
  std::shared_ptr<const Policy> policy;
  Lock lock;
  ResolvePath resolve;       // empty: the server's files are not ours
  ReadSql read_sql;          // empty: no SQL is understood
  FindProgram find_program;  // empty: the server's programs are not ours
  Duration call_deadline = call_deadline_max;
  // Begins the trace of a call whose client says this of its own; empty: nothing is traced.
  std::function<std::shared_ptr<const CallTrace>(std::string_view traceparent)> trace;
  // Requests of several clients come by one wire, each of which says what it can do: a server of
  // the older era, which is told once, hears of all that the policy grants.
  bool shared = false;
  // Unpredictable bytes, for what modern clients bring back.
  std::function<std::string(std::size_t)> random = random_bytes;
};

struct SessionWires {
  std::unique_ptr<Wire> client, server;
};

class Session final : public Endpoint {
 public:
  // `ended` is called once, on the loop, when nothing is in flight any more and both sides' last
  // messages have been written.
  Session(net::Loop& loop, Gate& gate, SessionSpec spec, SessionWires wires,
          std::function<void(SessionEnd)> ended);
  ~Session() override;
  Session(Session&&) = delete;

  void finish(const std::string& why) override;
  void cancel_all() override;
  const std::string& run() const override;
  void use_policy(std::shared_ptr<const Policy> policy) override;

  struct Room;  // room.h, for the files of this door only

 private:
  std::shared_ptr<Room> room_;
};

}  // namespace pawl::mcp
