// One connection of the server without its socket: bytes of the client in, bytes for it out.
//
// Requests are read one after the other, up to `requests_in_flight_max` are answered at the same
// time, and answers leave in the order of the requests. A request that cannot be read is answered
// with what is wrong with it, and is the last one.
// The end of what a client sends means that it is gone: the answering side is told. What is
// answered all the same is still written, for clients that only closed their half. The time is not
// known here: `phase` says what is being waited for, and the owner does the rest. Inside of this
// room and its fuzzer only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/http/outbox.h"
#include "io/http/request_reader.h"
#include "io/http/responder.h"
#include "io/net/loop.h"

namespace pawl::http {

class Conversation;

// What all connections of a server share.
struct Service {
  ServerLimits limits;
  Handler handler;
  // A handshake failed for the client's certificate, or the lack of one; may be empty.
  std::function<void(const Remote&, const std::string& why)> unproved = {};
  std::function<std::string_view()> date;  // the value of the Date field, or nothing
  std::size_t bodies_bytes = 0;            // of requests that are being read
  bool draining = false;                   // no further requests
};

// A request that is being answered. Shared by its conversation and its responder.
struct Exchange {
  enum class State : std::uint8_t { waiting, streaming, done };

  Conversation* conversation = nullptr;  // null when nothing can be written any more
  State state = State::waiting;
  bool gone = false;       // the client has ended its half, or all of it
  bool head_only = false;  // HEAD: no body follows
  bool http10 = false;     // no chunks: the end of the connection is the end of the answer
  bool last = false;
  Outbox held;  // what waits for the exchanges before this one
  std::vector<net::Callback> on_gone;
  std::vector<Completion<bool>> draining;

  void leave();  // tells everybody that the client is gone
  void lose();   // and that nothing can be written any more
};

class Conversation {
 public:
  enum class Phase : std::uint8_t { idle, head, body, answering };

  // `wake` is called when there is something to write, to read on, or to close; it must not do so
  // at once but after the caller has returned.
  Conversation(Service& service, std::shared_ptr<const Remote> remote, std::function<void()> wake);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  // A certificate is known only after the first bytes.
  void set_remote(std::shared_ptr<const Remote> remote) { remote_ = std::move(remote); }

  void receive(std::string_view bytes);
  void receive_end();
  // Reads on in what was received before, when an answer has made room for a request.
  void pump();
  // False while requests wait for room: bytes stay in the socket then.
  bool wants_bytes() const;

  // What waits for room.
  std::size_t input_bytes() const { return input_.size() - input_read_; }

  // What is to be written; `wrote` after some of it was.
  const Outbox& out() const { return out_; }
  void wrote(std::size_t bytes);

  // Answers what is wrong and reads nothing more: a time that has passed.
  void refuse(const Refusal& refusal);
  // No further requests; ends at once where nothing is being answered.
  void drain();
  // The connection is lost: nothing is read or written any more.
  void lose();

  Phase phase() const;
  // How many requests were complete so far: a phase that began again is another one.
  std::uint64_t requests() const { return requests_; }
  // Everything was answered, and no request follows: close when `out` is empty.
  bool finished() const { return closing_ && exchanges_.empty(); }
  bool lost() const { return lost_; }
  // True where the client may still be sending: closing at once would destroy what it has to read.
  bool peer_open() const { return !peer_ended_; }

  // By exchanges only.
  void put(Exchange& exchange, std::string&& bytes);
  void put(Exchange& exchange, std::string_view bytes);
  std::size_t queued_bytes(const Exchange& exchange) const;
  // Of all answers together.
  std::size_t queued_bytes() const;
  void finish(Exchange& exchange);
  Service& service() { return service_; }
  const ServerLimits& limits() const { return service_.limits; }

 private:
  void process(std::string_view& bytes);
  void dispatch(Incoming incoming);
  bool room() const;
  void advance();
  void account();

  Service& service_;
  std::shared_ptr<const Remote> remote_;
  std::function<void()> wake_;
  RequestReader reader_;
  std::vector<std::shared_ptr<Exchange>> exchanges_;  // few: the oldest first
  std::string input_;                                 // bytes of requests that wait for room
  std::size_t input_read_ = 0;                        // of it, from the front
  Outbox out_;
  std::uint64_t requests_ = 0;
  std::size_t accounted_bytes_ = 0;  // of ours in `bodies_bytes`
  bool processing_ = false;
  bool closing_ = false;
  bool peer_ended_ = false;
  bool lost_ = false;
};

// The bytes of a head. `length`: the body's, or nothing for chunks or until the connection's end.
std::string head_text(const Response& response, std::optional<std::size_t> length,
                      const Exchange& exchange, std::string_view date);

}  // namespace pawl::http
