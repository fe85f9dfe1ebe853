// A client that speaks over HTTP, as a session sees it: one transport over many exchanges.
//
//   auto client = std::make_shared<HttpClientTransport>(loop, terms);
//   open the session with client->transport();
//   client->post(…); client->listen(…);         // as requests arrive
//
// A request is answered in its own exchange: as JSON where its answer is the first thing that is
// said of it, else as a stream of events that ends with the answer. What belongs to no request goes
// to the stream that listens (GET), or, of a stateful client that has none, to one of its open
// requests.
// Older clients (`Era::stateful`): a connection that breaks cancels nothing. What would have been
// sent is kept, and read again by `Last-Event-ID`.
// Modern clients have no session: all requests of one caller share this object, so their ids are
// replaced by ours on the way in and put back on the way out. A connection that closes before its
// answer cancels the request.
// Threads: one loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/transport/http_events.h"
#include "doors/mcp/transport/http_fields.h"
#include "doors/mcp/transport/load.h"
#include "doors/mcp/transport/transport.h"
#include "doors/mcp/transport/transport_base.h"
#include "io/http/responder.h"
#include "io/net/loop.h"

namespace pawl::mcp {

inline constexpr std::size_t requests_of_client_max = 1000;  // that have no answer yet
inline constexpr std::size_t listening_max = 4;              // streams that wait for messages
inline constexpr std::size_t kept_events_max = 512;
inline constexpr std::size_t kept_events_bytes_max = 1UL << 20;
inline constexpr std::size_t held_back_max = 256;  // messages, while the server is crowded
inline constexpr std::size_t held_back_bytes_most = 32UL << 20;
inline constexpr std::size_t crowded_bytes = 1UL << 20;
// A request that has no answer after so long is answered as events, so that it can be kept alive.
inline constexpr Duration events_after = Duration::seconds(2);

struct HttpClientTerms {
  Era era = Era::stateful;
  std::string session;  // of a stateful client: its id, which every answer repeats
  // Whether an event without data means nothing to a stateful client (2025-11-25).
  bool primes = false;
  std::size_t requests_max = requests_of_client_max;
  std::size_t held_back_bytes_max = held_back_bytes_most;
  std::shared_ptr<Reading> reading = {};  // of the door
};

// How long it counts who asked: until then by the loop's time, and as long as they stand.
struct Proof {
  std::optional<Duration> until = {};
  std::shared_ptr<const bool> stands = nullptr;

  bool over(Duration now) const { return (until && now.ns >= until->ns) || (stands && !*stands); }
};

// A request as it came: its text, the document that it was read into, what it weighs.
struct Posted {
  std::string text;
  std::shared_ptr<json::Document> document;
  std::shared_ptr<Load> load;
  Proof proof = {};
};

class HttpClientTransport final : public TransportOf<HttpClientTransport> {
 public:
  HttpClientTransport(net::Loop& loop, HttpClientTerms terms);

  // For the session; once.
  std::unique_ptr<Transport> transport();

  // A request, which points into what was posted. `params` that are not empty take the place of its
  // own; `repeated` is what its fields repeat.
  void post(Posted posted, const Message& request, Taken taken, http::Responder responder,
            const std::string& params = {}, Repeated repeated = {});
  // A text that is no message: the session says what is wrong with it.
  void post_unreadable(std::string text, std::shared_ptr<Load> load, http::Responder responder);
  // A notification or an answer. False: too much is held back.
  bool tell(std::string text, std::shared_ptr<Load> load);
  // A stream for what belongs to no request, or the rest of one that broke. A refusal leaves the
  // responder where it was.
  std::optional<http::Refusal> listen(http::Responder& responder, std::optional<EventId> last,
                                      Proof proof);
  // Streams that listen end with what proved whose they are.
  void end_unproved();
  // The client says that it goes.
  void leave();
  // Comments on all open streams.
  void keep_alive();

  // Nothing is open, and nothing was since then.
  std::optional<Duration> quiet_since();
  // A request has no answer, other than one that only listens.
  bool waits() const {
    return std::ranges::any_of(answering_, [](const auto& one) { return !one.second->listens; });
  }

 private:
  // One request that is being answered.
  struct Answering {
    std::string id;  // as the client wrote it; of a text that is no message: what may be one
    Taken taken;
    Repeated repeated;  // of its arguments, in its header
    bool readable = true;
    bool listens = false;      // subscriptions/listen: what is said of it names it
    std::uint64_t stream = 0;  // its number; 0: nothing was said of it so far
    std::uint64_t events = 0;
    std::optional<http::Responder> responder;  // until then
    std::optional<http::Stream> out;
    net::Timer patience;
    std::shared_ptr<Load> load;
    Proof proof;
  };
  struct Listening {
    http::Stream out;
    Proof proof;
  };
  using AnsweringPtr = std::shared_ptr<Answering>;
  // Of the transport.
  bool send(std::string message, std::string_view request) override;
  const Repeated* repeated(std::string_view request) const override;
  // What was said is in the hands of the connections, which write it in any case.
  Task<bool> drained() override { co_return sending; }
  void finish_sending() override;
  void stop_hearing() override;
  void let_go() override;

  void post_as(const std::string& wanted, Delivery told, const AnsweringPtr& answering);
  void guard(const std::string& key, const AnsweringPtr& answering);
  // False: too much waits.
  bool deliver(Delivery told);
  // The key of the exchange that a message goes to; empty: that exchange is over.
  std::string exchange_of(std::string_view request) const;
  void answer(const std::string& key, std::string message);
  void say(const std::string& key, const std::string& message);
  void begin_events(Answering& answering);
  void cancelled(const std::string& key);
  void to_listening(std::string message);
  void write(http::Stream& out, const EventId& id, std::string_view message);
  void roomy();
  http::Stream open_stream(http::Responder responder) const;
  void prime(http::Stream& out, const EventId& id) const;
  std::optional<http::Refusal> read_again(http::Responder& responder, const EventId& last);

  HttpClientTerms terms_;
  std::map<std::string, AnsweringPtr, std::less<>> answering_;  // by the id that the session knows
  std::deque<Listening> listening_;                             // the newest last
  std::uint64_t listen_events_ = 0, listen_written_ = 0;
  KeptEvents kept_{kept_events_max, kept_events_bytes_max};
  std::uint64_t next_id_ = 1, next_stream_ = 1;
  Duration touched_;
};

}  // namespace pawl::mcp
