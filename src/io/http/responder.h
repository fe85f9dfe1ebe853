// The right to answer one request, and what a handler of requests is.
//
//   void serve(Request request, Responder responder) {
//     if (request.target != "/events") return std::move(responder).answer({404, {}, ""});
//     Stream stream = std::move(responder).stream(event_stream());
//     stream.write(…);
//   }
//
// A responder lives as long as the answer takes: inside of the handler, or in a coroutine for
// minutes. It answers once. One that is dropped answers 500, a stream that is dropped before `end`
// cuts the connection, so that a client never takes half of an answer for a whole one.
// Everything belongs to the thread of the server's loop. Nothing here throws. After the client is
// gone, or the server is, answers and writes go nowhere and say so.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/task.h"
#include "io/http/message.h"
#include "io/net/loop.h"

namespace pawl::http {

struct Exchange;

// An answer of unknown length, sent as it is written.
class [[nodiscard]] Stream {
 public:
  explicit Stream(std::shared_ptr<Exchange> exchange);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  // False, and nothing is sent, where the client is gone. A client that leaves more than
  // `response_queued_bytes_max` unread is cut off here: it is gone from then on.
  bool write(std::string_view bytes);
  std::size_t queued_bytes() const;
  // True when less than `response_queued_bytes_low` waits, false when the client is gone.
  Task<bool> drained();

  bool gone() const;
  // Called once when the client goes away before `end`; at once where it has.
  void on_gone(net::Callback told);

  void end();

 private:
  std::shared_ptr<Exchange> exchange_;
};

class [[nodiscard]] Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange);
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  // A response whose fields could not be sent, or that frames itself, is replaced by a 500.
  void answer(Response response) &&;
  // Sends the head at once. Adds `X-Accel-Buffering: no` and `Cache-Control: no-store`: a proxy
  // in between must neither hold back nor keep what is streamed. The body is the beginning.
  Stream stream(Response head) &&;

  bool gone() const;
  void on_gone(net::Callback told);

 private:
  void drop();
  std::shared_ptr<Exchange> exchange_;
};

using Handler = std::function<void(Request, Responder)>;

// The head of a stream of server-sent events.
Response event_stream();

}  // namespace pawl::http
