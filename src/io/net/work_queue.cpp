#include "io/net/work_queue.h"

#include <optional>
#include <utility>

namespace pawl::net {

void WorkQueue::add(Callback work, Callback done) {
  if (over_) {
    loop_.post(std::move(done));
    return;
  }
  const std::uint64_t number = next_++;
  waiting_.emplace(number, std::move(done));
  {
    const std::lock_guard guard(lock_);
    pieces_.push_back({std::move(work), number});
  }
  more_.notify_one();
  if (!thread_.joinable()) thread_ = std::thread([this] { this->work(); });
}

void WorkQueue::work() {
  for (;;) {
    std::optional<Piece> piece;
    {
      std::unique_lock guard(lock_);
      more_.wait(guard, [this] { return ending_ || !pieces_.empty(); });
      if (ending_) return;
      piece = std::move(pieces_.front());
      pieces_.pop_front();
    }
    const std::uint64_t number = piece->number;
    piece->work();
    piece.reset();
    loop_.post([this, number] { done(number); });
  }
}

void WorkQueue::done(std::uint64_t number) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  Callback told = std::move(found->second);
  waiting_.erase(found);
  told();
}

void WorkQueue::finish() {
  if (std::exchange(over_, true)) return;
  {
    const std::lock_guard guard(lock_);
    ending_ = true;
  }
  more_.notify_one();
  if (thread_.joinable()) thread_.join();
  pieces_.clear();
  for (auto& [number, told] : std::exchange(waiting_, {})) told();
}

}  // namespace pawl::net
