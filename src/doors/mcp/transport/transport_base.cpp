#include "doors/mcp/transport/transport_base.h"

#include <algorithm>
#include <utility>

namespace pawl::mcp {
namespace {

class TransportHandle final : public Transport {
 public:
  TransportHandle(std::shared_ptr<TransportBase> state, std::shared_ptr<void> keeps)
      : keeps_(std::move(keeps)), state_(std::move(state)) {}
  ~TransportHandle() override { state_->let_go(); }
  TransportHandle(const TransportHandle&) = delete;

  void open(TransportEvents events) override { state_->open(std::move(events)); }
  bool send(std::string message, std::string_view request) override {
    return state_->send(std::move(message), request);
  }
  bool carries_secrets() const override { return state_->carries_secrets(); }
  void entitle(std::shared_ptr<Pass> pass) override { state_->entitle(std::move(pass)); }
  const Repeated* repeated(std::string_view request) const override {
    return state_->repeated(request);
  }
  const ReadMessage* already_read(std::string_view line) const override {
    return state_->already_read(line);
  }
  std::optional<std::string> belongs_to() const override { return state_->belongs_to(); }
  bool may_belong_to(std::string_view request) const override {
    return state_->may_belong_to(request);
  }
  void pause() override { state_->pause(); }
  void resume() override { state_->resume(); }
  Task<bool> drained() override { return state_->drained(); }
  void finish_sending() override { state_->finish_sending(); }
  void stop_hearing() override { state_->stop_hearing(); }

 private:
  std::shared_ptr<void> keeps_;
  std::shared_ptr<TransportBase> state_;
};

}  // namespace

std::unique_ptr<Transport> TransportBase::handle(std::shared_ptr<TransportBase> state,
                                                 std::shared_ptr<void> keeps) {
  return std::make_unique<TransportHandle>(std::move(state), std::move(keeps));
}

const Repeated* TransportBase::repeated(std::string_view /*request*/) const {
  return nullptr;
}

// The same bytes at the same place: the message's own texts are parts of them.
const ReadMessage* TransportBase::already_read(std::string_view line) const {
  if (delivering == nullptr || !delivering->read) return nullptr;
  const ReadMessage& read = *delivering->read;
  const bool same = read.line.data() == line.data() && read.line.size() == line.size();
  return same ? &read : nullptr;
}

std::optional<std::string> TransportBase::belongs_to() const {
  return delivering == nullptr ? std::nullopt : delivering->about;
}

bool TransportBase::may_belong_to(std::string_view request) const {
  if (delivering == nullptr || delivering->among.empty()) return true;
  return std::ranges::find(delivering->among, request) != delivering->among.end();
}

void TransportBase::pause() {
  paused = true;
  on_pause();
}

void TransportBase::resume() {
  paused = false;
  // In a later turn: the session may be in the middle of something.
  loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->take_waiting();
  });
}

void TransportBase::deliver(Delivery one) {
  if (!hearing) return;
  if (!must_wait()) return hand_over(one);
  waiting_bytes += one.text.size();
  waiting.push_back(std::move(one));
}

void TransportBase::hand_over(const Delivery& one) {
  // The session may end inside, and everything with it.
  const auto self = shared_from_this();
  const Delivery* const outer = std::exchange(delivering, &one);
  if (events.message) events.message(one.text);
  delivering = outer;
}

void TransportBase::take_waiting() {
  const auto self = shared_from_this();
  while (!paused && hearing && !waiting.empty()) {
    const Delivery one = std::move(waiting.front());
    waiting.pop_front();
    waiting_bytes -= one.text.size();
    hand_over(one);
  }
  if (!paused && hearing) on_resume();
}

void TransportBase::set_crowded(bool now) {
  if (std::exchange(crowded, now) == now) return;
  if (events.crowded) events.crowded(now);
}

void TransportBase::tell_lost(const std::string& id, const std::string& why) {
  loop.post([weak = weak_from_this(), id, why] {
    const auto self = weak.lock();
    if (self && self->hearing && self->events.lost) self->events.lost(id, why);
  });
}

void TransportBase::tell_end() {
  if (std::exchange(told_end, true)) return;
  loop.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->hearing && self->events.ended) self->events.ended();
  });
}

Task<bool> TransportBase::until_drained() {
  Completion<bool> done;
  draining_.push_back(done);
  co_return co_await done;
}

void TransportBase::release_drained(bool left) {
  for (auto& one : std::exchange(draining_, {})) one.deliver(left);
}

}  // namespace pawl::mcp
