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
  // Whether this line may go to it now.
  bool takes(const Line& next) const;

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

class Multiplexer;

// What servers ask the client. Two of them may use one id, so the client knows ours.
class ClientQuestions {
 public:
  explicit ClientQuestions(Multiplexer& multiplexer) : multiplexer_(multiplexer) {}

  void ask(std::size_t server, const Message& message, std::string_view request);
  void answered(const Message& message);
  // An answer that cannot be read still ends what waits for it. `id`: raw, of the question.
  void ambiguous(const std::string& id);
  void withdraw(std::size_t server, json::View params);
  // The server is given up: the client need not answer any more.
  void withdraw_all(std::size_t server);

 private:
  struct Question {
    std::size_t server = 0;
    std::string id;  // raw, of the session
  };
  using Questions = std::map<std::uint64_t, Question>;
  Question take(Questions::iterator question);

  Multiplexer& multiplexer_;
  Questions questions_;
  std::uint64_t next_ = 1;
};

// What changes at the servers, and which of the client's subscriptions hears of it.
class ChangeListeners {
 public:
  explicit ChangeListeners(Multiplexer& multiplexer) : multiplexer_(multiplexer) {}

  // What one server is asked to tell of: the resources that are its own.
  std::string params_for(const Message& message, std::size_t server) const;
  // What all servers were asked to tell of is answered: what any of them lets the client hear.
  void start(const std::shared_ptr<Gathering>& all);
  void acknowledged(json::View params);
  void stopped(const std::shared_ptr<Gathering>& all, std::size_t place);
  void forget(const std::shared_ptr<Gathering>& all) { std::erase(listeners_, all); }
  // Null where the server told everybody.
  std::shared_ptr<Gathering> of(json::View params) const;
  // Told soon, once for all that changes until then. `listener`: null for a client of the
  // stateful era.
  void changed(std::shared_ptr<Gathering> listener, std::string_view method);
  // A server that was absent is here, or one that was here is gone: its lists changed.
  void presence_changed(std::size_t server);
  void close() { timer_.reset(); }

 private:
  struct Change {
    std::shared_ptr<Gathering> listener;
    std::string method;
  };
  void announce();

  Multiplexer& multiplexer_;
  std::vector<Change> changes_;
  std::vector<std::shared_ptr<Gathering>> listeners_;
  net::Timer timer_;
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
  std::optional<std::size_t> one_of(const std::vector<std::size_t>& found, std::string& why) const;
  void reply(const Gathering& about, std::string_view result, Cached cached);
  void reply_error(const Gathering& about, std::string_view error);

  // multiplexer_requests.cpp: what all servers are asked
  void ask_all(const Message& message, const Method& method, bool stateless, Gathering::Kind kind);
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
  std::uint64_t next_id = 1;
  std::unordered_map<std::uint64_t, Forwarded> forwarded;
  // What the client waits for: by its id, in our spelling, the ids at the sessions.
  std::unordered_map<std::string, std::vector<std::uint64_t>> open_requests;
  ClientQuestions questions{*this};
  ChangeListeners listeners{*this};
  std::function<void(SessionEnd)> ended;
};

}  // namespace pawl::mcp
