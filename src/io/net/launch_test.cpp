#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "io/net/child_testing.h"

namespace pawl::net {
namespace {

using testing::HasSubstr;

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
  EXPECT_EQ(started.error().fault, ErrorKind::missing);
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
  EXPECT_EQ(start(spec).error().fault, ErrorKind::environment);
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
  EXPECT_EQ(start(spec).error().fault, ErrorKind::usage);
  spec.command = {std::string("a\0b", 3)};
  EXPECT_EQ(start(spec).error().fault, ErrorKind::invalid);
  spec = shell("true");
  spec.environment = {"NOVALUE"};
  EXPECT_EQ(start(spec).error().message, "`NOVALUE` is not of the form NAME=value");
  spec.environment = {"=x"};
  EXPECT_EQ(start(spec).error().fault, ErrorKind::invalid);
}

TEST(Start, does_not_search_relative_folders_of_the_path) {
  ChildSpec spec = shell("true");
  spec.environment = {"PATH=:.:bin"};
  spec.directory = "/";
  EXPECT_EQ(start(spec).error().fault, ErrorKind::missing);
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

TEST(WaitForExit, reaps_and_tells) {
  auto started = start(shell("kill -9 $$"));
  ASSERT_TRUE(started);
  EXPECT_EQ(wait_for_exit(started->pidfd), (Exit{Exit::How::signalled, SIGKILL}));
  EXPECT_FALSE(read_stat(started->id.pid));
}

}  // namespace
}  // namespace pawl::net
