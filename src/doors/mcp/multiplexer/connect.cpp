#include "doors/mcp/multiplexer/connect.h"

#include <utility>

#include "doors/mcp/multiplexer/multiplexer.h"
#include "doors/mcp/multiplexer/names.h"
#include "gate/gate.h"

namespace pawl::mcp {
namespace {

// What a session takes for its client.
class ClientOfSession final : public Transport {
 public:
  ClientOfSession(std::weak_ptr<Multiplexer> multiplexer, std::size_t server)
      : multiplexer_(std::move(multiplexer)), server_(server) {}

  void open(TransportEvents events) override {
    if (auto multiplexer = multiplexer_.lock())
      multiplexer->upstreams[server_].events = std::move(events);
  }
  bool send(std::string message, std::string_view request) override {
    auto multiplexer = multiplexer_.lock();
    if (!multiplexer || multiplexer->client_gone) return false;
    ++multiplexer->inside;
    multiplexer->session_line(server_, message, request);
    --multiplexer->inside;
    return true;
  }
  const Repeated* repeated(std::string_view request) const override {
    auto multiplexer = multiplexer_.lock();
    return multiplexer ? multiplexer->repeated(request) : nullptr;
  }
  void pause() override { hold(true); }
  void resume() override { hold(false); }
  Task<bool> drained() override { co_return true; }
  void finish_sending() override {}
  void stop_hearing() override {
    if (auto multiplexer = multiplexer_.lock()) multiplexer->upstreams[server_].deaf = true;
  }

 private:
  void hold(bool paused) {
    auto multiplexer = multiplexer_.lock();
    if (!multiplexer) return;
    multiplexer->upstreams[server_].paused = paused;
    if (paused) return;
    multiplexer->loop.post([self = multiplexer_, server = server_] {
      if (auto later = self.lock()) later->flush(server);
    });
  }

  std::weak_ptr<Multiplexer> multiplexer_;
  std::size_t server_;
};

class MultiplexedEndpoint final : public Endpoint {
 public:
  MultiplexedEndpoint(std::shared_ptr<Multiplexer> multiplexer, std::string run)
      : multiplexer_(std::move(multiplexer)), run_(std::move(run)) {}
  ~MultiplexedEndpoint() override {
    multiplexer_->ended = {};
    multiplexer_->close_now();
  }
  void finish(const std::string& why) override { multiplexer_->finish(why); }
  void cancel_all() override {
    for (UpstreamSession& server : multiplexer_->upstreams) {
      if (server.session) server.session->cancel_all();
    }
  }
  const std::string& run() const override { return run_; }
  void use_policy(std::shared_ptr<const Policy> policy) override {
    for (UpstreamSession& server : multiplexer_->upstreams) {
      if (server.session) server.session->use_policy(policy);
    }
  }

 private:
  std::shared_ptr<Multiplexer> multiplexer_;
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
  PAWL_TRY(check_server_names(names));

  auto multiplexer =
      std::make_shared<Multiplexer>(loop, gate, std::move(client), servers.size(), patience);
  std::string run = servers.front().spec.run;
  multiplexer->run = run;
  multiplexer->part = servers.front().spec.part;
  multiplexer->ended = std::move(ended);
  const std::weak_ptr<Multiplexer> self = multiplexer;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    multiplexer->upstreams[i].name = names[i];
    multiplexer->upstreams[i].returns = bool(servers[i].spec.start_again);
    multiplexer->upstreams[i].session = std::make_unique<Session>(
        loop, gate, std::move(servers[i].spec),
        SessionTransports{std::make_unique<ClientOfSession>(self, i),
                          std::move(servers[i].transport), std::move(servers[i].life)},
        [self, i](const SessionEnd& end) {
          if (auto later = self.lock()) later->session_ended(i, end);
        });
  }
  multiplexer->open();
  return std::make_unique<MultiplexedEndpoint>(std::move(multiplexer), std::move(run));
}

}  // namespace pawl::mcp
