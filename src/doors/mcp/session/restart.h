// A server that ended, and the one that is started in its place.
//
// Nothing of the old server counts for the new one: what it was asked is lost, what it asked is
// withdrawn, ids go on. The new server is opened with the client's own words, its instructions and
// tools are compared, and what the client had it keep (subscriptions, the level of its log) is said
// again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"
#include "io/net/loop.h"

namespace pawl::mcp {

class Restart {
 public:
  explicit Restart(Session::Impl& session);
  Restart(const Restart&) = delete;

  // What the client said of itself, to say it again.
  void remember_hello(const Hello& hello);
  void on_server_ended(const std::string& why);
  // Starts and opens a server that ended. False: it is not there, and `absence` says why.
  Task<bool> ensure_running();
  std::string why_unavailable() const;
  void refuse_unavailable(const PendingPtr& pending, const std::string& what, bool call);
  Task<bool> start_again();
  // Tries a server that was never there, and goes on trying.
  void schedule_retry();
  Task<void> restore();
  void announce_availability(bool there);
  // The session ends.
  void stop() { start_timer_.reset(); }

  // Read by the other parts of a session.
  std::uint64_t incarnation = 1;  // of the server: one more with each start
  std::string why_absent;
  bool ever_there = false;  // it said what it is, once

 private:
  Session::Impl& session_;
  net::Timer start_timer_;
  std::shared_ptr<void> life_;  // of the server, where it ends with the session
  Duration started_{};
  Duration not_before_{};
  unsigned ends_in_a_row_ = 0;
  bool absent_ = false;  // and the client was told
  std::shared_ptr<const json::Document> hello_said_;
};

}  // namespace pawl::mcp
