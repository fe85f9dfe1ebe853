// An HTTP/1.1 server on a loop: TCP and Unix sockets, keep-alive, pipelining, streamed answers.
//
//   Server server(loop, limits, [](Request request, Responder responder) { … });
//   Result<std::uint16_t> port = server.listen("127.0.0.1", 8080);
//   …
//   co_await server.drain(Duration::seconds(30));
//
// The handler runs on the loop's thread, in the order in which requests were complete; it must not
// block. What it may expect of a request: every bound of `limits` holds, the head has one reading
// (see head.h), there is exactly one `Host`.
// Answers HTTP/1.0 too, always with the end of the connection: some proxies speak it.
// A connection above a limit is closed without a word. Out of descriptors, accepting waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "io/http/limits.h"
#include "io/http/responder.h"
#include "io/http/tls.h"
#include "io/net/fd.h"
#include "io/net/loop.h"
#include "io/net/unix_socket.h"

namespace pawl::http {

class Server {
 public:
  Server(net::Loop& loop, ServerLimits limits, Handler handler);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  // Closes everything, whatever is under way.
  ~Server();

  // A numeric address, or `localhost` for 127.0.0.1; port 0 takes a free one. The port.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  // The same, encrypted. Copies of the settings share their files: a reload counts for all.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port,
                               const TlsSettings& tls);
  // A socket file of mode 0600, as io/net/unix_socket.h says.
  Status listen_unix(const std::string& path, net::ListenOptions options = {});
  // A connection that was accepted elsewhere.
  void serve(net::Fd socket, Remote remote);

  // Hears of each handshake that failed for the client's certificate, or the lack of one.
  void on_unproved(std::function<void(const Remote&, const std::string& why)> heard);

  // Listens no more; what is being answered is finished, requests that come meanwhile get 503. True
  // when every connection ended by itself, false where some were cut after `at_most`.
  Task<bool> drain(Duration at_most);

  std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::http
