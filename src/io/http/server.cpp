#include "io/http/server.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/http/connection.h"
#include "io/http/http_date.h"
#include "io/http/peer_key.h"
#include "io/http/tcp_listener.h"
#include "io/http/tls_context.h"

namespace pawl::http {

struct Server::State : std::enable_shared_from_this<Server::State> {
  State(net::Loop& l, ServerLimits limits, Handler handler)
      : loop(l), service(std::make_shared<Service>()) {
    service->limits = limits;
    service->handler = std::move(handler);
    service->date = [line = std::make_shared<DateLine>()] { return line->now(); };
  }

  void serve(std::unique_ptr<Wire> wire, Remote remote);
  void ended(Connection& connection);
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port,
                               TcpListener::Accepted accepted);
  void stop_listening();
  void close();
  static Task<bool> drain(std::shared_ptr<State> self, Duration at_most);

  net::Loop& loop;
  std::shared_ptr<Service> service;
  std::vector<TcpListener> tcp;
  std::vector<net::Listener> unix_sockets;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::unordered_map<std::string, std::size_t> peers;  // connections of each
  std::vector<Completion<bool>> waiting;               // for the last connection's end
};

void Server::State::serve(std::unique_ptr<Wire> wire, Remote remote) {
  const ServerLimits& limits = service->limits;
  if (service->draining || connections.size() >= limits.connections_max) return;
  const std::string peer = peer_key(remote.address);
  if (!peer.empty()) {
    std::size_t& count = peers[peer];
    if (count >= limits.connections_per_peer_max) return;
    ++count;
  }
  auto connection = std::make_shared<Connection>(loop, service, std::move(wire),
                                                 std::make_shared<const Remote>(std::move(remote)),
                                                 [this](Connection& one) { ended(one); });
  connections.insert(connection);
  connection->start();
}

void Server::State::ended(Connection& connection) {
  const std::string peer = peer_key(connection.remote().address);
  if (const auto found = peers.find(peer); found != peers.end() && --found->second == 0) {
    peers.erase(found);
  }
  connections.erase(connection.shared_from_this());
  if (!connections.empty()) return;
  for (Completion<bool>& one : std::exchange(waiting, {})) one.deliver(true);
}

void Server::State::stop_listening() {
  tcp.clear();
  unix_sockets.clear();
}

void Server::State::close() {
  stop_listening();
  service->draining = true;
  // Each removes itself.
  const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
  for (const auto& connection : all) connection->close();
}

Task<bool> Server::State::drain(std::shared_ptr<State> self, Duration at_most) {
  self->stop_listening();
  self->service->draining = true;
  const std::vector<std::shared_ptr<Connection>> all(self->connections.begin(),
                                                     self->connections.end());
  for (const auto& connection : all) connection->drain();
  if (self->connections.empty()) co_return true;
  Completion<bool> over;
  self->waiting.push_back(over);
  const net::Timer limit = self->loop.after(at_most, [over]() mutable { over.deliver(false); });
  const bool by_themselves = co_await over;
  if (!by_themselves) {
    const std::vector<std::shared_ptr<Connection>> left(self->connections.begin(),
                                                        self->connections.end());
    for (const auto& connection : left) connection->close();
  }
  co_return by_themselves;
}

Server::Server(net::Loop& loop, ServerLimits limits, Handler handler)
    : state_(std::make_shared<State>(loop, limits, std::move(handler))) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}
Server::~Server() {
  if (state_) state_->close();
}

Result<std::uint16_t> Server::State::listen(const std::string& address, std::uint16_t port,
                                            TcpListener::Accepted accepted) {
  Result<TcpListener> listener = TcpListener::open(loop, address, port, std::move(accepted));
  PAWL_TRY(listener);
  const std::uint16_t taken = listener->port();
  tcp.push_back(*std::move(listener));
  return taken;
}

void Server::on_unproved(std::function<void(const Remote&, const std::string& why)> heard) {
  state_->service->unproved = std::move(heard);
}

Result<std::uint16_t> Server::listen(const std::string& address, std::uint16_t port) {
  return state_->listen(address, port, [state = state_.get()](net::Fd socket, Remote remote) {
    state->serve(plain_wire(std::move(socket)), std::move(remote));
  });
}

Result<std::uint16_t> Server::listen(const std::string& address, std::uint16_t port,
                                     const TlsSettings& tls) {
  return state_->listen(address, port, [state = state_.get(), tls](net::Fd socket, Remote remote) {
    remote.encrypted = true;
    std::unique_ptr<Wire> wire = tls_wire(std::move(socket), tls);
    if (wire) state->serve(std::move(wire), std::move(remote));
  });
}

Status Server::listen_unix(const std::string& path, net::ListenOptions options) {
  Result<net::Listener> listener = net::Listener::open(
      state_->loop, path,
      [state = state_.get()](net::Fd socket, const net::Peer& peer) {
        Remote remote;
        remote.user = peer.user;
        state->serve(plain_wire(std::move(socket)), std::move(remote));
      },
      options);
  PAWL_TRY(listener);
  state_->unix_sockets.push_back(*std::move(listener));
  return {};
}

void Server::serve(net::Fd socket, Remote remote) {
  state_->serve(plain_wire(std::move(socket)), std::move(remote));
}

Task<bool> Server::drain(Duration at_most) {
  return State::drain(state_, at_most);
}

std::size_t Server::connections() const {
  return state_->connections.size();
}

}  // namespace pawl::http
