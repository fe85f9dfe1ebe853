// What the tests of children share: shell scripts as servers, and blocking looks at their output.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "io/net/child.h"

namespace pawl::net {

// Short where the child is known not to move, long where it is known to leave.
inline constexpr Duration kShort = Duration::milliseconds(100);
inline constexpr Duration kLong = Duration::seconds(60);
inline constexpr Grace kLeavesAtTerm{kShort, kLong};
inline constexpr Grace kStubborn{kShort, kShort};

inline ChildSpec shell(std::string script) {
  return {.command = {"sh", "-c", std::move(script)},
          .environment = {"PATH=/usr/bin:/bin"},
          .directory = {},
          .error_output = ErrorOutput::pipe};
}

inline Child child_of(Loop& loop, const ChildSpec& spec) {
  Result<Started> started = start(spec);
  EXPECT_TRUE(started) << to_string(started.error());
  return Child(loop, *std::move(started));
}

inline Task<void> note_end(Child& child, std::optional<Exit>& into) {
  into = co_await child.ended();
}

inline Exit end_of(Loop& loop, Child& child) {
  std::optional<Exit> exit;
  spawn(note_end(child, exit));
  EXPECT_TRUE(loop.run_until([&] { return exit.has_value(); }));
  return exit.value_or(Exit{});
}

inline Task<void> note_ending(Child& child, Grace grace, std::optional<Ending>& into) {
  into = co_await child.end_gently(grace);
}

inline Ending steps(Loop& loop, Child& child, Grace grace = kStubborn) {
  std::optional<Ending> ending;
  spawn(note_ending(child, grace, ending));
  EXPECT_TRUE(loop.run_until([&] { return ending.has_value(); }));
  return ending.value_or(Ending{});
}

// Everything until the end of a child's output, read blocking.
inline std::string all_of(const Fd& fd) {
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
inline std::string line_of(const Fd& fd) {
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
inline ProcessId identity(const std::string& pid) {
  const auto stat = read_stat(static_cast<pid_t>(std::stol(pid)));
  EXPECT_TRUE(stat);
  return stat ? stat->id : ProcessId{};
}

}  // namespace pawl::net
