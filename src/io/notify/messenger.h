// One way to people, with its queue: one message at a time, tried again with growing pauses, and
// given up after `tries_max`.
//
//   Messenger slack(loop, "slack", limits, [](bool dead, const std::string& why) { … });
//   slack.send({.attempt = …, .done = …});
//
// Nothing waits for it. A way that gave up one message is *dead* until it takes one again: while it
// is, each message gets one try, so that a steps of people does not stand still behind it. What
// finds no room in the queue is told so at once. `tell` hears once that a way is dead and once that
// it is not any more.
// Threads: the loop's. A messenger that ends does not tell about what still waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/task.h"
#include "base/time.h"
#include "io/net/loop.h"
#include "io/notify/messages.h"

namespace pawl::notify {

struct MessengerLimits {
  std::size_t waiting_max = 256;
  unsigned tries_max = 5;
  Duration again_after = Duration::seconds(1);  // doubled each time
  Duration again_max = Duration::seconds(30);
};

struct Message {
  std::function<Task<Attempt>()> attempt;
  // Once: `told`, or `refused` with the reason of the last try.
  std::function<void(const Attempt&)> done;
};

class Messenger {
 public:
  Messenger(net::Loop& loop, std::string name, MessengerLimits limits,
            std::function<void(bool dead, const std::string& why)> tell);
  ~Messenger();
  Messenger(Messenger&&) noexcept;
  Messenger& operator=(Messenger&&) = delete;

  void send(Message message);

  const std::string& name() const;
  std::size_t waiting() const;
  std::uint64_t told() const;
  std::uint64_t failed() const;
  // Why nothing gets through at the moment; empty: it does, as far as anybody knows.
  const std::string& dead() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::notify
