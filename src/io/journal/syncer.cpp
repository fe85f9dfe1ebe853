#include "io/journal/syncer.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <thread>

namespace pawl {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

// Sleeps in poll on an event descriptor. A wake writes to it only if the thread said that it
// sleeps, so a busy journal wakes no thread.
class ThreadSyncer final : public Syncer {
 public:
  ThreadSyncer() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (event_ < 0) std::abort();  // out of descriptors before the first record
  }
  ~ThreadSyncer() override {
    ThreadSyncer::stop();
    ::close(event_);
  }
  ThreadSyncer(const ThreadSyncer&) = delete;
  ThreadSyncer& operator=(const ThreadSyncer&) = delete;

  void start(SyncTarget& target) override {
    stopping_.store(false);
    // Signals belong to the threads that know what to do with them.
    sigset_t every;
    sigset_t before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    thread_ = std::thread([this, &target] { work(target); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void wake() override {
    if (!asleep_.exchange(false)) return;
    const std::uint64_t one = 1;
    // The counter cannot overflow, and nothing else makes this write fail.
    if (::write(event_, &one, sizeof one) != sizeof one) std::abort();
  }

  void stop() override {
    if (!thread_.joinable()) return;
    stopping_.store(true);
    wake();
    thread_.join();
  }

 private:
  void work(SyncTarget& target) {
    while (!stopping_.load()) {
      if (auto due = target.due(); due && due->ns <= 0) {
        target.run();
        continue;
      }
      // First say that we sleep, then look once more: a wake in between is seen either way.
      asleep_.store(true);
      const auto due = target.due();
      if (!stopping_.load() && (!due || due->ns > 0)) wait(due);
      asleep_.store(false);
    }
  }

  void wait(const std::optional<Duration>& due) const {
    int timeout_ms = -1;
    if (due) {
      const std::int64_t ms = (due->ns + ns_per_ms - 1) / ns_per_ms;
      timeout_ms = static_cast<int>(std::clamp<std::int64_t>(ms, 1, 60'000));
    }
    pollfd wanted{.fd = event_, .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, timeout_ms) > 0) {
      std::uint64_t count = 0;
      // Nothing to do about a failure: it only means that the next poll returns at once.
      [[maybe_unused]] const ssize_t ignored = ::read(event_, &count, sizeof count);
    }
  }

  int event_;
  std::atomic<bool> asleep_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

class InlineSyncer final : public Syncer {
 public:
  void start(SyncTarget& target) override { target_ = &target; }
  void wake() override {
    while (target_ != nullptr && !running_) {
      const auto due = target_->due();
      if (!due || due->ns > 0) return;
      running_ = true;
      target_->run();
      running_ = false;
    }
  }
  void stop() override { target_ = nullptr; }

 private:
  SyncTarget* target_ = nullptr;
  bool running_ = false;
};

}  // namespace

std::unique_ptr<Syncer> make_thread_syncer() {
  return std::make_unique<ThreadSyncer>();
}
std::unique_ptr<Syncer> make_inline_syncer() {
  return std::make_unique<InlineSyncer>();
}

}  // namespace pawl
