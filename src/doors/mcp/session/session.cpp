#include "doors/mcp/session/session.h"

#include <utility>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "kernel/policy/policy.h"

namespace pawl::mcp {

void start(const std::shared_ptr<Session::Impl>& session, Task<void> task) {
  ++session->running;
  spawn(std::move(task), [session] {
    --session->running;
    if (session->closing) session->close_when_settled();
  });
}

Session::Session(net::Loop& loop, Gate& gate, SessionSpec spec, SessionTransports transports,
                 std::function<void(SessionEnd)> ended)
    : impl_(std::make_shared<Impl>(loop, gate, std::move(spec), std::move(transports))) {
  impl_->ended = std::move(ended);
  impl_->open();
}

Session::~Session() {
  impl_->ended = {};
  impl_->close_now();
}

void Session::finish(const std::string& why) {
  impl_->finish(why);
}

void Session::cancel_all() {
  // A copy: settling a call takes it out of the table.
  std::vector<PendingPtr> all;
  for (const auto& [id, pending] : impl_->calls.pending) all.push_back(pending);
  all.insert(all.end(), impl_->continuations.parked.begin(), impl_->continuations.parked.end());
  for (const auto& [id, task] : impl_->tasks.held) {
    if (task->running) all.push_back(task->running);
  }
  for (const PendingPtr& pending : all) {
    // A task at the server was cancelled as one, by its call.
    if (pending->server_id == 0 || !pending->server_task.empty()) continue;
    json::Writer params;
    params.object().key("requestId").natural(pending->server_id);
    params.key("reason").string("stopped by the kill switch").end();
    impl_->to_server(notification_line("notifications/cancelled", params.text()));
  }
}

const std::string& Session::run() const {
  return impl_->spec.run;
}

void Session::use_policy(std::shared_ptr<const Policy> policy) {
  Impl& session = *impl_;
  if (!policy || policy == session.spec.policy) return;
  session.spec.policy = std::move(policy);
  if (session.handshake.initialized && session.handshake.has_tools && !session.client_gone) {
    session.subscriptions.announce("notifications/tools/list_changed");
  }
}

Settled Session::Impl::refuse(Code code, const std::string& what, const std::string& sentence) {
  return gate.calls.refuse(spec.run, code, what, sentence, spec.part.get());
}

bool Session::Impl::goes_on(const Call& call, const Policy* decided_under) const {
  const bool over = spec.part && spec.part->over();
  return !over && gate.calls.goes_on(spec.run, call, decided_under);
}

void Session::Impl::open() {
  // Every callback holds the session weakly: the transports live inside it.
  std::weak_ptr<Impl> self = weak_from_this();
  server_requests.emplace([self](std::string line) {
    auto session = self.lock();
    return session && session->to_server(std::move(line));
  });
  client_requests.emplace([self](std::string line) {
    auto session = self.lock();
    if (!session || session->client_gone) return false;
    session->to_client(std::move(line), session->elicitation.asking_in);
    return true;
  });
  transports.server->open(server_events());
  transports.client->open(client_events());
  if (!spec.not_started.empty()) server_closed(spec.not_started);
}

TransportEvents Session::Impl::server_events() {
  const std::weak_ptr<Impl> self = weak_from_this();
  return {
      .message =
          [self](std::string_view line) {
            if (auto session = self.lock()) session->server.receive(line);
          },
      .too_long =
          [self](std::string_view head) {
            auto session = self.lock();
            if (!session) return;
            (void)session->gate.alerts.note(session->spec.run, "answer too long",
                                            "the server sent a message beyond the limit");
            session->server_requests->lose_too_long(head);
          },
      .crowded =
          [self](bool crowded) {
            auto session = self.lock();
            if (!session) return;
            session->server_crowded = crowded;
            crowded ? session->transports.client->pause() : session->transports.client->resume();
          },
      .ended =
          [self] {
            if (auto session = self.lock()) session->server_closed("the server ended");
          },
      .failed = {},
      .lost =
          [self](std::string_view id, const std::string& why) {
            if (auto session = self.lock()) {
              (void)session->server_requests->deliver(id, {Answer::Kind::lost, why});
            }
          },
  };
}

TransportEvents Session::Impl::client_events() {
  const std::weak_ptr<Impl> self = weak_from_this();
  return {
      .message =
          [self](std::string_view line) {
            if (auto session = self.lock()) session->client.receive(line);
          },
      .too_long =
          [self](std::string_view head) {
            auto session = self.lock();
            if (!session) return;
            session->client.refuse_line(id_of_head(head), invalid_request,
                                        "the message is longer than the limit");
          },
      .crowded =
          [self](bool crowded) {
            auto session = self.lock();
            if (!session) return;
            session->client_crowded = crowded;
            crowded ? session->transports.server->pause() : session->transports.server->resume();
          },
      .ended =
          [self] {
            if (auto session = self.lock()) session->client_closed("the client closed");
          },
      .failed =
          [self] {
            if (auto session = self.lock()) session->client_closed("the client left");
          },
  };
}

void Session::Impl::to_client(std::string line, std::string_view request) {
  if (!client_gone) (void)transports.client->send(std::move(line), request);
}

bool Session::Impl::to_server(std::string line) {
  return !server_gone && transports.server->send(std::move(line), {});
}

void Session::Impl::client_closed(const std::string& reason) {
  if (client_gone) return;
  client_gone = true;
  client_requests->lose_all("the client is gone");
  std::vector<PendingPtr> all;
  for (const auto& [id, open] : calls.pending) all.push_back(open);
  for (const PendingPtr& open : std::exchange(continuations.parked, {})) all.push_back(open);
  for (const auto& [id, task] : tasks.held) {
    if (task->running) all.push_back(task->running);
  }
  for (const PendingPtr& open : all) {
    open->gone = true;
    open->patience.reset();
    elicitation.withdraw_all(*open, "the client is gone");
    if (open->caller != nullptr && open->caller->on_gone) open->caller->on_gone();
  }
  finish(reason);
}

void Session::Impl::server_closed(const std::string& reason) {
  if (server_gone) return;
  server_gone = true;
  server_requests->lose_all("the tool server ended");
  for (auto& waiting : std::exchange(lists.waiting_for_tools, {})) waiting.deliver(false);
  if (spec.start_again && !closing) return restart.on_server_ended(reason);
  for (auto& waiting : std::exchange(handshake.waiting_for_server, {})) waiting.deliver(false);
  finish(reason);
}

void Session::Impl::finish(const std::string& reason) {
  if (closing) return;
  closing = true;
  why = reason;
  server.note_counted();
  // A task would outlive the session at its server.
  std::vector<PendingPtr> tasked;
  for (const auto& [id, open] : calls.in_flight) {
    if (!open->server_task.empty() && !std::exchange(open->gone, true)) tasked.push_back(open);
  }
  for (const PendingPtr& open : tasked) {
    if (open->caller != nullptr && open->caller->on_gone) open->caller->on_gone();
  }
  std::weak_ptr<Impl> self = weak_from_this();
  settle_timer = loop.after(settle_before_close, [self] {
    auto session = self.lock();
    if (!session || session->closed) return;
    // The server had its moment: closing its input asks it to end, and its last answers are still
    // read. What it never answers is lost, and an effect that is lost is indeterminate.
    session->transports.server->finish_sending();
    session->settle_timer = session->loop.after(settle_before_close, [self] {
      if (auto later = self.lock()) later->server_closed("the server did not end");
    });
  });
  loop.post([self] {
    if (auto session = self.lock()) session->close_when_settled();
  });
}

void Session::Impl::close_when_settled() {
  if (closed || running > 0) return;
  closed = true;
  settle_timer.reset();
  subscriptions.end_all();
  spawn(last_words(), [session = shared_from_this()] { session->close_now(); });
}

Task<void> Session::Impl::last_words() {
  if (!client_gone) co_await transports.client->drained();
}

void Session::Impl::close_now() {
  closed = true;
  closing = true;
  transports.server->finish_sending();
  transports.client->stop_hearing();
  transports.server->stop_hearing();
  transports.client->finish_sending();
  settle_timer.reset();
  server.stop();
  handshake.stop();
  restart.stop();
  for (const PendingPtr& open : std::exchange(continuations.parked, {})) {
    open->patience.reset();
    elicitation.withdraw_all(*open, "the session ended");
  }
  for (auto& [id, task] : tasks.held) task->end.reset();
  client_gone = true;
  server_gone = true;
  if (server_requests) server_requests->lose_all("the session ended");
  if (client_requests) client_requests->lose_all("the session ended");
  for (auto& waiting : std::exchange(lists.waiting_for_tools, {})) waiting.deliver(false);
  if (auto done = std::exchange(ended, {})) {
    done(SessionEnd{why, why == "the server ended", handshake.initialized});
  }
}

}  // namespace pawl::mcp
