// What the tests of lines share: pipes, and everything that a reader tells, kept.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/net/pipe.h"

namespace pawl::net {

inline PipePair pipe_of() {
  auto made = make_pipe();
  EXPECT_TRUE(made);
  return std::move(*made);
}

inline void put(const Fd& fd, std::string_view text) {
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// Everything a reader tells, as text.
struct Heard {
  LineEvents events() {
    return {.line = [this](std::string_view line) { lines.emplace_back(line); },
            .overlong = [this](std::string_view head) { overlong.emplace_back(head); },
            .batch = [this] { ++batches; },
            .end =
                [this](StreamEnd why) {
                  partial = std::string(why.partial);
                  end.emplace(why.partial_bytes, std::move(why.error));
                }};
  }
  bool over() const { return end.has_value(); }

  std::vector<std::string> lines;
  std::vector<std::string> overlong;
  std::string partial;
  int batches = 0;
  std::optional<std::pair<std::size_t, std::optional<Error>>> end;
};

inline bool nonblocking(int fd) {
  return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

// Gives the loop a few turns in which nothing is expected to happen.
inline void idle(Loop& loop) {
  bool over = false;
  const Timer timer = loop.after(Duration::milliseconds(10), [&] { over = true; });
  loop.run_until([&] { return over; });
}

// While it lives, this process gets no further descriptor.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    // The three standard ones are open; poll(2) insists on a limit above its count.
    const rlimit none{.rlim_cur = 3, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace pawl::net
