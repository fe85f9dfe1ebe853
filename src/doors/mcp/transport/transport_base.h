// What the transports with a state of their own share: messages that wait while the session has
// paused them, back-pressure, and the end.
//
//   struct Mine final : TransportOf<Mine> { … };
//   return TransportBase::handle(std::make_shared<Mine>(loop, …));
//
// The session holds the handle; the state lives on for what is still open. Messages reach the
// session in the order in which they were delivered, one at a time, and none once it has stopped
// hearing. Threads: one loop.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "doors/mcp/transport/transport.h"
#include "io/net/loop.h"

namespace pawl::mcp {

class TransportBase : public std::enable_shared_from_this<TransportBase> {
 public:
  // A message of the party on its way to the session.
  struct Delivery {
    std::string text;
    // See Transport::belongs_to; of a client's request, the id that the session knows.
    std::optional<std::string> about = {};
    std::vector<std::string> among = {};   // the requests that it may belong to, where several
    std::shared_ptr<void> load = {};       // held as long as the message waits
    std::optional<ReadMessage> read = {};  // what it says, where that is known: parts of the text
  };

  virtual ~TransportBase() = default;
  TransportBase(const TransportBase&) = delete;

  // What a session holds. `keeps` lives as long.
  static std::unique_ptr<Transport> handle(std::shared_ptr<TransportBase> state,
                                           std::shared_ptr<void> keeps = nullptr);

  // See Transport.
  virtual void open(TransportEvents wanted) { events = std::move(wanted); }
  virtual bool send(std::string message, std::string_view request) = 0;
  virtual bool carries_secrets() const { return false; }
  virtual const Repeated* repeated(std::string_view request) const;
  virtual Task<bool> drained() = 0;
  virtual void finish_sending() = 0;
  virtual void stop_hearing() = 0;
  // The session has let go of its handle.
  virtual void let_go() { stop_hearing(); }

  void entitle(std::shared_ptr<Pass> pass) { next_pass = std::move(pass); }
  const ReadMessage* already_read(std::string_view line) const;
  std::optional<std::string> belongs_to() const;
  bool may_belong_to(std::string_view request) const;
  void pause();
  void resume();

 protected:
  explicit TransportBase(net::Loop& l) : loop(l) {}

  // Hands a message to the session, or keeps it while it has to wait.
  void deliver(Delivery one);
  bool must_wait() const { return paused || !waiting.empty(); }
  // The party is held back, and heard again, by what carries its messages.
  virtual void on_pause() {}
  virtual void on_resume() {}

  // Each is told once, and in a later turn but for `set_crowded`.
  void set_crowded(bool now);
  void tell_lost(const std::string& id, const std::string& why);
  void tell_end();
  // Waits for `release_drained`.
  Task<bool> until_drained();
  void release_drained(bool left);

  net::Loop& loop;
  TransportEvents events;
  bool sending = true, hearing = true, paused = false, crowded = false, told_end = false;
  std::deque<Delivery> waiting;
  std::size_t waiting_bytes = 0;
  const Delivery* delivering = nullptr;  // what the session is being told
  std::shared_ptr<Pass> next_pass;       // of the message that is sent next

 private:
  void hand_over(const Delivery& one);
  void take_waiting();

  std::vector<Completion<bool>> draining_;
};

template <class State>
class TransportOf : public TransportBase {
  friend State;
  explicit TransportOf(net::Loop& l) : TransportBase(l) {}

 protected:
  std::shared_ptr<State> shared_from_this() {
    return std::static_pointer_cast<State>(TransportBase::shared_from_this());
  }
  std::weak_ptr<State> weak_from_this() {
    return std::static_pointer_cast<State>(TransportBase::weak_from_this().lock());
  }
};

}  // namespace pawl::mcp
