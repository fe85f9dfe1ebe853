// Calls that a stateless client has to come back for: they wait for a reviewer, or for the client's
// own answers to questions of the server. request_states.h makes and checks what it brings back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/request_states.h"
#include "doors/mcp/session/session.h"

namespace pawl::mcp {

inline constexpr std::size_t key_bytes = 32;

// Whether results of this method may say that more is to come.
bool may_continue(std::string_view method);

class Continuations {
 public:
  explicit Continuations(Session::Impl& session);
  Continuations(const Continuations&) = delete;

  // What a retry brings along. False: it was answered.
  bool redeem(const PendingPtr& pending, const Message& message);
  // Whether it brings answers that belong to nothing. True: it was answered.
  bool refuse_stray_answers(const PendingPtr& pending, const Message& message);
  // A continuation that holds a call: true where the client is told to come back for it.
  bool hold(const PendingPtr& pending, const std::string& approval);
  void send_questions(const PendingPtr& pending);

  // Read by the other parts of a session.
  std::vector<PendingPtr> parked;

 private:
  Bound binding(const Pending& pending) const;
  void resume(const PendingPtr& parked, const PendingPtr& retry, json::View responses);
  void abandon(const PendingPtr& parked);

  Session::Impl& session_;
  RequestStates request_states_;
};

}  // namespace pawl::mcp
