#include "io/net/aside.h"

#include <utility>

namespace pawl::net {

Task<Aside::Ran> Aside::run(Callback work) {
  if (over_) co_return Ran::over;
  if (busy_) {
    if (waiting_.size() >= waiting_max_) co_return Ran::crowded;
    Completion<bool> turn;
    waiting_.push_back(turn);
    if (!co_await turn) co_return Ran::over;
  }
  busy_ = true;
  Completion<bool> done;
  coming_ = done;
  thread_ = std::jthread([loop = &loop_, done, piece = std::move(work)]() mutable {
    piece();
    piece = {};
    loop->post([done]() mutable { done.deliver(true); });
  });
  if (!co_await done) co_return Ran::over;
  thread_.join();
  coming_.reset();
  busy_ = false;
  if (!waiting_.empty()) {
    Completion<bool> next = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    coming_ = next;
    loop_.post([next]() mutable { next.deliver(true); });
  }
  co_return Ran::yes;
}

void Aside::finish() {
  over_ = true;
  // What is under way may hold what only its asker keeps alive.
  if (thread_.joinable()) thread_.join();
  if (auto coming = std::exchange(coming_, {})) coming->deliver(false);
  for (auto& turn : std::exchange(waiting_, {})) turn.deliver(false);
}

}  // namespace pawl::net
