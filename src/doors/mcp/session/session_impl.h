// The inside of a session, shared by the files that implement it:
//   session.cpp  transports, life and death     client.cpp     what the client sends
//   server.cpp   what the server sends     calls.cpp      calls and actions, from message to reply
//   opening.cpp  the server is opened      modern.cpp     requests of the modern era, subscriptions
//   asking.cpp   what a server may ask     questions.cpp  how a client is asked, in its era
//   resources.cpp  subscriptions to single resources    tasks.cpp  calls as tasks
//   at_server.h  a call at the server       returning.cpp  a server that is started again
//   absent.h     the wire to a server that could not be started yet
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/requests.h"
#include "doors/mcp/session/request_states.h"
#include "doors/mcp/session/session.h"
#include "doors/mcp/session/tasks.h"
#include "doors/mcp/session/tool_catalog.h"
#include "doors/mcp/transport/transport.h"
#include "io/net/loop.h"

namespace pawl::mcp {

inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t leg_name_bytes = 16;
inline constexpr std::size_t subscriptions_max = 64;
inline constexpr std::size_t resources_of_a_subscription_max = 64;
inline constexpr std::size_t resources_heard_max = 4096;
inline constexpr std::size_t resource_uri_bytes_max = 8UL << 10;
inline constexpr std::size_t addresses_shown_max = 256;
inline constexpr std::size_t elicitation_id_bytes_max = 1024;
inline constexpr std::size_t questions_of_a_call_max = 16;
// Over HTTP questions that a server asks together come one by one: so long the first one waits for
// the others, to go out with them.
inline constexpr Duration questions_together_within = Duration::milliseconds(20);

// Questions of one call that its server asks together, where others wait for their clients too.
inline constexpr Duration questions_of_one_call_within = Duration::seconds(2);

// Something that a server wants to know from a modern client: part of the next continuation of a
// call.
struct Question {
  std::string key, server_id, method, params;
  Completion<Answer> answer;
  bool shown = false;  // a continuation has taken it to the client
};

// A request of the client that has no answer yet.
struct Pending {
  std::string id;                 // raw JSON, as the client wrote it
  std::string key;                // the same id in our spelling
  std::string token;              // raw JSON of its progress token, or empty
  std::uint64_t server_id = 0;    // of our request at the server, once there is one
  std::uint64_t incarnation = 1;  // of the server that it was judged for
  std::shared_ptr<const ToolDefinition> definition;  // … and what that said of the tool
  std::string server_task;                           // that the server made of it
  double shift = 0;  // added to the server's progress: what we told the client before
  double last_progress = -1;
  bool gone = false;         // cancelled by the client, or the client left
  bool sent = false;         // something of it went to the server
  bool cancelled = false;    // a task: its client has cancelled it, and is told what became of it
  bool scoped = false;       // its result is projected: side channels are withheld
  std::string action;        // what it is decided as
  std::string keeps;         // the resource that it subscribes to, while nobody did before
  Caller* caller = nullptr;  // while it waits in the gate

  // Of the modern era.
  bool modern = false;
  bool parked = false;  // it was answered with a continuation and waits for the client to come back
  bool over = false;    // … and `kept` is its end
  Reply kept;
  Cached cached = Cached::no;
  int log_level = -1;  // the least grave message that it asked for; -1: none
  Offers offers;
  std::string method, params;  // what a retry has to repeat: without `_meta`, canonical
  std::string resumes;         // the question to people that it goes on with
  std::uint32_t round = 0;     // request_states that came before
  std::uint32_t asked = 0;     // questions so far, for their keys
  std::vector<Question> questions;
  Duration asked_at{};  // the last of them
  std::string lacks;    // what a server of the older era asked in it and its client cannot do
  std::shared_ptr<const std::string> envelope;  // its `_meta` at a modern server
  std::shared_ptr<const CallTrace> trace;       // null: nobody traces it
  bool tasks = false;                           // its client takes a task for an answer
  TaskPtr task;                                 // whose call it is, behind its client's back
  net::Timer patience;                          // while it is parked
  net::Timer gathering;                         // while its first question waits for others
};
using PendingPtr = std::shared_ptr<Pending>;

// How a decided answer gets to the server that asked; false: it cannot.
using PassAnswer = std::function<bool(std::string_view answer)>;

struct Session::Impl : std::enable_shared_from_this<Session::Impl> {
  Impl(net::Loop& l, Gate& g, SessionSpec s, SessionTransports w)
      : loop(l),
        gate(g),
        spec(std::move(s)),
        transports(std::move(w)),
        catalog(gate, spec.run, spec.server, *spec.policy, spec.lock),
        opened(loop.now()),
        request_states(spec.random(key_bytes)),
        life(std::move(transports.life)),
        started(opened) {}

  // session.cpp
  void open();
  TransportEvents client_events();
  TransportEvents server_events();
  // `request`: the raw id of the client's request that the message belongs to, or empty.
  void to_client(std::string line, std::string_view request = {});
  bool to_server(std::string line);
  void client_closed(const std::string& why);
  void server_closed(const std::string& why);
  void finish(const std::string& why);
  void close_when_settled();
  void close_now();
  Task<void> last_words();

  Shown shown() const { return {*spec.policy, spec.server, spec.part.get()}; }
  // See Gate::refuse.
  Settled refuse(Code code, const std::string& what, const std::string& sentence) {
    return gate.refuse(spec.run, code, what, sentence, spec.part.get());
  }
  // See Gate::goes_on.
  bool goes_on(const Call& call, const Policy* decided_under) const {
    const bool over = spec.part && spec.part->over();
    return !over && gate.goes_on(spec.run, call, decided_under);
  }

  // client.cpp
  std::shared_ptr<json::Document> document_for(std::string_view line) const;
  void client_line(std::string_view line);
  void client_request(const Message& message, std::shared_ptr<json::Document> document);
  void client_notification(const Message& message);
  // A line that never became a message: charged, recorded, answered where it has an id.
  void refuse_line(std::string_view id, int code, const std::string& what,
                   std::string_view method = {});
  void refuse_unknown(const Message& message);
  void dispatch(PendingPtr pending, const Method& method, std::shared_ptr<json::Document> document,
                json::View params);
  void initialized_by_client();
  void cancel_of_client(json::View params);
  Task<void> initialize(std::string id, std::shared_ptr<json::Document> document,
                        json::View params);
  // The tools, from what was compared: the server is not asked, so it cannot tell this client
  // something else.
  Task<void> list_tools(PendingPtr pending, std::string cursor);
  // Any other list: asked for at the server.
  Task<void> list(PendingPtr pending, const Method& method, std::string params);
  // The params of a list request: a cursor that the server gave, or nothing; false for any other.
  bool list_params(json::View params, std::string& out) const;
  void remember_cursor(json::View result);

  // server.cpp
  void server_line(std::string_view line);
  void unreadable(std::string_view line, const std::string& reason);
  // A result of the server as it may be passed on.
  std::string result_of_server(const Message& message);
  void server_request_arrived(const Message& message, std::shared_ptr<json::Document> document);
  void server_notification(const Message& message);
  void server_progress(json::View params);
  void server_log(const Message& message);
  void server_elicited(json::View params);
  // So long somebody waits for this request of ours.
  net::Timer answered_within(std::uint64_t id, Duration most);
  // An error of the server as it may be passed on; what was taken out is noted.
  std::string error_of_server(std::string text);
  void note_reserved();
  // What a server may repeat as often as it likes would use up the notes of its run: the first is
  // noted, and at the end of the session how many more there were.
  void note_first(const std::string& topic, const std::string& text);
  void note_counted();
  Task<void> ask_client(PendingPtr about, std::string id, std::string method,
                        std::shared_ptr<json::Document> document, json::View params);
  Task<void> reload(bool tell);
  PendingPtr hears_log(std::string_view level) const;
  Task<bool> shelf_ready();
  bool spend_notice();
  bool scoped_here() const;
  // What became narrower while the server worked counts for what it says now, as for its result.
  bool withholds(const Pending& pending) const;

  // returning.cpp
  // What the client said of itself, to say it again.
  void remember(const Hello& hello);
  void server_left(const std::string& why);
  // Starts and opens a server that ended. False: it is not there, and `absence` says why.
  Task<bool> server_there();
  // Its tools are read and compared. False: it is not there any more.
  Task<bool> tools_known();
  std::string absence() const;
  void refuse_absent(const PendingPtr& pending, const std::string& what, bool call);
  Task<bool> start_again();
  // Tries a server that was never there, and goes on trying.
  void look_for_it();
  Task<void> meet_again();
  void tell_presence(bool there);
  void keep_for_server(std::string_view method, json::View params);
  void keep_subscription(Pending& pending, std::string_view arguments);
  void forget_refused(const Pending& pending);

  // opening.cpp
  // Makes the server ready, once: which era it speaks, and what it says about itself. False: it did
  // not answer, and `server_refusal` says how. `modern`: what is asked first.
  Task<bool> open_server(bool modern, Hello hello);
  Task<bool> find_era(bool modern, const Hello& hello, bool again);
  Task<Answer> discover_once();
  Task<bool> try_discover();
  Task<bool> try_initialize(const Hello& hello);
  void hear_changes();
  // Params of a request of our own, with what a modern server wants to see in each.
  std::string for_server(std::string params) const;
  Reply refusal_of_server() const;
  bool with_instructions();

  // modern.cpp
  // A request that is to be answered in the modern era. False: it is not one.
  bool modern_request(const Message& message, const Method& method,
                      std::shared_ptr<json::Document>& document);
  bool acceptable(const Message& message, const Envelope& envelope);
  // What a call says a second time, in fields beside its message, has to be what the message says.
  // False: it is not, and was answered.
  bool repeats_truly(const PendingPtr& pending, const CatalogEntry& listed, json::View arguments);
  // What a retry brings along. False: it was answered.
  bool redeem(const PendingPtr& pending, const Message& message);
  // Whether it brings answers that belong to nothing. True: it was answered.
  bool answers_nothing(const PendingPtr& pending, const Message& message);
  Task<void> after_opening(PendingPtr pending, const Method& method,
                           std::shared_ptr<json::Document> document, json::View params);
  Task<void> listen(PendingPtr pending, json::View params);
  // Tells the client that a list changed, as it wants to be told.
  void announce(std::string_view method);
  void end_subscriptions();
  Bound bound_of(const Pending& pending) const;
  // A continuation that holds a call: true where the client is told to come back for it.
  bool hold(const PendingPtr& pending, const std::string& approval);

  // tasks.cpp
  TaskPtr new_task(const Pending& pending, const std::string& created);
  std::string time_of_records() const;
  bool make_task(const PendingPtr& pending, const std::string& approval);
  void show_task(const PendingPtr& pending);
  bool begin_task(const PendingPtr& pending, const CatalogEntry& listed);
  void end_task(const TaskPtr& task, Reply reply);
  void task_request(const Message& message);
  void update_task(const Message& message, const TaskPtr& task);
  Task<void> task_result(PendingPtr pending, TaskPtr task);
  Task<void> get_task(PendingPtr pending, TaskPtr task);
  Task<void> cancel_task(PendingPtr pending, TaskPtr task);
  Task<void> task_moves(TaskPtr task);
  Task<void> run_task(TaskPtr task);

  // resources.cpp
  // Those of the wanted resources that the client may hear of, and does.
  Task<std::set<std::string>> hear_resources(PendingPtr pending, json::View wanted);
  // Subscribes to `{uri}`, and no longer, in the server's era.
  Task<Outcome> subscribe_at_server(std::string_view arguments);
  void unsubscribe_at_server(const std::string& uri);
  void server_acknowledged(json::View params);
  void resource_updated(json::View params);
  void cancel_at_server(std::uint64_t id, std::string_view reason);

  // questions.cpp
  // Asks the client, in its era; `about` is the call that a modern client is asked in, and `name`
  // how a modern server calls the question in its result.
  Task<Answer> ask(PendingPtr about, std::string method, std::string params,
                   const std::string& server_id, const std::string& name = {});
  // The call that a message of the server belongs to: the one that the way to it, or the protocol,
  // names; where they say nothing, the only one that can have said it. Null: none, or one of
  // several.
  PendingPtr belongs_to(json::View params) const;
  PendingPtr only_one_that_may_ask() const;
  // Whether its client can still be asked this in it; what the client lacks for that is remembered.
  bool carries(Pending& about, std::string_view method, json::View params) const;
  // True where what the server asks is words of its own, past a `scope` that withholds them (rule
  // 18). A question for roots has none.
  bool speaks_past_scope(std::string_view method) const;
  bool may_ask(std::string_view method, json::View params, const Offers& offers) const;
  void put_questions(const PendingPtr& pending);
  void come_back(const PendingPtr& parked, const PendingPtr& retry, json::View responses);
  void abandon(const PendingPtr& parked);
  void withdraw_questions(Pending& pending, const std::string& why);
  void withdraw_question(const std::string& server_id);

  // asking.cpp
  // Decides what a server asks, asks the client, and passes the answer on.
  Task<Answer> decide_question(PendingPtr about, std::string server_id, std::string method,
                               std::string params, PassAnswer pass, std::string name = {});

  // calls.cpp
  Task<void> tool_call(PendingPtr pending, std::shared_ptr<json::Document> document,
                       json::View params);
  // A call of pawl's own tool: a request for access to another one.
  Task<void> access_call(PendingPtr pending, std::shared_ptr<json::Document> document,
                         json::View params, json::View given);
  Task<void> action(PendingPtr pending, std::string method,
                    std::shared_ptr<json::Document> document, json::View params);
  PendingPtr pend(const Message& message);
  // The members of `_meta` that its request at the server has, without braces.
  std::string meta_of_call(const Pending& entry);
  void trace_call(const PendingPtr& entry, json::View params, Proposal& proposal) const;
  void settle(const PendingPtr& pending, Reply reply);
  void answer(const Pending& pending, const Reply& reply);

  net::Loop& loop;
  Gate& gate;
  SessionSpec spec;
  SessionTransports transports;
  ToolCatalog catalog;
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
  std::unordered_map<std::string, std::string_view> cursor_names;  // of those, under a scope
  // Addresses that the client was shown, by the ids of their servers, until they are over.
  std::set<std::string> addresses_shown;
  std::vector<Completion<bool>> waiting_for_shelf;
  bool initialized = false, has_tools = false;
  bool reloading = false, reload_again = false;
  std::string list_refusal;  // the error with which the server refused its list of tools, or empty
  std::uint32_t notices_left = notices_per_second_max;
  std::uint64_t notices_dropped = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> noted_first;
  std::uint32_t running = 0;  // coroutines of this session
  bool client_gone = false, server_gone = false, closing = false, closed = false;
  std::string why;
  net::Timer settle_timer, notice_timer, reload_timer, listen_timer, start_timer;
  Duration listen_pause = Duration::seconds(1);

  // What the two sides speak. A client chooses by its first request, a server is asked.
  enum class Opening : std::uint8_t { closed, under_way, open, failed };
  Era client_era = Era::unknown, server_era = Era::unknown;
  Opening opening = Opening::closed;
  json::Document said;         // by the server about itself, in the form of an `initialize` result
  std::string server_refusal;  // the error with which it refused that; empty: it said nothing
  std::optional<bool> instructions_fine;
  std::vector<Completion<bool>> waiting_for_server;
  Offers offers;                                // of a client of the older era
  std::shared_ptr<const std::string> envelope;  // for requests of our own at a modern server
  std::string log_level;                        // that a client of the older era set there
  RequestStates request_states;
  std::map<std::uint64_t, PendingPtr> in_flight;  // calls at the server, by our id
  std::string asking_in;  // the client's request that a question of ours belongs to, as it is sent
  std::vector<PendingPtr> parked;
  std::unordered_map<std::string, TaskPtr> tasks;
  struct Subscription {
    std::string id, key;  // raw JSON, as the client wrote it; in our spelling
    bool tools = false, prompts = false, resources = false;
    std::set<std::string> uris = {};
  };
  std::vector<Subscription> subscriptions;
  // Resources that the server tells of: by their URI, our open request at a modern one.
  std::unordered_map<std::string, std::uint64_t> resources_heard;
  // Those requests until they are acknowledged.
  std::map<std::uint64_t, std::pair<std::string, Completion<bool>>> acknowledging;
  std::function<void(SessionEnd)> ended;

  // Of a server that can be started again.
  std::shared_ptr<void> life;
  Duration started{}, not_before{};
  unsigned ends_in_a_row = 0;
  std::uint64_t incarnation = 1;
  std::string why_absent;
  bool absent = false;      // and the client was told
  bool ever_there = false;  // it said what it is, once
  bool client_crowded = false, server_crowded = false;
  std::shared_ptr<const json::Document> hello_said;
  std::set<std::string> kept_subscriptions;
};

// Starts a coroutine of the session and counts it, so that the session outlives it.
void start(const std::shared_ptr<Session::Impl>& room, Task<void> task);

}  // namespace pawl::mcp
