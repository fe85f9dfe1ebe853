#include "io/net/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "io/net/child_testing.h"
#include "io/net/pipe.h"

namespace pawl::net {
namespace {

TEST(ExitWords, name_status_and_signal) {
  EXPECT_EQ(to_string(Exit{Exit::How::exited, 3}), "exit status 3");
  EXPECT_EQ(to_string(Exit{Exit::How::signalled, SIGTERM}), "killed by SIGTERM");
  EXPECT_EQ(to_string(Exit{Exit::How::signalled, 63}), "killed by signal 63");
  EXPECT_EQ(to_string(Exit{}), "exit status unknown");
}

TEST(Ended, gives_the_status_to_everybody_before_and_after) {
  Loop loop;
  Child child = child_of(loop, shell("read x; exit 7"));
  std::optional<Exit> one;
  std::optional<Exit> two;
  spawn(note_end(child, one));
  spawn(note_end(child, two));
  EXPECT_TRUE(child.running());
  child.input.reset();
  EXPECT_TRUE(loop.run_until([&] { return one && two; }));
  EXPECT_EQ(*one, (Exit{Exit::How::exited, 7}));
  EXPECT_EQ(*two, *one);
  EXPECT_EQ(end_of(loop, child), *one);
  EXPECT_FALSE(child.running());
  EXPECT_EQ(steps(loop, child).step, StopStep::already_over);
}

TEST(Ladder, a_polite_server_leaves_at_the_end_of_its_input) {
  Loop loop;
  Child child = child_of(loop, shell("cat >/dev/null; exit 5"));
  const ProcessId id = child.id();
  const Ending ending = steps(loop, child, {kLong, kLong});
  EXPECT_EQ(ending.step, StopStep::input_closed);
  EXPECT_EQ(ending.exit, (Exit{Exit::How::exited, 5}));
  EXPECT_TRUE(ending.survivors.empty());
  EXPECT_FALSE(read_stat(id.pid)) << "still there, as a zombie";
}

TEST(Ladder, closes_the_input_that_a_writer_holds) {
  Loop loop;
  Child child = child_of(loop, shell("cat >/dev/null"));
  LineWriter writer(loop, std::move(child.input));
  std::optional<Ending> ending;
  const auto end = [](Child& c, LineWriter& w, std::optional<Ending>& into) -> Task<void> {
    into = co_await c.end_gently({kLong, kLong}, [&w] { w.finish(); });
  };
  spawn(end(child, writer, ending));
  EXPECT_TRUE(loop.run_until([&] { return ending.has_value(); }));
  EXPECT_EQ(ending->step, StopStep::input_closed);
}

TEST(Ladder, a_server_that_ignores_the_end_of_input_is_terminated) {
  Loop loop;
  Child child = child_of(loop, shell("echo ready; while :; do sleep 1; done"));
  ASSERT_EQ(line_of(child.output), "ready");
  const Ending ending = steps(loop, child, kLeavesAtTerm);
  EXPECT_EQ(ending.step, StopStep::terminated);
  EXPECT_EQ(ending.exit, (Exit{Exit::How::signalled, SIGTERM}));
  EXPECT_TRUE(ending.survivors.empty());
}

TEST(Ladder, a_server_that_ignores_both_is_killed) {
  Loop loop;
  Child child =
      child_of(loop, shell("trap '' TERM INT HUP; echo ready; while :; do sleep 1; done"));
  ASSERT_EQ(line_of(child.output), "ready");
  const Ending ending = steps(loop, child);
  EXPECT_EQ(ending.step, StopStep::killed);
  EXPECT_EQ(ending.exit, (Exit{Exit::How::signalled, SIGKILL}));
  EXPECT_TRUE(ending.survivors.empty());
}

// npx -> sh -> node: the first leaves as soon as it is asked to and the last does not care.
TEST(Ladder, a_chain_is_over_only_when_its_last_process_is) {
  Loop loop;
  Child child = child_of(
      loop,
      shell("sh -c 'sh -c \"trap \\\"\\\" TERM; echo \\$\\$; while :; do sleep 1; done\" & wait' & "
            "cat >/dev/null; exit 0"));
  const ProcessId last = identity(line_of(child.output));
  ASSERT_TRUE(alive(last));
  const Ending ending = steps(loop, child);
  EXPECT_EQ(ending.step, StopStep::killed);
  EXPECT_EQ(ending.exit.how, Exit::How::exited) << "the first one left by itself";
  EXPECT_FALSE(alive(last));
  EXPECT_TRUE(ending.survivors.empty());
}

TEST(Ladder, reaches_a_descendant_that_left_the_group) {
  Loop loop;
  Child child = child_of(
      loop, shell("setsid sh -c 'trap \"\" TERM HUP; echo $$; while :; do sleep 1; done' & "
                  "cat >/dev/null; wait"));
  const ProcessId escaped = identity(line_of(child.output));
  ASSERT_NE(read_stat(escaped.pid)->group, child.id().pid);
  const Ending ending = steps(loop, child);
  EXPECT_EQ(ending.step, StopStep::killed);
  EXPECT_FALSE(alive(escaped));
  EXPECT_TRUE(ending.survivors.empty());
}

TEST(Ladder, does_not_mistake_a_leader_that_left_early_for_the_end) {
  Loop loop;
  Child child = child_of(loop, shell("sh -c 'echo $$; while :; do sleep 1; done' & exit 3"));
  const ProcessId orphan = identity(line_of(child.output));
  EXPECT_EQ(end_of(loop, child).code, 3);
  EXPECT_TRUE(alive(orphan));
  const Ending ending = steps(loop, child, kLeavesAtTerm);
  EXPECT_EQ(ending.step, StopStep::terminated);
  EXPECT_EQ(ending.exit.code, 3);
  EXPECT_FALSE(alive(orphan));
}

TEST(Child, destroying_it_kills_the_whole_group) {
  Loop loop;
  std::optional<Child> child =
      child_of(loop, shell("trap '' TERM; sh -c 'trap \"\" TERM; echo $$; sleep 1000' & wait"));
  const ProcessId leader = child->id();
  const ProcessId below = identity(line_of(child->output));
  child.reset();
  EXPECT_FALSE(alive(leader));
  bool lives = true;
  for (int i = 0; i < 6000 && lives; ++i) {
    lives = alive(below);
    if (lives) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(lives);
}

TEST(Child, may_be_destroyed_while_a_escalation_is_climbed) {
  Loop loop;
  std::optional<Ending> ending;
  std::optional<Child> child =
      child_of(loop, shell("trap '' TERM; echo ready; while :; do sleep 1; done"));
  ASSERT_EQ(line_of(child->output), "ready");
  spawn(note_ending(*child, {kLong, kLong}, ending));
  loop.turn();
  child.reset();
  EXPECT_TRUE(loop.run_until([&] { return ending.has_value(); }));
  EXPECT_EQ(ending->exit, (Exit{Exit::How::signalled, SIGKILL}));
  EXPECT_TRUE(ending->survivors.empty());
}

TEST(Child, may_be_destroyed_while_its_end_is_awaited) {
  Loop loop;
  std::optional<Exit> exit;
  {
    Child child = child_of(loop, shell("echo ready; sleep 1000"));
    ASSERT_EQ(line_of(child.output), "ready");
    spawn(note_end(child, exit));
  }
  EXPECT_TRUE(loop.run_until([&] { return exit.has_value(); }));
  EXPECT_EQ(exit->code, SIGKILL);
}

TEST(Child, may_outlive_its_loop) {
  std::optional<Child> child;
  ProcessId id;
  {
    Loop loop;
    child = child_of(loop, shell("echo ready; sleep 1000"));
    ASSERT_EQ(line_of(child->output), "ready");
    id = child->id();
  }
  child.reset();
  EXPECT_FALSE(alive(id));
}

TEST(Adopt, climbs_the_same_escalation_for_the_child_of_another) {
  Loop loop;
  // Orphaned at once, so that this process is not its parent.
  Child starter = child_of(
      loop, shell("setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & exit 0"));
  const pid_t pid = static_cast<pid_t>(std::stol(line_of(starter.output)));
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ASSERT_TRUE(pidfd.open());
  const auto process = process_of(pidfd);
  ASSERT_TRUE(process) << to_string(process.error());
  EXPECT_EQ(process->pid, pid);
  auto adopted = Child::adopt(loop, std::move(pidfd));
  ASSERT_TRUE(adopted) << to_string(adopted.error());
  const Ending ending = steps(loop, *adopted);
  EXPECT_EQ(ending.step, StopStep::killed);
  EXPECT_FALSE(alive(*process));
  EXPECT_TRUE(ending.survivors.empty());
}

TEST(Adopt, refuses_what_it_could_not_end) {
  Loop loop;
  Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0)));
  if (self.open() && read_stat(::getppid())->group != ::getppid()) {
    EXPECT_EQ(Child::adopt(loop, std::move(self)).error().fault, ErrorKind::invalid);
  }
  EXPECT_EQ(process_of(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))).error().fault,
            ErrorKind::invalid);
  auto started = start(shell("exit 0"));
  ASSERT_TRUE(started);
  EXPECT_TRUE(wait_for_exit(started->pidfd).success());
  EXPECT_EQ(Child::adopt(loop, std::move(started->pidfd)).error().fault, ErrorKind::missing);
}

}  // namespace
}  // namespace pawl::net
