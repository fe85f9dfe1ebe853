#include "io/net/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/net/pipe.h"

namespace pawl::net {
namespace {

using testing::HasSubstr;

constexpr Duration kShortGrace = Duration::milliseconds(150);

ChildSpec shell(std::string script) {
  return {.command = {"sh", "-c", std::move(script)},
          .environment = {"PATH=/usr/bin:/bin"},
          .directory = {},
          .error_output = ErrorOutput::pipe};
}

Child child_of(Loop& loop, const ChildSpec& spec) {
  Result<Started> started = start(spec);
  EXPECT_TRUE(started) << to_string(started.error());
  return Child(loop, *std::move(started));
}

Task<void> note_end(Child& child, std::optional<Exit>& into) {
  into = co_await child.ended();
}

Exit end_of(Loop& loop, Child& child) {
  std::optional<Exit> exit;
  spawn(note_end(child, exit));
  EXPECT_TRUE(loop.run_until([&] { return exit.has_value(); }));
  return exit.value_or(Exit{});
}

Task<void> note_ending(Child& child, Duration grace, std::optional<Ending>& into) {
  into = co_await child.end_gently(grace);
}

Ending ladder(Loop& loop, Child& child, Duration grace = kShortGrace) {
  std::optional<Ending> ending;
  spawn(note_ending(child, grace, ending));
  EXPECT_TRUE(loop.run_until([&] { return ending.has_value(); }));
  return ending.value_or(Ending{});
}

// Everything until the end of a child's output, read blocking.
std::string all_of(const Fd& fd) {
  std::string text;
  char part[4096];
  for (;;) {
    pollfd one{.fd = fd.get(), .events = POLLIN, .revents = 0};
    ::poll(&one, 1, 60'000);
    const ssize_t count = ::read(fd.get(), part, sizeof part);
    if (count <= 0) return text;
    text.append(part, static_cast<std::size_t>(count));
  }
}

// One line of a child's output: scripts say `ready` when their traps and children are in place.
std::string line_of(const Fd& fd) {
  std::string text;
  char byte = 0;
  for (;;) {
    pollfd one{.fd = fd.get(), .events = POLLIN, .revents = 0};
    ::poll(&one, 1, 60'000);
    if (::read(fd.get(), &byte, 1) <= 0 || byte == '\n') return text;
    text += byte;
  }
}

// Exactly the process that a script named by its number.
ProcessId identity(const std::string& pid) {
  const auto stat = read_stat(static_cast<pid_t>(std::stol(pid)));
  EXPECT_TRUE(stat);
  return stat ? stat->id : ProcessId{};
}

TEST(Start, gives_exactly_the_environment_directory_and_arguments) {
  Loop loop;
  ChildSpec spec = shell("printf '%s|' \"$@\" \"$A\"; pwd; env | grep -v -e ^PWD= -e ^_= | sort");
  spec.command.insert(spec.command.end(), {"zero", "one two", "", "$(x)"});
  spec.environment.push_back("A=b c");
  spec.directory = "/usr";
  Child child = child_of(loop, spec);
  EXPECT_THAT(all_of(child.output),
              testing::AnyOf("one two||$(x)|b c|/usr\nA=b c\nPATH=/usr/bin:/bin\n",
                             "one two||$(x)|b c|/usr\nA=b c\nOLDPWD\nPATH=/usr/bin:/bin\n"));
  EXPECT_TRUE(end_of(loop, child).success());
}

TEST(Start, carries_input_output_and_errors) {
  Loop loop;
  Child child = child_of(loop, shell("cat; echo trouble >&2"));
  ASSERT_EQ(::write(child.input.get(), "hello", 5), 5);
  child.input.reset();
  EXPECT_EQ(all_of(child.output), "hello");
  EXPECT_EQ(all_of(child.error_output), "trouble\n");
  EXPECT_EQ(to_string(end_of(loop, child)), "exit status 0");
}

TEST(Start, the_childs_ends_of_the_pipes_block) {
  Loop loop;
  Child child = child_of(loop, shell("grep flags: /proc/self/fdinfo/0 /proc/self/fdinfo/1"));
  const std::string flags = all_of(child.output);
  EXPECT_THAT(flags, HasSubstr("flags:\t"));
  // O_NONBLOCK is octal 4000.
  EXPECT_THAT(flags, testing::Not(testing::ContainsRegex("[4-7][0-7][0-7][0-7]\n")));
}

TEST(Start, inherits_no_other_descriptor) {
  Loop loop;
  // A careless library: no close-on-exec.
  const Fd careless(::open("/dev/null", O_RDONLY));
  Child child = child_of(loop, shell("exec ls /proc/self/fd"));
  // ls itself opens the folder.
  EXPECT_EQ(all_of(child.output), "0\n1\n2\n3\n");
}

TEST(Start, leads_a_group_of_its_own_and_handles_signals_as_usual) {
  Loop loop;
  ASSERT_EQ(::signal(SIGPIPE, SIG_IGN), SIG_IGN);
  Child child =
      child_of(loop, shell("cat /proc/self/stat; grep -e SigIgn -e SigBlk /proc/self/status"));
  const pid_t pid = child.id().pid;
  const std::string text = all_of(child.output);
  const auto stat = parse_stat(text.substr(0, text.find('\n')));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->group, pid);
  EXPECT_NE(stat->group, ::getpgrp());
  EXPECT_THAT(text, HasSubstr("SigIgn:\t0000000000000000"));
  EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000"));
}

TEST(Start, error_output_may_be_discarded) {
  Loop loop;
  ChildSpec spec = shell("echo noise >&2; echo fine");
  spec.error_output = ErrorOutput::discard;
  Child child = child_of(loop, spec);
  EXPECT_FALSE(child.error_output.open());
  EXPECT_EQ(all_of(child.output), "fine\n");
}

TEST(Start, says_what_is_missing) {
  ChildSpec spec = shell("true");
  spec.command = {"no-such-program-of-pawl"};
  auto started = start(spec);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().fault, Fault::missing);
  EXPECT_EQ(started.error().message,
            "cannot find `no-such-program-of-pawl` in PATH `/usr/bin:/bin`");

  spec.command = {"/no/such/program"};
  EXPECT_EQ(start(spec).error().message,
            "cannot start `/no/such/program`: no such file or directory");

  spec = shell("true");
  spec.directory = "/no/such/place";
  EXPECT_EQ(start(spec).error().message,
            "cannot enter `/no/such/place`: no such file or directory");

  spec.command = {"/etc/passwd"};
  spec.directory = "";
  EXPECT_EQ(start(spec).error().fault, Fault::environment);
}

TEST(Start, says_when_the_interpreter_is_missing) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("pawl-child-" + std::to_string(::getpid()));
  std::ofstream(path) << "#!/no/such/interpreter\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  ChildSpec spec = shell("");
  spec.command = {path.string()};
  const auto started = start(spec);
  std::filesystem::remove(path);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("interpreter"));
}

TEST(Start, refuses_what_cannot_be_passed_on) {
  ChildSpec spec = shell("true");
  spec.command = {};
  EXPECT_EQ(start(spec).error().fault, Fault::usage);
  spec.command = {std::string("a\0b", 3)};
  EXPECT_EQ(start(spec).error().fault, Fault::invalid);
  spec = shell("true");
  spec.environment = {"NOVALUE"};
  EXPECT_EQ(start(spec).error().message, "`NOVALUE` is not of the form NAME=value");
  spec.environment = {"=x"};
  EXPECT_EQ(start(spec).error().fault, Fault::invalid);
}

TEST(Start, does_not_search_relative_folders_of_the_path) {
  ChildSpec spec = shell("true");
  spec.environment = {"PATH=:.:bin"};
  spec.directory = "/";
  EXPECT_EQ(start(spec).error().fault, Fault::missing);
}

TEST(Start, a_child_dies_with_its_parent) {
  // A process in between starts a child that ignores everything and is then killed itself.
  auto report = make_pipe();
  ASSERT_TRUE(report);
  const pid_t between = ::fork();
  if (between == 0) {
    auto started = start(shell("trap '' TERM HUP; while :; do sleep 100; done"));
    const pid_t pid = started ? started->id.pid : -1;
    [[maybe_unused]] const ssize_t n = ::write(report->write.get(), &pid, sizeof pid);
    for (;;) ::pause();
  }
  pid_t pid = -1;
  ASSERT_EQ(::read(report->read.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ASSERT_GT(pid, 0);
  const auto child = read_stat(pid);
  ASSERT_TRUE(child);
  ::kill(between, SIGKILL);
  ::waitpid(between, nullptr, 0);
  bool lives = true;
  for (int i = 0; i < 6000 && lives; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    lives = alive(child->id);
  }
  EXPECT_FALSE(lives);
}

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
  EXPECT_EQ(ladder(loop, child).rung, Rung::already_over);
}

TEST(Ladder, a_polite_server_leaves_at_the_end_of_its_input) {
  Loop loop;
  Child child = child_of(loop, shell("cat >/dev/null; exit 5"));
  const ProcessId id = child.id();
  const Ending ending = ladder(loop, child, Duration::seconds(30));
  EXPECT_EQ(ending.rung, Rung::input_closed);
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
    into = co_await c.end_gently(Duration::seconds(30), [&w] { w.finish(); });
  };
  spawn(end(child, writer, ending));
  EXPECT_TRUE(loop.run_until([&] { return ending.has_value(); }));
  EXPECT_EQ(ending->rung, Rung::input_closed);
}

TEST(Ladder, a_server_that_ignores_the_end_of_input_is_terminated) {
  Loop loop;
  Child child = child_of(loop, shell("echo ready; while :; do sleep 1; done"));
  ASSERT_EQ(line_of(child.output), "ready");
  const Ending ending = ladder(loop, child);
  EXPECT_EQ(ending.rung, Rung::terminated);
  EXPECT_EQ(ending.exit, (Exit{Exit::How::signalled, SIGTERM}));
  EXPECT_TRUE(ending.survivors.empty());
}

TEST(Ladder, a_server_that_ignores_both_is_killed) {
  Loop loop;
  Child child =
      child_of(loop, shell("trap '' TERM INT HUP; echo ready; while :; do sleep 1; done"));
  ASSERT_EQ(line_of(child.output), "ready");
  const Ending ending = ladder(loop, child);
  EXPECT_EQ(ending.rung, Rung::killed);
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
  const Ending ending = ladder(loop, child);
  EXPECT_EQ(ending.rung, Rung::killed);
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
  const Ending ending = ladder(loop, child);
  EXPECT_EQ(ending.rung, Rung::killed);
  EXPECT_FALSE(alive(escaped));
  EXPECT_TRUE(ending.survivors.empty());
}

TEST(Ladder, does_not_mistake_a_leader_that_left_early_for_the_end) {
  Loop loop;
  Child child = child_of(loop, shell("sh -c 'echo $$; while :; do sleep 1; done' & exit 3"));
  const ProcessId orphan = identity(line_of(child.output));
  EXPECT_EQ(end_of(loop, child).code, 3);
  EXPECT_TRUE(alive(orphan));
  const Ending ending = ladder(loop, child);
  EXPECT_EQ(ending.rung, Rung::terminated);
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

TEST(Adopt, climbs_the_same_ladder_for_the_child_of_another) {
  Loop loop;
  // Orphaned at once, so that this process is not its parent.
  Child starter = child_of(
      loop, shell("setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & exit 0"));
  const pid_t pid = static_cast<pid_t>(std::stol(line_of(starter.output)));
  Fd pidfd(static_cast<int>(::syscall(434 /* pidfd_open */, pid, 0)));
  ASSERT_TRUE(pidfd.open());
  const auto process = process_of(pidfd);
  ASSERT_TRUE(process) << to_string(process.error());
  EXPECT_EQ(process->pid, pid);
  auto adopted = Child::adopt(loop, std::move(pidfd));
  ASSERT_TRUE(adopted) << to_string(adopted.error());
  const Ending ending = ladder(loop, *adopted);
  EXPECT_EQ(ending.rung, Rung::killed);
  EXPECT_FALSE(alive(*process));
  EXPECT_TRUE(ending.survivors.empty());
}

TEST(Adopt, refuses_what_it_could_not_end) {
  Loop loop;
  Fd self(static_cast<int>(::syscall(434 /* pidfd_open */, ::getppid(), 0)));
  if (self.open() && read_stat(::getppid())->group != ::getppid()) {
    EXPECT_EQ(Child::adopt(loop, std::move(self)).error().fault, Fault::invalid);
  }
  EXPECT_EQ(process_of(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))).error().fault,
            Fault::invalid);
  auto started = start(shell("exit 0"));
  ASSERT_TRUE(started);
  EXPECT_TRUE(wait_for_exit(started->pidfd).success());
  EXPECT_EQ(Child::adopt(loop, std::move(started->pidfd)).error().fault, Fault::missing);
}

TEST(WaitForExit, reaps_and_tells) {
  auto started = start(shell("kill -9 $$"));
  ASSERT_TRUE(started);
  EXPECT_EQ(wait_for_exit(started->pidfd), (Exit{Exit::How::signalled, SIGKILL}));
  EXPECT_FALSE(read_stat(started->id.pid));
}

}  // namespace
}  // namespace pawl::net
