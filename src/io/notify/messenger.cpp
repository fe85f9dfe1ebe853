#include "io/notify/messenger.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace pawl::notify {

struct Messenger::State : std::enable_shared_from_this<Messenger::State> {
  State(net::Loop& l, std::string n, MessengerLimits m,
        std::function<void(bool, const std::string&)> t)
      : loop(l), name(std::move(n)), limits(m), tell(std::move(t)) {}

  void begin() {
    if (busy || over || queue.empty()) return;
    busy = true;
    spawn(work(shared_from_this()));
  }

  static Task<void> work(std::shared_ptr<State> self) {
    while (!self->over && !self->queue.empty()) {
      const Message message = std::move(self->queue.front());
      self->queue.pop_front();
      self->under_way = true;
      Attempt attempt = co_await insist(self, message);
      self->under_way = false;
      if (self->over) co_return;
      self->hear(attempt);
      if (message.done) message.done(attempt);
    }
    self->busy = false;
  }

  static Task<Attempt> insist(std::shared_ptr<State> self, const Message& message) {
    const unsigned most = self->dead.empty() ? self->limits.tries_max : 1;
    Duration pause = self->limits.again_after;
    for (unsigned round = 1;; ++round) {
      Attempt attempt = co_await message.attempt();
      if (attempt.end != Attempt::End::again) co_return attempt;
      if (self->over || round >= most) {
        attempt.end = Attempt::End::refused;
        co_return attempt;
      }
      co_await self->loop.sleep(std::max(pause, attempt.wait));
      pause = std::min(Duration{pause.ns * 2}, self->limits.again_max);
    }
  }

  void hear(const Attempt& attempt) {
    const bool good = attempt.end == Attempt::End::told;
    ++(good ? told : failed);
    const bool was_dead = !dead.empty();
    dead = good ? std::string() : attempt.why.empty() ? "the cause is not known" : attempt.why;
    if (was_dead == good && tell) tell(!good, dead);
  }

  net::Loop& loop;
  std::string name;
  MessengerLimits limits;
  std::function<void(bool, const std::string&)> tell;
  std::deque<Message> queue;
  std::uint64_t told = 0, failed = 0;
  std::string dead;
  bool busy = false, under_way = false, over = false;
};

Messenger::Messenger(net::Loop& loop, std::string name, MessengerLimits limits,
                     std::function<void(bool, const std::string&)> tell)
    : state_(std::make_shared<State>(loop, std::move(name), limits, std::move(tell))) {}

Messenger::Messenger(Messenger&&) noexcept = default;

Messenger::~Messenger() {
  if (state_) state_->over = true;
}

void Messenger::send(Message message) {
  if (waiting() >= state_->limits.waiting_max) {
    ++state_->failed;
    const Attempt full{Attempt::End::refused, "too many notices wait for this way already", {}};
    if (message.done) message.done(full);
    return;
  }
  state_->queue.push_back(std::move(message));
  state_->begin();
}

const std::string& Messenger::name() const {
  return state_->name;
}
std::size_t Messenger::waiting() const {
  return state_->queue.size() + (state_->under_way ? 1 : 0);
}
std::uint64_t Messenger::told() const {
  return state_->told;
}
std::uint64_t Messenger::failed() const {
  return state_->failed;
}
const std::string& Messenger::dead() const {
  return state_->dead;
}

}  // namespace pawl::notify
