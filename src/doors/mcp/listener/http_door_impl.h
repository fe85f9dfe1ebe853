// The inside of the door: who is connected, and how a request finds its session.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/listener/http_door.h"
#include "doors/mcp/session/endpoint.h"
#include "doors/mcp/transport/http_client_transport.h"
#include "doors/mcp/transport/http_fields.h"
#include "doors/mcp/transport/load.h"
#include "io/net/loop.h"

namespace pawl::mcp {

struct HttpDoor::State : std::enable_shared_from_this<HttpDoor::State> {
  State(net::Loop& l, HttpDoorPorts p) : loop(l), ports(std::move(p)) {}

  // One request, with the right to answer it.
  struct Asking {
    Asking(std::string r, http::Request q, http::Responder a)
        : role(std::move(r)), request(std::move(q)), responder(std::move(a)) {}

    std::string role;
    http::Request request;
    http::Responder responder;
    RemoteCaller caller = {};                            // once it is known
    std::shared_ptr<json::Document> document = nullptr;  // what the body says
    std::shared_ptr<Load> load = nullptr;                // of a POST
    LoadSum bytes_of_caller = nullptr;
  };
  // A session of a stateful client, or what all requests of a stateless caller share.
  struct Connected {
    std::string key, caller, account, role;
    Era era = Era::stateful;
    std::shared_ptr<SubRunLimits> part;
    std::shared_ptr<HttpClientTransport> client;
    std::unique_ptr<Endpoint> endpoint;
    // A call may go on that no request waits for: a task, or what was cancelled.
    bool lasting = false;
  };
  using ConnectedPtr = std::shared_ptr<Connected>;
  struct Tally {
    std::size_t open = 0;
    std::uint32_t begun = 0;  // since then
    Duration since{};
    LoadSum bytes = std::make_shared<std::size_t>(0);  // of its requests under way
    std::uint64_t asked = 0;                           // in that second
    Duration second{};
  };

  void serve(std::string role, http::Request request, http::Responder responder);
  static Task<void> handle(std::shared_ptr<State> self, std::unique_ptr<Asking> asking);
  void post(Asking& asking);
  void get(Asking& asking);
  void end_session(Asking& asking);
  Posted posted(Asking& asking) const;
  Proof proof_of(const Asking& asking) const;
  static bool is_modern(const Message& message, const Field& session, const Field& version);
  void stateless(Asking& asking, const Message& message, Taken taken);
  void stateful(Asking& asking, const Message& message, Taken taken, const Field& session,
                const Field& version);
  // See HttpClientTransport::post.
  std::string params_of(const Asking& asking, const Message& message) const;
  void unreadable(Asking& asking, const Field& session, const std::string& why);
  static void say_no(Asking& asking, const http::Refusal& refusal);
  static void accepted(Asking& asking);

  // False: the request was answered.
  bool weighed(Asking& asking);
  bool counted(Asking& asking);
  bool borne(Asking& asking, const Message& message);
  void turn_away(Asking& asking, int status, std::string_view id, std::string_view why);
  static const std::string& account_of(const RemoteCaller& caller);
  // Quiet sessions.
  static bool may_last(const Message& message);
  bool may_end(const Connected& connected) const;
  std::size_t end_quiet(const std::string& account, std::size_t least, std::size_t most);
  void end_crowding();

  // Null: the request was answered.
  ConnectedPtr open(Asking& asking, std::string_view id, Era era, HttpClientTerms terms);
  bool may_begin(const std::string& account);
  static std::string modern_key(const Asking& asking);
  ConnectedPtr find(std::string_view key) const;
  ConnectedPtr find_session(const Asking& asking, std::string_view id) const;
  void forget(const ConnectedPtr& connected);
  void ended(const ConnectedPtr& connected);
  void look_after();

  net::Loop& loop;
  HttpDoorPorts ports;
  std::shared_ptr<Reading> reading = std::make_shared<Reading>();
  LoadSum bytes = std::make_shared<std::size_t>(0);  // of all requests under way
  std::map<std::string, ConnectedPtr, std::less<>> all;
  std::vector<ConnectedPtr> leaving;
  std::map<std::string, Tally> tallies;  // by account
  net::Timer rounds;
  bool ending = false;
};

}  // namespace pawl::mcp
