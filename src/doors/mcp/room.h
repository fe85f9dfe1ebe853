// The inside of a session, shared by the files that implement it:
//   session.cpp  wires, life and death     client.cpp  what the client sends
//   server.cpp   what the server sends     calls.cpp   calls and actions, from line to reply
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/message.h"
#include "doors/mcp/requests.h"
#include "doors/mcp/session.h"
#include "doors/mcp/shelf.h"
#include "doors/mcp/wire.h"
#include "io/net/loop.h"

namespace pawl::mcp {

// A request of the client that has no answer yet.
struct Pending {
  std::string id;               // raw JSON, as the client wrote it
  std::string key;              // the same id in our spelling
  std::string token;            // raw JSON of its progress token, or empty
  std::uint64_t server_id = 0;  // of our request at the server, once there is one
  double shift = 0;             // added to the server's progress: what we told the client before
  double last_progress = -1;
  bool gone = false;         // cancelled by the client, or the client left
  bool scoped = false;       // its result is projected: side channels are withheld
  Caller* caller = nullptr;  // while it waits in the gate
};
using PendingPtr = std::shared_ptr<Pending>;

struct Session::Room : std::enable_shared_from_this<Session::Room> {
  Room(net::Loop& l, Gate& g, SessionSpec s, SessionWires w)
      : loop(l),
        gate(g),
        spec(std::move(s)),
        wires(std::move(w)),
        shelf(gate, spec.run, spec.server, *spec.policy, spec.lock),
        opened(loop.now()) {}

  // session.cpp
  void open();
  WireEvents client_events();
  WireEvents server_events();
  // `request`: the raw id of the client's request that the message belongs to, or empty.
  void to_client(std::string line, std::string_view request = {});
  bool to_server(std::string line);
  void client_closed(const std::string& why);
  void server_closed(const std::string& why);
  void finish(const std::string& why);
  void close_when_settled();
  void close_now();
  Task<void> last_words();

  // client.cpp
  std::shared_ptr<json::Document> document_for(std::string_view line) const;
  void client_line(std::string_view line);
  void client_request(const Message& message, std::shared_ptr<json::Document> document);
  void client_notification(const Message& message);
  // A line that never became a message: charged, recorded, answered where it has an id.
  void refuse_line(std::string_view id, int code, const std::string& what,
                   std::string_view method = {});
  void answer_here(const Message& message);
  void cancel_of_client(json::View params);
  Task<void> initialize(std::string id, std::shared_ptr<json::Document> document,
                        json::View params);
  Task<void> list(PendingPtr pending, std::string method, std::string params);
  // The params of a list request: a cursor that the server gave, or nothing; false for any other.
  bool list_params(json::View params, std::string& out) const;
  void remember_cursor(json::View result);

  // server.cpp
  void server_line(std::string_view line);
  void server_request_arrived(const Message& message, std::shared_ptr<json::Document> document);
  void server_notification(const Message& message);
  void server_progress(json::View params);
  void server_log(const Message& message);
  Task<void> ask_client(std::string id, std::string method,
                        std::shared_ptr<json::Document> document, json::View params);
  Task<void> reload(bool announce);
  Task<bool> shelf_ready();
  bool spend_notice();
  bool any_scoped() const;

  // calls.cpp
  Task<void> tool_call(PendingPtr pending, std::shared_ptr<json::Document> document,
                       json::View params);
  Task<void> action(PendingPtr pending, std::string method,
                    std::shared_ptr<json::Document> document, json::View params);
  PendingPtr pend(const Message& message);
  void settle(const PendingPtr& pending, std::string line);

  net::Loop& loop;
  Gate& gate;
  SessionSpec spec;
  SessionWires wires;
  Shelf shelf;
  Duration opened;
  json::Parser parser;
  json::Document server_document;
  // Of the client's message, used again once its call is over: calls mostly come one by one.
  std::shared_ptr<json::Document> client_document = std::make_shared<json::Document>();
  std::optional<Requests> at_server, at_client;
  std::unordered_map<std::string, PendingPtr> pending;          // by Pending::key
  std::unordered_map<std::uint64_t, PendingPtr> by_server_id;   // for progress
  std::unordered_map<std::string, std::uint64_t> asked_client;  // server's raw id -> our id
  std::unordered_set<std::string> cursors;  // that the server gave: no other is passed to it
  std::vector<Completion<bool>> waiting_for_shelf;
  bool handshake_seen = false, initialized = false, has_tools = false;
  bool reloading = false, reload_again = false;
  std::uint32_t notices_left = notices_per_second_max;
  std::uint64_t notices_dropped = 0;
  std::uint32_t running = 0;  // coroutines of this session
  bool client_gone = false, server_gone = false, closing = false, closed = false;
  std::string why;
  net::Timer settle_timer, notice_timer, reload_timer;
  std::function<void(SessionEnd)> ended;
};

// Starts a coroutine of the session and counts it, so that the session outlives it.
void start(const std::shared_ptr<Session::Room>& room, Task<void> task);

}  // namespace pawl::mcp
