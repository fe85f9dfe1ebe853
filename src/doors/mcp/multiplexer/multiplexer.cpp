#include "doors/mcp/multiplexer/multiplexer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {

void Multiplexer::open() {
  // Every callback holds the front weakly: the wire lives inside it.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  transport->open({
      .message =
          [self](std::string_view line) {
            if (auto front = self.lock()) front->client_line(line);
          },
      .too_long =
          [self](std::string_view head) {
            auto front = self.lock();
            if (!front) return;
            front->refuse_line(id_of_head(head), invalid_request,
                               "the message is longer than the limit");
          },
      .crowded =
          [self](bool crowded) {
            auto front = self.lock();
            if (!front) return;
            for (UpstreamSession& server : front->behind) {
              if (!server.deaf && server.events.crowded) server.events.crowded(crowded);
            }
          },
      .ended =
          [self] {
            if (auto front = self.lock()) front->client_closed("the client closed");
          },
      .failed =
          [self] {
            if (auto front = self.lock()) front->client_closed("the client left");
          },
  });
}

void Multiplexer::client_closed(const std::string& reason) {
  if (client_gone) return;
  client_gone = true;
  if (why.empty()) why = reason;
  for (std::size_t i = 0; i < behind.size(); ++i) {
    if (!behind[i].deaf && behind[i].events.ended) behind[i].events.ended();
  }
  close_when_over();
}

void Multiplexer::finish(const std::string& reason) {
  if (why.empty()) why = reason;
  for (UpstreamSession& server : behind) {
    if (server.session) server.session->finish(reason);
  }
  close_when_over();
}

void Multiplexer::session_ended(std::size_t i, const SessionEnd& end) {
  UpstreamSession& server = behind[i];
  if (server.stage == UpstreamSession::Stage::gone) return;
  server.stage = UpstreamSession::Stage::gone;
  server.deaf = true;
  any_initialized = any_initialized || end.initialized;
  // Not from inside the session's own callback.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  loop.post([self, i, said = end.why] {
    auto front = self.lock();
    if (!front) return;
    front->behind[i].session.reset();
    front->behind[i].events = {};
    if (front->closed) return;
    front->give_up(i, fmt::format("server `{}` has ended", front->behind[i].name));
    if (front->why.empty()) {
      (void)front->gate.note(front->run, "server absent", front->behind[i].name + ": " + said);
      front->come_or_go(i);
    }
    front->close_when_over();
  });
}

// Nobody answers what was asked of this server.
void Multiplexer::give_up(std::size_t i, const std::string& reason) {
  behind[i].waiting.clear();
  behind[i].waiting_bytes = 0;
  for (const auto& [inner, outer] : behind[i].asked) {
    questions.erase(outer);
    to_client(
        notification_line("notifications/cancelled", fmt::format(R"({{"requestId":{}}})", outer)));
  }
  behind[i].asked.clear();
  std::vector<std::uint64_t> lost;
  for (const auto& [id, about] : forwarded) {
    if (about.server == i) lost.push_back(id);
  }
  std::ranges::sort(lost);
  for (std::uint64_t id : lost) {
    const auto found = forwarded.find(id);
    if (found == forwarded.end()) continue;
    const Forwarded about = std::move(found->second);
    forwarded.erase(found);
    if (about.gathering) {
      answered(about.gathering, about.place, Gathering::Piece::absent, {});
    } else {
      open_requests.erase(about.key);
      to_client(error_line(about.id, invalid_request, reason), about.id);
    }
  }
}

void Multiplexer::close_when_over() {
  if (closed || why.empty()) {
    const bool all = std::ranges::all_of(
        behind, [](const UpstreamSession& s) { return s.stage == UpstreamSession::Stage::gone; });
    if (closed || !all) return;
    why = "the server ended";
  }
  for (const UpstreamSession& server : behind) {
    if (server.stage != UpstreamSession::Stage::gone) return;
  }
  closed = true;
  // What was said last still leaves.
  spawn(
      [](std::shared_ptr<Multiplexer> front) -> Task<void> {
        if (!front->client_gone) co_await front->transport->drained();
      }(shared_from_this()),
      [front = shared_from_this()] { front->close_now(); });
}

void Multiplexer::close_now() {
  closed = true;
  client_gone = true;
  changes_timer.reset();
  for (auto& [id, about] : forwarded) {
    if (about.gathering) about.gathering->patience.reset();
  }
  transport->stop_hearing();
  transport->finish_sending();
  for (UpstreamSession& server : behind) server.session.reset();
  if (auto done = std::exchange(ended, {})) {
    done(SessionEnd{why, why == "the server ended", any_initialized});
  }
}

void Multiplexer::to_client(std::string line, std::string_view request) {
  if (!client_gone) (void)transport->send(std::move(line), request);
}

bool Multiplexer::ready(const UpstreamSession& server, const UpstreamSession::Line& next) const {
  if (server.deaf || server.paused || !server.events.message) return false;
  // In the older era a server is asked for nothing before it said what it is.
  return next.first || next.id == 0 || server.stage != UpstreamSession::Stage::opening;
}

void Multiplexer::say(std::size_t i, UpstreamSession::Line line) {
  UpstreamSession& server = behind[i];
  server.waiting_bytes += line.text.size();
  server.waiting.push_back(std::move(line));
  if (inside == 0) return flush(i);
  // A session that is speaking is not spoken to.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  loop.post([self, i] {
    if (auto front = self.lock()) front->flush(i);
  });
}

void Multiplexer::flush(std::size_t i) {
  UpstreamSession& server = behind[i];
  if (server.flushing) return;
  server.flushing = true;
  while (!server.waiting.empty() && ready(server, server.waiting.front())) {
    const UpstreamSession::Line line = std::move(server.waiting.front());
    server.waiting.pop_front();
    server.waiting_bytes -= line.text.size();
    server.events.message(line.text);
  }
  server.flushing = false;
}

void Multiplexer::ask(Forwarded about, std::string_view method, std::string_view params) {
  const std::uint64_t id = next_id++;
  const std::size_t server = about.server;
  const bool first = about.gathering && about.gathering->kind == Gathering::Kind::hello;
  open_requests[about.key].push_back(id);
  forwarded.emplace(id, std::move(about));
  say(server, {id, request_line(id, method, params), first});
}

}  // namespace pawl::mcp
