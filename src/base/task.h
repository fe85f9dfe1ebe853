// Task<T>: our own lazy coroutine, and Completion<T>: a value that is delivered later.
//
// The gate is written in straight lines with `co_await`, against interfaces that the real loop and
// the seeded simulator both implement. Everything here belongs to one thread (the loop that owns
// the call); nothing is shared between threads.
//
//   Task<Verdict> decide(Call call);          // runs when awaited
//   Completion<Answer> answer;                // co_await answer; … answer.deliver(x) resumes it
//   spawn(serve(connection), on_done);        // starts a task that is not awaited
//
// A Task owns its coroutine frame; destroying a suspended Task destroys the frame and with it every
// RAII promise inside. Completion resumes inline from `deliver`: callers that must not be
// re-entered post to their executor first.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace pawl {

template <class T>
class Task;

namespace task_detail {

struct Final {
  bool await_ready() const noexcept { return false; }
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) noexcept {
    auto next = done.promise().continuation;
    return next ? next : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  // Our own code throws nothing across an await: an exception here is a broken invariant.
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  // By reference: a value on its way through has no copy of its own in the frame.
  void return_value(T&& result) { value.emplace(std::move(result)); }
  void return_value(const T& result) { value.emplace(result); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
};

}  // namespace task_detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return handle_.done(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
  }

 private:
  Handle handle_;
};

namespace task_detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

// A frame that destroys itself when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

}  // namespace task_detail

// Starts a task that is not awaited; `done` runs when it ends. A detached task that never ends
// leaks its frame, so the spawner makes sure that what it awaits is delivered at shutdown.
inline task_detail::Detached spawn(Task<void> task, std::function<void()> done = {}) {
  co_await task;
  if (done) done();
}

// One value, delivered once, awaited by at most one coroutine. Copies share the same slot, so the
// side that delivers may keep one while the awaiting frame goes away.
template <class T>
class Completion {
 public:
  Completion() : slot_(std::make_shared<Slot>()) {}

  // False if something was delivered before; the first delivery stands.
  bool deliver(T value) {
    if (slot_->value || slot_->taken) return false;
    slot_->value.emplace(std::move(value));
    if (auto waiting = std::exchange(slot_->waiting, {})) waiting.resume();
    return true;
  }
  bool delivered() const { return slot_->value.has_value() || slot_->taken; }

  auto operator co_await() const {
    struct Awaiter {
      std::shared_ptr<Slot> slot;
      bool await_ready() const noexcept { return slot->value.has_value(); }
      void await_suspend(std::coroutine_handle<> h) noexcept { slot->waiting = h; }
      T await_resume() {
        slot->taken = true;
        T value = std::move(*slot->value);
        slot->value.reset();
        return value;
      }
      explicit Awaiter(std::shared_ptr<Slot> s) : slot(std::move(s)) {}
      Awaiter(Awaiter&&) = default;
      ~Awaiter() {
        if (slot && !slot->taken) slot->waiting = {};
      }
    };
    return Awaiter(slot_);
  }

 private:
  struct Slot {
    std::optional<T> value;
    std::coroutine_handle<> waiting;
    bool taken = false;
  };
  std::shared_ptr<Slot> slot_;
};

}  // namespace pawl
