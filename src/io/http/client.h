// Requests of ours to other servers: upstreams, identity providers, key sets.
//
//   Client client(loop, {.reach = {.hosts = {"api.example"}}});
//   Result<Answer> answer = co_await client.fetch({.url = "https://api.example/keys"});
//
// libcurl speaks HTTP/1.1, on our loop. What is asked is what is sent: no redirect is followed (it
// is an answer like others), no proxy of the environment is used, no cookie is kept, no password
// file is read, no content coding is asked for, paths are not tidied, and nothing is tried again.
// TLS is 1.2 or newer and its certificates are always verified.
// `Reach` belongs to the client, because connections are used again: what was judged when a
// connection was made holds for everything that is sent over it.
// Errors: ErrorKind::invalid for what cannot be asked, ErrorKind::refused for what may not be
// reached and for certificates that do not verify, ErrorKind::missing where a name has no address,
// ErrorKind::io for the rest. They name the host and never the rest of the address, which may hold
// a secret. Header fields and bodies may hold one too: what this room keeps of them is wiped when a
// request is over. One thread, that of the loop. Client and fetches may end inside of their own
// callbacks.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/http/headers.h"
#include "io/http/reach.h"
#include "io/net/loop.h"

namespace pawl::http {

struct ClientOptions {
  Reach reach = {};
  std::string ca_file = {};      // certificates to trust instead of the system's
  std::string certificate = {};  // PEM files, where the other side asks who we are
  std::string key = {};
  std::string user_agent = "pawl";
  Duration connect_time = Duration::seconds(10);
  std::size_t connections_max = 256;
  std::size_t connections_per_host_max = 64;
  std::size_t header_bytes_max = 64UL << 10;
};

struct Ask {
  std::string method = "GET";
  std::string url = {};  // http or https, without user and password
  Headers headers = {};  // without host, length, coding and connection
  std::string body = {};
  std::size_t body_bytes_max = 16UL << 20;    // of the answer
  Duration deadline = Duration::seconds(60);  // for all of it; zero: none, for streams
};

struct AnswerHead {
  int status = 0;
  Headers headers;
};

struct Answer {
  int status = 0;
  Headers headers;
  std::string body;
};

struct FetchEvents {
  std::function<void(AnswerHead)> head;
  // The view is valid until the callback returns. Nothing comes while the fetch is paused.
  std::function<void(std::string_view)> body;
  // Once, and nothing after it: the answer is complete, or what went wrong.
  std::function<void(std::optional<Error>)> end;
};

struct Transfer;

// A request that is under way. Letting go of it cancels it, and no callback follows.
class [[nodiscard]] Fetch {
 public:
  explicit Fetch(std::shared_ptr<Transfer> transfer);
  Fetch(Fetch&&) noexcept;
  Fetch& operator=(Fetch&&) noexcept;
  ~Fetch();

  // The other side is held back by its full connection.
  void pause();
  void resume();
  // Whether bytes of the request may have left. False at its end: the server cannot have acted on
  // it.
  bool sent() const;

 private:
  std::shared_ptr<Transfer> transfer_;
};

class Client {
 public:
  Client(net::Loop& loop, ClientOptions options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  // Callers that still wait for an end are told ErrorKind::io.
  ~Client();

  // What is wrong with it is told in a later turn, as every end is.
  Fetch start(Ask ask, FetchEvents events);
  // The whole answer. Destroying the task cancels.
  Task<Result<Answer>> fetch(Ask ask);

  std::size_t under_way() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::http
