// One event loop for one thread: readiness of descriptors, timers, and work posted by others.
//
//   Loop loop;
//   loop.post([&] { spawn(serve(loop), [&] { loop.stop(); }); });
//   Status ended = loop.run();
//
// A turn of the loop is: wait, call every watch whose descriptor is ready, fire what is due, run
// what was posted, then run what was deferred to the end of the turn. Writers defer their flush,
// which is why many small answers leave in one system call.
//
// Threads: `post` and `stop` may be called by any thread. Everything else belongs to the thread
// that runs the loop, and before that to the thread that built it. Callbacks run on that thread,
// one at a time, and must not block and must not throw.
// Lifetime: a Watch or a Timer may outlive its loop; it is then silent. Destroying either inside
// its own callback is fine. A descriptor must stay open as long as its Watch lives.
// Time: deadlines count CLOCK_BOOTTIME, so a suspended or stopped machine does not extend them.
// Creating the first loop ignores SIGPIPE for the process: a peer that went away is an error value.
// The loop is plain epoll with level triggering: reading never needs a second call just to learn
// that nothing is left, and a paused reader costs nothing. `descriptor()` is itself pollable, so
// that another reactor can host this loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"

namespace pawl::net {

using Callback = std::move_only_function<void()>;

// Readable bytes behind the loop's read buffer.
inline constexpr std::size_t kReadPaddingBytes = 64;

// What a watch waits for. `gone` waits for nothing but the end of the other side; `none` is silent.
enum class Interest : std::uint8_t { none, gone, read, write, both };

// What is ready. `gone`: the other side hung up or the descriptor is in error; read to learn more.
struct Ready {
  bool read = false;
  bool write = false;
  bool gone = false;
};

namespace loop_detail {
struct Core;
struct WatchNode;
struct TimerNode;
}  // namespace loop_detail

// A registration of one descriptor; ends with its owner.
class [[nodiscard]] Watch {
 public:
  Watch();
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;
  ~Watch();

  bool active() const { return node_ != nullptr; }
  void set(Interest interest);
  void reset();

 private:
  friend class Loop;
  explicit Watch(std::unique_ptr<loop_detail::WatchNode> node);
  std::unique_ptr<loop_detail::WatchNode> node_;
};

// A pending deadline; cancelled when its owner lets go of it.
class [[nodiscard]] Timer {
 public:
  Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;
  ~Timer();

  bool pending() const;
  void reset();

 private:
  friend class Loop;
  explicit Timer(std::unique_ptr<loop_detail::TimerNode> node);
  std::unique_ptr<loop_detail::TimerNode> node_;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until `stop`. Fails only where the system refuses an event queue or a timer. May be
  // called again after it returned. A `stop` from before `run` counts.
  Status run();

  // Runs until `done` is true (asked after every turn) or `at_most` has passed; whether it is true.
  bool run_until(const std::function<bool()>& done, Duration at_most = Duration::seconds(60));

  // Ends `run` after the turn that is under way. Any thread.
  void stop();

  // From now on a wait may ask for events again and again for so long before it sleeps, as long as
  // that meets some. For a loop that answers others and is worth a little of a processor: a call to
  // a quick server then wakes no thread. Nothing, the beginning: it sleeps at once.
  void set_patience(Duration most);

  // Runs `work` on the loop's thread in a later turn, in order of posting. Any thread. Work that
  // is still queued when the loop is destroyed is destroyed and not run.
  void post(Callback work);

  // Runs `work` at the end of this turn, after everything that is ready now has been handled.
  void defer(Callback work);

  // Calls `work` once when `delay` has passed; a delay of zero or less means the next turn.
  // A hundred thousand pending timers are a heap in memory and one descriptor of the kernel.
  Timer after(Duration delay, Callback work);

  // The same for a point in time since boot, as `now()` counts it.
  Timer at(Duration boot, Callback work);

  // Returns to the awaiting coroutine when `delay` has passed; never earlier than the next turn.
  Task<void> sleep(Duration delay);

  // Calls `ready` whenever `fd` is ready for what the watch waits for, until the watch is reset.
  // ErrorKind::environment where the descriptor cannot be watched (regular files).
  Result<Watch> watch(int fd, Interest interest, std::move_only_function<void(Ready)> ready);

  // Time since boot.
  Duration now() const;

  // True on the thread that is inside `run`, `run_until` or `turn`.
  bool in_thread() const;

  // Readable whenever the loop has something to do; `turn` then does it without waiting.
  int descriptor() const;
  void turn();

  std::size_t pending_timers() const;

  // Memory that readers of this loop share for the length of one read, so that an idle connection
  // holds no buffer. Contents are lost at the next read of any reader.
  std::span<char> read_buffer();

 private:
  std::unique_ptr<loop_detail::Core> core_;
};

}  // namespace pawl::net
