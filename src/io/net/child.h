// Programs that pawl starts, and the promise that they end.
//
//   Result<Started> started = start(spec);
//   Child child(loop, *std::move(started));
//   LineReader answers(loop, std::move(child.output), …);
//   Ending ending = co_await child.end_gently();
//
// A child leads its own process group and receives SIGKILL when the thread that started it ends
// (start children on a thread that lives as long as the process). It inherits nothing but the three
// standard descriptors, gets exactly the given environment, and default signal handling.
//
// The steps of `end_gently`: input closed, wait, SIGTERM to the group, wait, SIGKILL to the group
// and to descendants that had left it. Leaders that exit early do not end the steps: a chain such
// as npx -> sh -> node is finished when no process of the group is left. The leader stays unreaped
// until then, so that its group number cannot belong to strangers. A process that lives after all
// of that is named in `Ending::survivors`: not proven dead.
//
// A process that was started elsewhere (by `pawl mcp` in the client's surroundings) is adopted by
// its pidfd: same steps, but its exit status is known only to its parent.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/net/fd.h"
#include "io/net/loop.h"
#include "io/net/process.h"

namespace pawl::net {

// The waits of the steps, one after each of its first two steps. What the protocol's SDKs use.
struct Grace {
  Duration after_input = Duration::seconds(2);
  Duration after_terminate = Duration::seconds(2);
};
// How long after SIGKILL a process may still be seen before we say so.
inline constexpr Duration kKillSettle = Duration::seconds(5);

enum class ErrorOutput : std::uint8_t { pipe, inherit, discard };

struct ChildSpec {
  std::vector<std::string> command;      // program and arguments; a bare name is looked up in PATH
  std::vector<std::string> environment;  // `NAME=value`; PATH of this list is the one searched
  std::string directory;                 // where it runs; empty: where we are
  ErrorOutput error_output = ErrorOutput::pipe;
};

// How a process ended.
struct Exit {
  enum class How : std::uint8_t { exited, signalled, unknown };
  How how = How::unknown;
  int code = 0;  // exit status, or the signal's number

  bool success() const { return how == How::exited && code == 0; }
  friend bool operator==(const Exit&, const Exit&) = default;
};
// `exit status 3`, `killed by SIGTERM`, `exit status unknown`.
std::string to_string(const Exit& exit);

// A process that runs. Closing the descriptors does not end it; `Child` does.
struct Started {
  ProcessId id;
  Fd pidfd;
  Fd input;         // we write
  Fd output;        // we read
  Fd error_output;  // we read; closed unless ErrorOutput::pipe
};

// ErrorKind::missing where the program does not exist, ErrorKind::environment where it cannot be
// started; both say what was looked for and where. Blocks until the program has been loaded.
Result<Started> start(const ChildSpec& spec);

// Waits for a process of ours and reaps it; for callers without a loop. Unknown for others.
Exit wait_for_exit(const Fd& pidfd);

// The process behind a pidfd, for one that was handed over. ErrorKind::missing if it has
// ended.
Result<ProcessId> process_of(const Fd& pidfd);

// Orphans of our descendants become our children instead of init's, so that they stay visible.
Status become_subreaper();

enum class StopStep : std::uint8_t { already_over, input_closed, terminated, killed };

struct Ending {
  Exit exit;
  StopStep step = StopStep::already_over;  // what it took
  std::vector<ProcessStat> survivors;      // not proven dead, as they were last seen
};

class Child {
 public:
  Child(Loop& loop, Started started);
  // A process of another parent, by its pidfd.
  static Result<Child> adopt(Loop& loop, Fd pidfd, Fd input = {}, Fd output = {});
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  // Kills the whole group at once, without grace. Adopted processes too.
  ~Child();

  ProcessId id() const;
  bool running() const;

  // The ends of the pipes; moved into readers and writers.
  Fd input;
  Fd output;
  Fd error_output;

  // The leader's end. May be awaited by several, before and after it happened.
  Task<Exit> ended();

  // Climbs the steps when awaited. `close_input` lets go of the child's standard input where a
  // writer holds it (`input` itself is always closed). At most one call at a time.
  Task<Ending> end_gently(Grace grace = {}, Callback close_input = {});

  // SIGKILL to everybody, now.
  void kill();

 private:
  struct State;
  explicit Child(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace pawl::net
