// The inside of a shared process: its sessions, what they send, what the server says.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/transport/shared_server.h"
#include "doors/mcp/transport/transport_base.h"

namespace pawl::mcp {

struct SharedProcess;

// One session, as the process knows it: what the session takes for its server.
class SharedClient final : public TransportOf<SharedClient> {
 public:
  SharedClient(std::shared_ptr<SharedProcess> process, std::uint64_t number, std::string caller);

  void open(TransportEvents wanted) override;
  bool send(std::string message, std::string_view request) override;
  // None: but a call that wants one has to be told that it gets none.
  bool carries_secrets() const override { return true; }
  Task<bool> drained() override;
  void finish_sending() override;
  void stop_hearing() override;

 private:
  friend struct SharedProcess;
  void on_resume() override;

  std::shared_ptr<SharedProcess> process;
  std::uint64_t number = 0;
  std::string caller;                          // whose share of the process it uses
  bool leaving = false;                        // it ends for this session
  std::map<std::string, std::uint64_t> asked;  // its requests: by their raw id, ours
  std::set<std::string> uris;                  // that it subscribed to
};
using SharedClientPtr = std::shared_ptr<SharedClient>;

// A request of ours at the process.
struct AskedOfShared {
  std::uint64_t client = 0;  // 0: its session is gone
  std::string id, token;     // raw, as the session wrote them
  std::string subscribes;    // to this resource
  bool probes = false;       // `server/discover` before the era is known
};

struct SharedProcess : std::enable_shared_from_this<SharedProcess> {
  // Which era the process was opened in, by the first session.
  enum class Opening : std::uint8_t { closed, probing, under_way, stateful, stateless };

  SharedProcess(net::Loop& l, Program p, std::function<void(const std::string&)> t)
      : loop(l), program(std::move(p)), tell(std::move(t)) {}

  void open();
  Result<SharedClientPtr> add(const std::string& caller);
  void ended();
  void let_go(const SharedClientPtr& client);
  void leave(std::uint64_t number);
  void deliver(const SharedClientPtr& client, std::string text);
  // In a later turn.
  void answer(std::uint64_t client, std::string line);
  void look_whether_over(const SharedClientPtr& client);
  SharedClientPtr client_of(std::uint64_t number) const;

  // What sessions send.
  bool send(std::uint64_t number, const std::string& message, const std::shared_ptr<Pass>& pass);
  void ask(const SharedClientPtr& client, const Message& message);
  void forward(const SharedClientPtr& client, const Message& message, AskedOfShared asked);
  void cancel(const SharedClientPtr& client, json::View params);
  void unsubscribe(const SharedClientPtr& client, const Message& message);
  void open_stateful(const SharedClientPtr& client, std::string id);
  void discover(const SharedClientPtr& client, const Message& message);
  void give_up_probes(SharedClient& client);
  void probe_over();
  void go_on_opening();
  void refuse_probes();

  // What the server says.
  void said(std::string_view line);
  void answered(const Message& message, std::string_view line);
  void opened(const Message& message);
  void noticed(const Message& message, std::string_view line);
  void updated(const Message& message, std::string_view line);
  void unreadable(std::string_view line, const std::string& why);
  void too_long(std::string_view head);
  void lost(std::string_view raw_id, const std::string& why);

  net::Loop& loop;
  Program program;
  std::function<void(const std::string&)> tell;
  json::Parser parser;
  std::map<std::uint64_t, SharedClientPtr> clients;
  std::map<std::uint64_t, AskedOfShared> asked;
  std::uint64_t next_client = 1, next_id = 1;
  Opening opening = Opening::closed;
  std::uint64_t opening_id = 0;
  std::string hello;  // what the process said of itself
  bool ready = false, over = false, crowded = false;
  std::size_t probes = 0;
  std::deque<std::pair<std::uint64_t, std::string>> openers, probers;  // client, raw id
  std::size_t unheard = 0;  // messages that reached no session
};

}  // namespace pawl::mcp
