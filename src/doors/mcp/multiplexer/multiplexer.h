// The inside of an endpoint with several servers:
//   connect.cpp               the endpoint, and the transport between it and a session
//   multiplexer.cpp           life, what sessions say, changes, subscriptions, questions
//   multiplexer_requests.cpp  what the client sends, and what all servers are asked
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/multiplexer/connect.h"
#include "doors/mcp/multiplexer/merge.h"
#include "doors/mcp/multiplexer/resource_owners.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/session/session.h"
#include "io/net/loop.h"
#include "model/verdict.h"

namespace pawl {
class Gate;
}  // namespace pawl

namespace pawl::mcp {

// One server: the session in front of it, and what waits to be said to that.
struct UpstreamSession {
  // `silent`: nothing was asked yet. A client of the stateful era waits until it is `open`.
  enum class Stage : std::uint8_t { silent, opening, open, failed, gone };
  struct Line {
    std::uint64_t id = 0;  // of our request; 0: it is not a request
    std::string text;
    bool first = false;  // it goes before the server said what it is: it asks for that
  };
  std::string name;
  std::unique_ptr<Session> session;
  TransportEvents events;
  Stage stage = Stage::silent;
  bool paused = false, flushing = false, deaf = false;
  bool greeted = false;  // it heard `notifications/initialized`
  bool returns = false;  // its session starts it again, and says so where it cannot
  bool late = false;     // the others went on without it, and nothing came since
  bool prompts = false, resources = false, logging = false;
  std::deque<Line> waiting;
  std::size_t waiting_bytes = 0;
  std::map<std::string, std::uint64_t> asked;  // its question's id -> our id at the client
};

// A question that several servers were asked, and what they said.
struct Gathering {
  enum class Kind : std::uint8_t { hello, discover, page, level, listen };
  enum class Piece : std::uint8_t { waiting, result, error, absent };
  Kind kind = Kind::page;
  std::string id, key;  // of the client's request: raw; in our spelling
  bool stateless = false, first = true, over = false;
  const Method* method = nullptr;
  struct Answered {
    std::size_t server = 0;
    Piece piece = Piece::waiting;
    std::string text;
  };
  std::vector<Answered> answers;
  std::size_t missing = 0;
  net::Timer patience;
};

// A request of ours at a session.
struct Forwarded {
  std::size_t server = 0;
  std::string id, key;  // of the client's request
  bool stateless = false;
  bool request_states = false;           // its answer may name a state or a task of the server
  bool task = false;                     // it is about a task
  std::shared_ptr<Gathering> gathering;  // null: its answer is the client's
  std::size_t place = 0;                 // in the gathering
};

class Multiplexer : public std::enable_shared_from_this<Multiplexer> {
 public:
  Multiplexer(net::Loop& l, Gate& g, std::unique_ptr<Transport> client, std::size_t servers,
              Duration patient)
      : loop(l),
        gate(g),
        transport(std::move(client)),
        upstreams(servers),
        owners(servers),
        patience(patient) {}

  // multiplexer.cpp: life, and what waits for a session
  void open();
  void client_closed(const std::string& why);
  void finish(const std::string& why);
  void session_ended(std::size_t server, const SessionEnd& end);
  void close_when_over();
  void close_now();
  void to_client(std::string line, std::string_view request = {});
  // What the client repeats of a request that a session knows by an id of ours.
  const Repeated* repeated(std::string_view request) const;
  // Queues a line for a session and lets it have it, now or in a later turn.
  void say(std::size_t server, UpstreamSession::Line line);
  void flush(std::size_t server);
  bool ready(const UpstreamSession& server, const UpstreamSession::Line& next) const;
  // Sends a request of ours.
  void ask(Forwarded about, std::string_view method, std::string_view params);
  void give_up(std::size_t server, const std::string& why);

  // multiplexer_requests.cpp: what the client sends
  void client_line(std::string_view line);
  void client_request(const Message& message);
  void client_notification(const Message& message);
  void dispatch(const Message& message, const Method& method, bool stateless);
  void refuse_line(std::string_view id, int code, const std::string& what,
                   std::string_view method = {});
  void refuse_request(const Message& message, bool stateless, Code code, const std::string& name,
                      const std::string& sentence);
  void to_any_session(const Message& message);
  void named(const Message& message, bool stateless);
  void completion(const Message& message, bool stateless);
  void about_resource(const Message& message, bool stateless);
  void about_task(const Message& message, bool stateless);
  void forward(const Message& message, bool stateless, std::size_t server, Replacements with);
  void cancelled(json::View params);
  std::optional<std::size_t> find(std::string_view server) const;
  std::optional<std::size_t> one_of(const std::vector<std::size_t>& found, std::string& why) const;
  void reply(const Gathering& about, std::string_view result, Cached cached);
  void reply_error(const Gathering& about, std::string_view error);

  // multiplexer_requests.cpp: what all servers are asked
  void ask_all(const Message& message, const Method& method, bool stateless, Gathering::Kind kind);
  // What one server is asked to tell of: the resources that are its own.
  std::string listen_params(const Message& message, std::size_t server) const;
  void page(const Message& message, const Method& method, bool stateless);
  struct Target {
    std::size_t server = 0;
    std::string params;
  };
  void gather(const std::shared_ptr<Gathering>& all, const std::vector<Target>& targets,
              std::string_view method);
  void answered(const std::shared_ptr<Gathering>& all, std::size_t place, Gathering::Piece piece,
                std::string text);
  void conclude(const std::shared_ptr<Gathering>& all);
  void out_of_patience(const std::shared_ptr<Gathering>& all);
  void learn(const Gathering& all, const Gathering::Answered& answer);

  // multiplexer.cpp: what the sessions say
  void session_line(std::size_t server, std::string_view line, std::string_view request);
  void session_answer(std::size_t server, const Message& message);
  void session_notification(std::size_t server, const Message& message, std::string_view request);
  std::string raw_id_of(std::string_view request) const;

  // multiplexer.cpp: changes, subscriptions, questions
  void ask_client(std::size_t server, const Message& message, std::string_view request);
  void answer_of_client(const Message& message);
  void withdraw_question(std::size_t server, json::View params);
  void changed(std::shared_ptr<Gathering> listener, std::string_view method);
  void announce_changes();
  // A server that was absent is here, or one that was here is gone: its lists changed.
  void presence_changed(std::size_t server);
  std::shared_ptr<Gathering> listener_of(json::View params) const;
  void acknowledged(json::View params);
  void start_listening(const std::shared_ptr<Gathering>& all);
  void stopped_listening(const std::shared_ptr<Gathering>& all, std::size_t place);

  net::Loop& loop;
  Gate& gate;
  std::unique_ptr<Transport> transport;
  std::vector<UpstreamSession> upstreams;
  ResourceOwners owners;
  Duration patience;
  std::string run;
  std::shared_ptr<SubRunLimits> part;  // of it, whose client this is; null: it is not
  json::Parser parser;
  Era era = Era::unknown;
  bool greeted = false;  // the client said `notifications/initialized`
  bool client_gone = false, closed = false, any_initialized = false;
  unsigned inside = 0;  // calls of sessions that are on the stack
  std::string why;
  std::uint64_t next_id = 1, next_question = 1;
  std::unordered_map<std::uint64_t, Forwarded> forwarded;
  // What the client waits for: by its id, in our spelling, the ids at the sessions.
  std::unordered_map<std::string, std::vector<std::uint64_t>> open_requests;
  struct Question {
    std::size_t server = 0;
    std::string id;  // raw, of the session
  };
  std::map<std::uint64_t, Question> questions;
  struct Change {
    std::shared_ptr<Gathering> listener;  // null: a client of the stateful era
    std::string method;
  };
  std::vector<Change> changes;
  std::vector<std::shared_ptr<Gathering>> listeners;
  net::Timer changes_timer;
  std::function<void(SessionEnd)> ended;
};

}  // namespace pawl::mcp
