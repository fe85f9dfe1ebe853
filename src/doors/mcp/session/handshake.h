// How the server is opened: which era it speaks, and what it says about itself.
//
// For a stateful client a server hears `initialize` first, as it would without pawl, and is asked
// for the stateless era only where it refuses that. For a stateless client it is the other way
// around: `server/discover`, then `initialize` where the server does not answer as a stateless
// server does, or not soon. Some servers exit when they hear anything before `initialize`: a client
// that asks in a process of its own finds out by that, as it does without pawl.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/requests.h"
#include "doors/mcp/session/session.h"
#include "io/net/loop.h"

namespace pawl::mcp {

enum class Opening : std::uint8_t { closed, under_way, open, failed };

class Handshake {
 public:
  explicit Handshake(Session::Impl& session) : session_(session) {}
  Handshake(const Handshake&) = delete;

  void client_initialized();
  Task<void> initialize(std::string id, std::shared_ptr<json::Document> document,
                        json::View params);
  // Makes the server ready, once: which era it speaks, and what it says about itself. False: it did
  // not answer, and `server_refusal` says how. `stateless`: what is asked first.
  Task<bool> ensure_open(bool stateless, Hello hello);
  // Params of a request of our own, with what a stateless server wants to see in each.
  std::string params_for_server(std::string params) const;
  Reply refusal() const;
  bool instructions_accepted();
  // The server ended: what it said does not count for the next one.
  void forget();
  // The session ends.
  void stop() { listen_timer_.reset(); }

  // Read by the other parts of a session.
  Opening opening = Opening::closed;
  Era server_era = Era::unknown;
  json::Document server_hello;  // by the server about itself, in the form of an `initialize` result
  std::string server_refusal;   // the error with which it refused that; empty: it said nothing
  std::vector<Completion<bool>> waiting_for_server;
  std::shared_ptr<const std::string> envelope;  // of our own requests at a stateless server
  bool has_tools = false;
  bool initialized = false;  // the server heard that its client is ready

 private:
  Task<bool> negotiate(bool stateless, const Hello& hello, bool again);
  Task<Answer> discover_once();
  Task<bool> try_discover();
  Task<bool> try_initialize(const Hello& hello);
  void listen_for_changes();

  Session::Impl& session_;
  std::optional<bool> instructions_fine_;
  net::Timer listen_timer_;
  Duration listen_pause_ = Duration::seconds(1);
};

}  // namespace pawl::mcp
