// What the tests of this room share: a scratch directory and a small loop.
#pragma once

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

#include "io/journal/journal.h"

namespace pawl::journal_testing {

// A directory of its own, removed at the end.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "journal.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Runs what other threads post, on the thread that calls `run_until`.
class SmallLoop {
 public:
  void post(std::function<void()> call) {
    const std::lock_guard guard(mutex_);
    calls_.push_back(std::move(call));
    ready_.notify_one();
  }
  void run_until(const std::function<bool()>& done) {
    while (!done()) {
      std::function<void()> call;
      {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return !calls_.empty(); });
        call = std::move(calls_.front());
        calls_.pop_front();
      }
      call();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> calls_;
};

// With the real syncer's thread.
inline JournalOptions threaded(SmallLoop& loop) {
  JournalOptions options;
  options.origin = "test.example";
  options.post = [&loop](std::function<void()> call) { loop.post(std::move(call)); };
  options.syncer = make_thread_syncer();
  return options;
}

// Everything on the calling thread, at once.
inline JournalOptions immediate() {
  JournalOptions options;
  options.origin = "test.example";
  options.post = [](const std::function<void()>& call) { call(); };
  options.syncer = make_inline_syncer();
  return options;
}

inline Status take(const Completion<Status>& done) {
  auto awaiter = done.operator co_await();
  return awaiter.await_resume();
}

}  // namespace pawl::journal_testing
