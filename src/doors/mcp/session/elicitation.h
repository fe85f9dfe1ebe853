// Requests of a server that go the other way: sampling, elicitation, roots.
//
// A server may ask only what the policy grants under `mcp:METHOD`. A sampling request is decided
// before the client sees it, and so is an elicitation that sends the person to an address, with the
// arguments `{request}`; of its answer only the `action` is passed on. For forms and roots it is
// the client's answer that carries something to the server: it is decided like arguments before a
// byte of it is passed on, as the action `mcp:METHOD` with the arguments `{request, answer}` (rule
// 1; threats D06, D07). What a person is shown begins with the server's name. Whether the server
// asks in a request of its own or with a result that says `input_required`, it is decided alike.
//
// A stateful client gets a request of ours and answers it. A stateless client is asked in a call of
// its own: the call is answered with `input_required`, is parked while it goes on at the server,
// and the client's retry brings the answers (continuations.h). A question that comes while its call
// is parked goes out with the next continuation; one that is not answered in time is lost, and its
// call is cancelled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/json.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/requests.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"

namespace pawl::mcp {

inline constexpr std::size_t asked_client_max = 64;
inline constexpr std::size_t addresses_shown_max = 256;
inline constexpr std::size_t elicitation_id_bytes_max = 1024;
inline constexpr std::size_t questions_of_a_call_max = 16;
// Over HTTP questions that a server asks together come one by one: so long the first one waits for
// the others, to go out with them.
inline constexpr Duration questions_gathered_within = Duration::milliseconds(20);
// Questions of one call that its server asks together, where others wait for their clients too.
inline constexpr Duration questions_of_one_call_within = Duration::seconds(2);

// True where a form asks for something that looks like a secret: in the name, title or description
// of a field, or in its message where a field takes free text.
bool asks_for_secret(json::View params);

class Elicitation {
 public:
  explicit Elicitation(Session::Impl& session) : session_(session) {}
  Elicitation(const Elicitation&) = delete;

  void on_elicitation_complete(json::View params);
  // Decides what a server asks, asks the client, and passes the answer on.
  Task<Answer> decide(PendingPtr about, std::string server_id, std::string method,
                      std::string params, PassAnswer pass, std::string name = {});
  Task<void> handle_request(PendingPtr about, std::string id, std::string method,
                            std::shared_ptr<json::Document> document, json::View params);
  // True where what the server asks is words of its own, past a `scope` that withholds them (rule
  // 18). A question for roots has none.
  bool exceeds_scope(std::string_view method) const;
  bool may_ask(std::string_view method, json::View params, const Offers& offers) const;
  // The call that a message of the server belongs to: the one that the way to it, or the protocol,
  // names; where they say nothing, the only one that can have said it. Null: none, or one of
  // several.
  PendingPtr call_of(json::View params) const;
  // Whether its client can still be asked this in it; what the client lacks for that is remembered.
  bool can_ask_in(Pending& about, std::string_view method, json::View params) const;
  // Asks the client, in its era; `about` is the call that a stateless client is asked in, and
  // `name` how a stateless server calls the question in its result.
  Task<Answer> ask(PendingPtr about, std::string method, std::string params,
                   const std::string& server_id, const std::string& name = {});
  void withdraw_all(Pending& pending, const std::string& why);
  void withdraw(const std::string& server_id);
  // What the server asked is withdrawn, and what it showed has no end.
  void on_server_ended();

  // Read by the other parts of a session.
  std::unordered_map<std::string, std::uint64_t> asked_client;  // the server's raw id -> our id
  // Addresses that the client was shown, by the ids of their servers, until they are over.
  std::set<std::string> addresses_shown;
  std::string asking_in;  // the client's request that a question belongs to, while it is sent

 private:
  PendingPtr only_possible_call() const;

  Session::Impl& session_;
};

}  // namespace pawl::mcp
