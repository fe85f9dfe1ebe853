#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/net/pipe_testing.h"

namespace pawl::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LineReader, delivers_all_lines_of_one_read_in_one_batch) {
  Loop loop;
  PipePair pipe = pipe_of();
  Heard heard;
  put(pipe.write, "one\ntwo\r\n\nthree\nfo");
  const LineReader reader(loop, std::move(pipe.read), heard.events());
  EXPECT_TRUE(loop.run_until([&] { return heard.lines.size() == 3; }));
  EXPECT_THAT(heard.lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(heard.batches, 1);
  put(pipe.write, "ur\n");
  EXPECT_TRUE(loop.run_until([&] { return heard.lines.size() == 4; }));
  EXPECT_EQ(heard.lines[3], "four");
  EXPECT_EQ(reader.bytes_read(), 21U);
}

TEST(LineReader, tells_the_end_and_what_was_left) {
  Loop loop;
  PipePair pipe = pipe_of();
  Heard heard;
  put(pipe.write, "one\nrest");
  pipe.write.reset();
  const LineReader reader(loop, std::move(pipe.read), heard.events());
  EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
  EXPECT_THAT(heard.lines, ElementsAre("one"));
  EXPECT_EQ(heard.partial, "rest");
  EXPECT_EQ(heard.end->first, 4U);
  EXPECT_FALSE(heard.end->second);
}

TEST(LineReader, learns_of_an_end_that_came_before_it_looked) {
  for (const std::string text : {"", "only\n", "many\nlines\n"}) {
    Loop loop;
    PipePair pipe = pipe_of();
    put(pipe.write, text);
    pipe.write.reset();
    Heard heard;
    const LineReader reader(loop, std::move(pipe.read), heard.events());
    EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
    EXPECT_EQ(heard.end->first, 0U);
  }
}

TEST(LineReader, reads_regular_files_and_dev_null) {
  char path[] = "/tmp/pawl-pipe-test-XXXXXX";
  const Fd file(::mkstemp(path));
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i) + "\n";
  put(file, text);
  Loop loop;
  Heard heard;
  const LineReader reader(loop, Fd(::open(path, O_RDONLY | O_CLOEXEC)), heard.events());
  ::unlink(path);
  EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
  ASSERT_EQ(heard.lines.size(), 50'000U);
  EXPECT_EQ(heard.lines.back(), "line 49999");

  Heard nothing;
  const LineReader null(loop, Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), nothing.events());
  EXPECT_TRUE(loop.run_until([&] { return nothing.over(); }));
  EXPECT_THAT(nothing.lines, IsEmpty());
}

TEST(LineReader, tells_a_descriptor_that_cannot_be_read) {
  Loop loop;
  Heard heard;
  const LineReader reader(loop, Fd(::open("/tmp", O_RDONLY | O_CLOEXEC)), heard.events());
  EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
  ASSERT_TRUE(heard.end->second);
  EXPECT_THAT(heard.end->second->message, HasSubstr("directory"));
  Heard closed;
  const LineReader none(loop, Fd(), closed.events());
  EXPECT_TRUE(loop.run_until([&] { return closed.over(); }));
  EXPECT_TRUE(closed.end->second);
}

TEST(LineReader, never_touches_a_shared_description) {
  Loop loop;
  PipePair pipe = pipe_of();
  auto sockets = make_socket_pair();
  ASSERT_TRUE(sockets);
  const Fd shared_read = *pipe.read.duplicate();
  const Fd shared_write = *pipe.write.duplicate();
  const Fd shared_socket = *sockets->one.duplicate();
  Heard heard;
  Heard of_socket;
  const LineReader reader(loop, std::move(pipe.read), heard.events());
  LineWriter writer(loop, std::move(pipe.write));
  const LineReader socket(loop, std::move(sockets->one), of_socket.events());
  ASSERT_TRUE(writer.send("x"));
  EXPECT_TRUE(loop.run_until([&] { return heard.lines.size() == 1; }));
  EXPECT_FALSE(nonblocking(shared_read.get()));
  EXPECT_FALSE(nonblocking(shared_write.get()));
  EXPECT_FALSE(nonblocking(shared_socket.get()));
}

TEST(LineReader, works_on_a_terminal_and_leaves_its_description_alone) {
  const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master.open());
  ASSERT_EQ(::grantpt(master.get()), 0);
  ASSERT_EQ(::unlockpt(master.get()), 0);
  std::array<char, 64> name{};
  ASSERT_EQ(::ptsname_r(master.get(), name.data(), name.size()), 0);
  Fd terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal.open());
  const Fd shared = *terminal.duplicate();
  Loop loop;
  Heard heard;
  LineWriter writer(loop, *terminal.duplicate());
  const LineReader reader(loop, std::move(terminal), heard.events());
  put(master, "typed\n");
  EXPECT_TRUE(loop.run_until([&] { return heard.lines.size() == 1; }));
  EXPECT_THAT(heard.lines, ElementsAre("typed"));
  EXPECT_FALSE(nonblocking(shared.get()));
  ASSERT_TRUE(writer.send("shown"));
  std::string screen;
  EXPECT_TRUE(loop.run_until([&] { return writer.queued_bytes() == 0; }));
  while (screen.find("shown") == std::string::npos) {
    std::array<char, 256> part;
    const ssize_t count = ::read(master.get(), part.data(), part.size());
    ASSERT_GT(count, 0);
    screen.append(part.data(), static_cast<std::size_t>(count));
  }
}

TEST(LineReader, pause_holds_back_even_what_was_read_already) {
  Loop loop;
  PipePair pipe = pipe_of();
  Heard heard;
  std::optional<LineReader> reader;
  LineEvents events = heard.events();
  events.line = [&](std::string_view line) {
    heard.lines.emplace_back(line);
    if (line == "two") reader->pause();
  };
  put(pipe.write, "one\ntwo\nthree\nfour\n");
  reader.emplace(loop, std::move(pipe.read), events);
  EXPECT_TRUE(loop.run_until([&] { return heard.lines.size() == 2; }));
  pipe.write.reset();
  idle(loop);
  EXPECT_THAT(heard.lines, ElementsAre("one", "two"));
  EXPECT_FALSE(heard.over());
  EXPECT_TRUE(reader->paused());
  reader->resume();
  reader->resume();
  EXPECT_EQ(heard.lines.size(), 2U);
  EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
  EXPECT_THAT(heard.lines, ElementsAre("one", "two", "three", "four"));
}

TEST(LineReader, a_paused_reader_holds_back_the_sender) {
  Loop loop;
  PipePair pipe = pipe_of();
  Heard heard;
  LineReader reader(loop, std::move(pipe.read), heard.events());
  reader.pause();
  LineWriter writer(loop, std::move(pipe.write));
  const std::string message(100'000, 'm');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(writer.send(message));
  EXPECT_TRUE(writer.crowded());
  idle(loop);
  EXPECT_GT(writer.queued_bytes(), 9'000'000U);
  EXPECT_THAT(heard.lines, IsEmpty());
  reader.resume();
  EXPECT_TRUE(loop.run_until([&] { return heard.lines.size() == 100; }));
  EXPECT_FALSE(writer.crowded());
  for (const std::string& line : heard.lines) ASSERT_EQ(line, message);
}

TEST(LineReader, may_be_destroyed_in_each_of_its_callbacks) {
  for (const int which : {0, 1, 2, 3}) {
    Loop loop;
    PipePair pipe = pipe_of();
    put(pipe.write, "one\nfar too long\ntwo\n");
    pipe.write.reset();
    std::optional<LineReader> reader;
    bool gone = false;
    int after = 0;
    const auto maybe = [&](int me) {
      if (gone) ++after;
      if (me != which) return;
      gone = true;
      reader.reset();
    };
    reader.emplace(loop, std::move(pipe.read),
                   LineEvents{.line = [&](std::string_view) { maybe(0); },
                              .overlong = [&](std::string_view) { maybe(1); },
                              .batch = [&] { maybe(2); },
                              .end = [&](const StreamEnd&) { maybe(3); }},
                   5);
    EXPECT_TRUE(loop.run_until([&] { return gone; }));
    idle(loop);
    EXPECT_EQ(after, 0) << which;
  }
}

TEST(LineReader, one_overlong_line_is_one_notice_and_the_stream_goes_on) {
  Loop loop;
  PipePair pipe = pipe_of();
  Heard heard;
  const LineReader reader(loop, std::move(pipe.read), heard.events(), 1000);
  std::jthread sender([&] {
    std::string text(300'000, 'x');
    put(pipe.write, text + "\n" + std::string(1000, 'y') + "\n");
    put(pipe.write, std::string(1001, 'z') + "\nend\n");
    pipe.write.reset();
  });
  EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
  EXPECT_THAT(heard.lines, ElementsAre(std::string(1000, 'y'), "end"));
  EXPECT_EQ(heard.overlong.size(), 2U);
}

}  // namespace
}  // namespace pawl::net
