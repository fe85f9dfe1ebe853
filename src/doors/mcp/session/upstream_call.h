// A call or an action at the tool server: sent, asked about, cancelled, and its end as an outcome.
// The inside of a session (session_impl.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/requests.h"
#include "doors/mcp/protocol/tasks.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/state/ports.h"
#include "io/net/loop.h"

namespace pawl::mcp {

class UpstreamCall final : public Upstream {
 public:
  // `method` is tools/call, or the method of an action, whose params are the arguments themselves.
  UpstreamCall(std::shared_ptr<Session::Impl> session, PendingPtr entry, std::string method,
               bool without_arguments)
      : session_(std::move(session)),
        entry_(std::move(entry)),
        method_(std::move(method)),
        without_arguments_(without_arguments) {}

  void entitle(std::string_view credential) override;
  Task<Outcome> execute(std::string_view tool, std::string_view arguments) override;
  void cancel() override;

 private:
  // A server that ended since the call was judged is started again. Why nothing can be sent to it;
  // empty: it can.
  Task<std::string> returned(std::string_view tool);
  Requests::Ticket send(std::string_view params);
  // What a stateless server wants to know before it goes on: each question is decided and asked by
  // itself, and the answers are the members of the next request. Empty: one of them has none.
  Task<std::string> fulfil(std::string asked);
  Task<void> respond(std::string key, json::View request, Completion<std::string> answered);
  std::string params_for(std::string_view tool, std::string_view arguments) const;
  void tell_server(const std::string& reason);

  // Where the server makes a task of the call.
  struct Stopping;
  // Whether the server is asked to make a task of it, as servers of the stateful era are.
  bool wants_server_task() const;
  Task<Outcome> follow(ServerTask task);
  Requests::Ticket send_about_task(std::string_view method, std::string_view more = {});
  Task<Answer> ask_about_task(std::string_view method, std::string_view more = {});
  Task<std::optional<Outcome>> result_of_task();
  Task<std::optional<Outcome>> look_at_task(ServerTask& task);
  Task<void> nap(Duration time);
  Outcome end_of_task(TaskStatus status, json::View task);
  void watch_task();
  void stop(const std::string& why);
  Task<Outcome> stopped();

  Outcome outcome_of(Answer answer) const;
  Outcome failed(std::string_view why, int code = refused_by_policy) const;
  // With what the transport says about the secret that the last of its requests carried.
  Outcome sent(Outcome outcome) const;
  Outcome keep_level(std::string_view arguments);
  Task<Outcome> subscription(std::string_view arguments);

  std::shared_ptr<Session::Impl> session_;
  PendingPtr entry_;
  std::string method_;
  bool without_arguments_;
  bool cancelled_ = false, asking_ = false, tasked_ = false;
  Completion<Answer> waiting_;
  net::Timer timer_;
  std::shared_ptr<Pass> pass_;

  // Of a task at the server.
  Duration task_ends_{};
  net::Timer watch_;
  Completion<bool> nap_;
  unsigned failed_looks_ = 0, failed_results_ = 0;
  std::string last_error_, stopped_because_;
  std::string answered_;  // the questions of it that were answered last
  std::shared_ptr<Stopping> stopping_;
};

}  // namespace pawl::mcp
