#include "io/http/tcp_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pawl::http {
namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerTurnMax = 64;
constexpr Duration kAcceptAgainAfter = Duration::milliseconds(100);

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* pointer() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Address> address_of(const std::string& text, std::uint16_t port) {
  Address address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  const std::string numeric = text == "localhost" ? "127.0.0.1" : text;
  if (::inet_pton(AF_INET, numeric.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.size = sizeof *four;
    return address;
  }
  if (::inet_pton(AF_INET6, numeric.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address.size = sizeof *six;
    return address;
  }
  return fail(ErrorKind::invalid, fmt::format("`{}` is not an address to listen on", text));
}

Remote remote_of(const Address& address) {
  Remote remote;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(&address.storage);
    ::inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size());
    remote.port = ntohs(four->sin_port);
  } else {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    ::inet_ntop(AF_INET6, &six->sin6_addr, text.data(), text.size());
    remote.port = ntohs(six->sin6_port);
  }
  remote.address = text.data();
  return remote;
}

Result<net::Fd> listen_on(Address& address, const std::string& name) {
  net::Fd socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  // A restarted node gets its port back while connections of the one before are still dying.
  if (socket.open()) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (socket.open() && address.storage.ss_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  }
  if (!socket.open() || ::bind(socket.get(), address.pointer(), address.size) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return std::unexpected(
        net::system_error(ErrorKind::environment, fmt::format("listen on `{}`", name), errno));
  }
  return socket;
}

}  // namespace

struct TcpListener::State : std::enable_shared_from_this<TcpListener::State> {
  State(net::Loop& l, net::Fd s, Accepted a)
      : loop(l), socket(std::move(s)), accepted(std::move(a)) {}

  Status start();
  void accept();
  void close();

  net::Loop& loop;
  net::Fd socket;
  Accepted accepted;
  net::Watch watch;
  net::Timer again;
  std::uint16_t port = 0;
};

Status TcpListener::State::start() {
  Address mine;
  mine.size = sizeof mine.storage;
  ::getsockname(socket.get(), mine.pointer(), &mine.size);
  port = remote_of(mine).port;
  Result<net::Watch> watched =
      loop.watch(socket.get(), net::Interest::read, [this](net::Ready) { accept(); });
  PAWL_TRY(watched);
  watch = *std::move(watched);
  return {};
}

void TcpListener::State::accept() {
  const std::shared_ptr<State> self = shared_from_this();
  for (int i = 0; i < kAcceptsPerTurnMax && socket.open(); ++i) {
    Address from;
    from.size = sizeof from.storage;
    net::Fd connection(
        ::accept4(socket.get(), from.pointer(), &from.size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.open()) {
      const int yes = 1;
      // Answers are written whole: waiting for more would only add a round trip.
      ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      accepted(std::move(connection), remote_of(from));
      continue;
    }
    if (errno == EAGAIN) return;
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
    // The waiting connection would wake us again at once.
    watch.set(net::Interest::none);
    again = loop.after(kAcceptAgainAfter, [this] { watch.set(net::Interest::read); });
    return;
  }
}

void TcpListener::State::close() {
  watch.reset();
  again.reset();
  socket.reset();
}

TcpListener::TcpListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
TcpListener::TcpListener(TcpListener&&) noexcept = default;
TcpListener& TcpListener::operator=(TcpListener&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}
TcpListener::~TcpListener() {
  if (state_) state_->close();
}

Result<TcpListener> TcpListener::open(net::Loop& loop, const std::string& address,
                                      std::uint16_t port, Accepted accepted) {
  Result<Address> where = address_of(address, port);
  PAWL_TRY(where);
  Result<net::Fd> socket = listen_on(*where, fmt::format("{}:{}", address, port));
  PAWL_TRY(socket);
  auto state = std::make_shared<State>(loop, *std::move(socket), std::move(accepted));
  PAWL_TRY(state->start());
  return TcpListener(std::move(state));
}

std::uint16_t TcpListener::port() const {
  return state_->port;
}

}  // namespace pawl::http
