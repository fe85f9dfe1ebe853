#include "io/net/unix_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pawl::net {
namespace {

constexpr int kBacklog = 128;
constexpr Duration kAcceptAgainAfter = Duration::milliseconds(100);
constexpr int kAcceptsPerTurnMax = 16;
// SO_PEERPIDFD, Linux 6.5; older kernels refuse it.
constexpr int kPeerPidfd = 77;

static_assert(kSocketPathBytesMax == sizeof(sockaddr_un::sun_path) - 1);

Result<sockaddr_un> address_of(const std::string& path) {
  if (path.empty() || path.front() != '/') {
    return fail(ErrorKind::invalid, fmt::format("`{}` is not an absolute path of a socket", path));
  }
  if (path.find('\0') != std::string::npos) {
    return fail(ErrorKind::invalid, "a socket's path holds a NUL byte");
  }
  if (path.size() > kSocketPathBytesMax) {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` has {} bytes, and the path of a socket may have {}: choose a "
                            "shorter state directory",
                            path, path.size(), kSocketPathBytesMax));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> make_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.open()) return socket;
  return std::unexpected(system_error(ErrorKind::environment, "make a socket", errno));
}

int connect_to(const Fd& socket, const sockaddr_un& address) {
  int outcome = 0;
  do {
    outcome = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (outcome != 0 && errno == EINTR);
  return outcome == 0 ? 0 : errno;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A user who may enter the folder may connect; one who may write it may put another socket there.
Status check_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(system_error(ErrorKind::environment,
                                        fmt::format("make the directory `{}`", folder), errno));
  }
  struct stat what{};
  if (::lstat(folder.c_str(), &what) != 0 || !S_ISDIR(what.st_mode)) {
    return fail(ErrorKind::environment, fmt::format("`{}` is not a directory", folder));
  }
  if (what.st_uid != ::geteuid()) {
    return fail(ErrorKind::refused, fmt::format("`{}` belongs to another user", folder));
  }
  if ((what.st_mode & 077) != 0) {
    return fail(ErrorKind::refused, fmt::format("`{}` is open to other users: its mode is {:o}, "
                                                "expected 700",
                                                folder, what.st_mode & 07777));
  }
  return {};
}

// Makes room at `path` where no process answers any more.
Status remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat what{};
  if (::lstat(path.c_str(), &what) != 0) return {};
  if (!S_ISSOCK(what.st_mode)) {
    return fail(ErrorKind::environment,
                fmt::format("`{}` is in the way and is not a socket", path));
  }
  Result<Fd> probe = make_socket();
  PAWL_TRY(probe);
  ::fcntl(probe->get(), F_SETFL, O_NONBLOCK);
  if (connect_to(*probe, address) != ECONNREFUSED) {
    return fail(ErrorKind::environment, fmt::format("another process listens on `{}`", path));
  }
  if (::unlink(path.c_str()) == 0) return {};
  return std::unexpected(
      system_error(ErrorKind::environment, fmt::format("remove the old socket `{}`", path), errno));
}

Result<Fd> listen_on(const std::string& path, const sockaddr_un& address) {
  Result<Fd> socket = make_socket();
  if (!socket) return socket;
  // On Linux the file takes the mode of the socket, so that it is never open to others, not even
  // between two calls, and without touching the process's file mode mask.
  if (::fchmod(socket->get(), 0600) != 0 ||
      ::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(socket->get(), kBacklog) != 0) {
    return std::unexpected(
        system_error(ErrorKind::environment, fmt::format("listen on `{}`", path), errno));
  }
  ::fcntl(socket->get(), F_SETFL, O_NONBLOCK);
  return socket;
}

}  // namespace

Result<Peer> peer_of(const Fd& socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
    return std::unexpected(system_error(ErrorKind::environment, "learn who is connected", errno));
  }
  Peer peer;
  peer.user = who.uid;
  peer.group = who.gid;
  if (who.pid <= 0) return peer;
  int pidfd = -1;
  size = sizeof pidfd;
  if (::getsockopt(socket.get(), SOL_SOCKET, kPeerPidfd, &pidfd, &size) != 0) {
    pidfd = static_cast<int>(::syscall(SYS_pidfd_open, who.pid, 0));
  }
  peer.pidfd = Fd(pidfd);
  peer.process.pid = who.pid;
  // Read behind the pidfd: as long as that process lives, the number means no other process.
  if (const Result<ProcessStat> stat = read_stat(who.pid)) peer.process = stat->id;
  return peer;
}

struct Listener::State : std::enable_shared_from_this<Listener::State> {
  State(Loop& l, std::string p, Fd s, Accepted a)
      : loop(l), path(std::move(p)), socket(std::move(s)), accepted(std::move(a)) {}
  ~State() { close(); }

  Status start();
  void accept();
  void close();

  Loop& loop;
  std::string path;
  Fd socket;
  Accepted accepted;
  Watch watch;
  Timer again;
  dev_t device = 0;
  ino_t inode = 0;
};

Status Listener::State::start() {
  struct stat what{};
  if (::lstat(path.c_str(), &what) == 0) {
    device = what.st_dev;
    inode = what.st_ino;
  }
  Result<Watch> watched = loop.watch(socket.get(), Interest::read, [this](Ready) { accept(); });
  PAWL_TRY(watched);
  watch = *std::move(watched);
  return {};
}

void Listener::State::accept() {
  const std::shared_ptr<State> self = shared_from_this();
  for (int i = 0; i < kAcceptsPerTurnMax && socket.open(); ++i) {
    Fd connection(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.open()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return;
      // Out of descriptors or memory: the waiting connection would wake us again at once.
      watch.set(Interest::none);
      again = loop.after(kAcceptAgainAfter, [this] { watch.set(Interest::read); });
      return;
    }
    Result<Peer> peer = peer_of(connection);
    if (peer) accepted(std::move(connection), *std::move(peer));
  }
}

void Listener::State::close() {
  if (!socket.open()) return;
  watch.reset();
  again.reset();
  struct stat what{};
  if (::lstat(path.c_str(), &what) == 0 && what.st_dev == device && what.st_ino == inode) {
    ::unlink(path.c_str());
  }
  socket.reset();
}

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}
Listener::~Listener() {
  if (state_) state_->close();
}

Result<Listener> Listener::open(Loop& loop, const std::string& path, Accepted accepted,
                                ListenOptions options) {
  const Result<sockaddr_un> address = address_of(path);
  PAWL_TRY(address);
  Status step = check_folder(folder_of(path));
  if (step && options.replace_stale) step = remove_stale(path, *address);
  PAWL_TRY(step);
  Result<Fd> socket = listen_on(path, *address);
  PAWL_TRY(socket);
  auto state = std::make_shared<State>(loop, path, *std::move(socket), std::move(accepted));
  if (step = state->start(); !step) return std::unexpected(std::move(step.error()));
  return Listener(std::move(state));
}

Result<Fd> connect_unix(const std::string& path, Duration at_most) {
  const Result<sockaddr_un> address = address_of(path);
  PAWL_TRY(address);
  Result<Fd> socket = make_socket();
  if (!socket) return socket;
  // A connect waits while the listener's queue is full, for as long as a send may take.
  const std::int64_t us = std::max<std::int64_t>(at_most.ns / 1000, 1);
  const timeval wait{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
  ::setsockopt(socket->get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  const int number = connect_to(*socket, *address);
  const timeval for_ever{};
  ::setsockopt(socket->get(), SOL_SOCKET, SO_SNDTIMEO, &for_ever, sizeof for_ever);
  if (number == 0) return socket;
  if (number == EAGAIN) {
    return fail(ErrorKind::environment,
                fmt::format("no answer on `{}` within {}", path, to_string(at_most)));
  }
  const bool missing = number == ENOENT || number == ECONNREFUSED;
  return std::unexpected(system_error(missing ? ErrorKind::missing : ErrorKind::environment,
                                      fmt::format("connect to `{}`", path), number));
}

}  // namespace pawl::net
