// Listening and connecting on Unix stream sockets, and who is on the other side.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "io/net/fd.h"
#include "io/net/loop.h"
#include "io/net/process.h"

namespace pawl::net {

// Who connected (or, for a client, who listens), as the kernel recorded it at that moment. The
// process may have ended or replaced its program since: a peer is a hint about who asks, and the
// user id is the only part that is a permission.
struct Peer {
  ProcessId process;  // pid 0 where the peer lives outside of our pid namespace
  uid_t user = 0;
  gid_t group = 0;
  Fd pidfd;  // closed where the process is gone already
};
Result<Peer> peer_of(const Fd& socket);

// Longest path of a socket: the kernel's address structure, without the final NUL.
inline constexpr std::size_t kSocketPathBytesMax = 107;

struct ListenOptions {
  // Remove a socket that no answer on. Only for the holder of the node's lock.
  bool replace_stale = false;
};

// A socket file of mode 0600. Its directory is created with mode 0700 where it does not exist, and
// refused where it belongs to another user or others may enter it. Accepting goes on when the
// process runs out of descriptors: it waits and tries again.
class Listener {
 public:
  using Accepted = std::function<void(Fd socket, Peer peer)>;

  static Result<Listener> open(Loop& loop, const std::string& path, Accepted accepted,
                               ListenOptions options = {});
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();  // stops listening and removes the socket file, if it is still the same one

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// Blocking. ErrorKind::missing where there is no socket or no listener, so that a caller can
// start a node; ErrorKind::environment for everything else, a full queue at the deadline included.
Result<Fd> connect_unix(const std::string& path, Duration at_most);

}  // namespace pawl::net
