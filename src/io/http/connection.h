// A conversation on a socket: reads, writes, and lets time pass. Inside of this room only.
//
// An idle connection holds no buffer: bytes are read into the loop's own. It has one timer, which
// is moved only when it fires: a request costs no change of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "io/http/conversation.h"
#include "io/http/wire.h"
#include "io/net/loop.h"

namespace pawl::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Ended = std::function<void(Connection&)>;

  Connection(net::Loop& loop, std::shared_ptr<Service> service, std::unique_ptr<Wire> wire,
             std::shared_ptr<const Remote> remote, Ended ended);

  void start();
  // Requests that are being answered are the last.
  void drain();
  // Now, whatever is under way. `ended` is called.
  void close();

  const Remote& remote() const { return *remote_; }

 private:
  void ready(net::Ready what);
  void read();
  void read_what_waits();
  void identify();
  void linger();
  void flush_later();
  void flush();
  void settle();
  Duration deadline();
  void watch_the_clock();
  void on_time();

  net::Loop& loop_;
  std::shared_ptr<Service> service_;
  std::unique_ptr<Wire> wire_;
  std::shared_ptr<const Remote> remote_;
  Ended ended_;
  Conversation conversation_;
  net::Watch watch_;
  net::Timer timer_;
  Duration armed_{};        // what the timer is set to
  Duration since_{};        // the beginning of the phase
  Duration write_since_{};  // the last byte the client took, or the first that waits
  Conversation::Phase phase_ = Conversation::Phase::idle;
  std::uint64_t requests_ = 0;  // complete when the phase began
  bool identified_ = false;
  bool flush_deferred_ = false;
  bool read_posted_ = false;
  bool blocked_ = false;
  bool lingering_ = false;
  bool closed_ = false;
};

}  // namespace pawl::http
