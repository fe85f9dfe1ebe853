#include "doors/mcp/multiplexer/connect.h"

#include <utility>

#include "doors/mcp/multiplexer/multiplexer.h"
#include "doors/mcp/multiplexer/names.h"

namespace pawl::mcp {
namespace {

// What a session takes for its client.
class ClientOfSession final : public Transport {
 public:
  ClientOfSession(std::weak_ptr<Multiplexer> front, std::size_t server)
      : front_(std::move(front)), server_(server) {}

  void open(TransportEvents events) override {
    if (auto front = front_.lock()) front->behind[server_].events = std::move(events);
  }
  bool send(std::string message, std::string_view request) override {
    auto front = front_.lock();
    if (!front || front->client_gone) return false;
    ++front->inside;
    front->session_line(server_, message, request);
    --front->inside;
    return true;
  }
  const Repeated* repeated(std::string_view request) const override {
    auto front = front_.lock();
    return front ? front->repeated(request) : nullptr;
  }
  void pause() override { hold(true); }
  void resume() override { hold(false); }
  Task<bool> drained() override { co_return true; }
  void finish_sending() override {}
  void stop_hearing() override {
    if (auto front = front_.lock()) front->behind[server_].deaf = true;
  }

 private:
  void hold(bool paused) {
    auto front = front_.lock();
    if (!front) return;
    front->behind[server_].paused = paused;
    if (paused) return;
    front->loop.post([self = front_, server = server_] {
      if (auto later = self.lock()) later->flush(server);
    });
  }

  std::weak_ptr<Multiplexer> front_;
  std::size_t server_;
};

class MultiplexedEndpoint final : public Endpoint {
 public:
  MultiplexedEndpoint(std::shared_ptr<Multiplexer> front, std::string run)
      : front_(std::move(front)), run_(std::move(run)) {}
  ~MultiplexedEndpoint() override {
    front_->ended = {};
    front_->close_now();
  }
  void finish(const std::string& why) override { front_->finish(why); }
  void cancel_all() override {
    for (UpstreamSession& server : front_->behind) {
      if (server.session) server.session->cancel_all();
    }
  }
  const std::string& run() const override { return run_; }
  void use_policy(std::shared_ptr<const Policy> policy) override {
    for (UpstreamSession& server : front_->behind) {
      if (server.session) server.session->use_policy(policy);
    }
  }

 private:
  std::shared_ptr<Multiplexer> front_;
  std::string run_;
};

}  // namespace

Result<std::unique_ptr<Endpoint>> connect(net::Loop& loop, Gate& gate,
                                          std::unique_ptr<Transport> client,
                                          std::vector<UpstreamServer> servers,
                                          std::function<void(SessionEnd)> ended,
                                          Duration patience) {
  if (servers.size() == 1) {
    UpstreamServer& only = servers.front();
    return std::make_unique<Session>(
        loop, gate, std::move(only.spec),
        SessionTransports{std::move(client), std::move(only.transport), std::move(only.life)},
        std::move(ended));
  }
  std::vector<std::string> names;
  for (const UpstreamServer& server : servers) names.push_back(server.spec.server);
  if (names.empty()) return fail(ErrorKind::invalid, "an endpoint without a server");
  if (Status fine = check_server_names(names); !fine) return std::unexpected(fine.error());

  auto front =
      std::make_shared<Multiplexer>(loop, gate, std::move(client), servers.size(), patience);
  std::string run = servers.front().spec.run;
  front->run = run;
  front->part = servers.front().spec.part;
  front->ended = std::move(ended);
  const std::weak_ptr<Multiplexer> self = front;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    front->behind[i].name = names[i];
    front->behind[i].returns = bool(servers[i].spec.start_again);
    front->behind[i].session = std::make_unique<Session>(
        loop, gate, std::move(servers[i].spec),
        SessionTransports{std::make_unique<ClientOfSession>(self, i),
                          std::move(servers[i].transport), std::move(servers[i].life)},
        [self, i](const SessionEnd& end) {
          if (auto later = self.lock()) later->session_ended(i, end);
        });
  }
  front->open();
  return std::make_unique<MultiplexedEndpoint>(std::move(front), std::move(run));
}

}  // namespace pawl::mcp
