#include "io/net/pipe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pawl::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PipePair pipe_of() {
  auto made = make_pipe();
  EXPECT_TRUE(made);
  return std::move(*made);
}

void put(const Fd& fd, std::string_view text) {
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

bool nonblocking(int fd) {
  return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

// Gives the loop a few turns in which nothing is expected to happen.
void idle(Loop& loop) {
  bool over = false;
  const Timer timer = loop.after(Duration::milliseconds(10), [&] { over = true; });
  loop.run_until([&] { return over; });
}

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

TEST(Lines, sixty_four_mebibytes_arrive_unchanged) {
  Loop loop;
  PipePair pipe = pipe_of();
  std::string message(kMessageBytesMax, 'a');
  for (std::size_t i = 0; i < message.size(); i += 997)
    message[i] = static_cast<char>('b' + i % 20);
  bool same = false;
  bool over = false;
  const LineReader reader(loop, std::move(pipe.read),
                          LineEvents{.line = [&](std::string_view line) { same = line == message; },
                                     .overlong = {},
                                     .batch = {},
                                     .end = [&](const StreamEnd&) { over = true; }});
  LineWriter writer(loop, std::move(pipe.write));
  ASSERT_TRUE(writer.send(message));
  writer.finish();
  EXPECT_FALSE(writer.send("too late"));
  EXPECT_TRUE(loop.run_until([&] { return over; }));
  EXPECT_TRUE(same);
  EXPECT_EQ(writer.bytes_written(), kMessageBytesMax + 1);
}

TEST(LineWriter, joins_what_one_turn_sends_into_one_write) {
  Loop loop;
  // One datagram is one write: the socket shows how the bytes were cut.
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const Fd reader(ends[0]);
  LineWriter writer(loop, Fd(ends[1]));
  const std::array<std::string_view, 3> pieces{"{\"id\":", "7", "}"};
  ASSERT_TRUE(writer.send("first"));
  ASSERT_TRUE(writer.send(pieces));
  ASSERT_TRUE(writer.send(std::string(20'000, 'l')));
  ASSERT_TRUE(writer.send(""));
  EXPECT_EQ(writer.bytes_written(), 0U);
  EXPECT_TRUE(loop.run_until([&] { return writer.queued_bytes() == 0; }));
  std::string got(100'000, '\0');
  const ssize_t count = ::recv(reader.get(), got.data(), got.size(), MSG_DONTWAIT);
  ASSERT_GT(count, 0);
  got.resize(static_cast<std::size_t>(count));
  EXPECT_EQ(got, "first\n{\"id\":7}\n" + std::string(20'000, 'l') + "\n\n");
}

TEST(LineWriter, refuses_a_message_that_would_be_two) {
  Loop loop;
  PipePair pipe = pipe_of();
  LineWriter writer(loop, std::move(pipe.write));
  const std::array<std::string_view, 2> pieces{"a", "b\n"};
  EXPECT_FALSE(writer.send("a\nb"));
  EXPECT_FALSE(writer.send(std::string(50'000, 'x') + "\n" + "y"));
  EXPECT_FALSE(writer.send(pieces));
  EXPECT_EQ(writer.queued_bytes(), 0U);
}

TEST(LineWriter, tells_once_that_the_reader_is_gone) {
  Loop loop;
  PipePair pipe = pipe_of();
  int failures = 0;
  LineWriter writer(loop, std::move(pipe.write),
                    {.crowded = {}, .failed = [&](const Error&) { ++failures; }});
  ASSERT_TRUE(writer.send(std::string(1'000'000, 'x')));
  idle(loop);
  EXPECT_EQ(failures, 0);
  pipe.read.reset();
  EXPECT_TRUE(loop.run_until([&] { return failures > 0; }));
  idle(loop);
  EXPECT_EQ(failures, 1);
  EXPECT_TRUE(writer.closed());
  EXPECT_FALSE(writer.send("more"));
  EXPECT_EQ(writer.queued_bytes(), 0U);
}

TEST(LineWriter, notices_a_reader_that_leaves_while_nothing_is_sent) {
  Loop loop;
  PipePair pipe = pipe_of();
  bool failed = false;
  std::optional<LineWriter> writer;
  writer.emplace(loop, std::move(pipe.write),
                 WriterEvents{.crowded = {}, .failed = [&](const Error&) {
                                failed = true;
                                writer.reset();
                              }});
  pipe.read.reset();
  EXPECT_TRUE(loop.run_until([&] { return failed; }));
}

Task<void> note_drained(LineWriter& writer, std::optional<bool>& answer) {
  answer = co_await writer.drained();
}

TEST(LineWriter, drained_waits_for_what_was_queued_before) {
  Loop loop;
  PipePair pipe = pipe_of();
  LineWriter writer(loop, std::move(pipe.write));
  std::optional<bool> empty;
  spawn(note_drained(writer, empty));
  EXPECT_EQ(empty, true);

  ASSERT_TRUE(writer.send(std::string(500'000, 'x')));
  std::optional<bool> drained;
  spawn(note_drained(writer, drained));
  idle(loop);
  EXPECT_FALSE(drained);
  Heard heard;
  const LineReader reader(loop, std::move(pipe.read), heard.events());
  EXPECT_TRUE(loop.run_until([&] { return drained.has_value(); }));
  EXPECT_EQ(drained, true);
}

TEST(LineWriter, drained_is_false_when_the_writer_goes_first) {
  Loop loop;
  PipePair pipe = pipe_of();
  std::optional<bool> drained;
  {
    LineWriter writer(loop, std::move(pipe.write));
    ASSERT_TRUE(writer.send(std::string(500'000, 'x')));
    spawn(note_drained(writer, drained));
    idle(loop);
    EXPECT_FALSE(drained);
  }
  EXPECT_EQ(drained, false);
}

TEST(LineWriter, writes_to_regular_files_in_order) {
  char path[] = "/tmp/pawl-pipe-test-XXXXXX";
  const Fd file(::mkstemp(path));
  Loop loop;
  LineWriter writer(loop, *file.duplicate());
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(writer.send(std::to_string(i)));
  writer.finish();
  EXPECT_TRUE(loop.run_until([&] { return writer.closed(); }));
  ::lseek(file.get(), 0, SEEK_SET);
  Heard heard;
  const LineReader reader(loop, *file.duplicate(), heard.events());
  EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
  ::unlink(path);
  ASSERT_EQ(heard.lines.size(), 1000U);
  EXPECT_EQ(heard.lines[999], "999");
}

TEST(Lines, a_relay_with_pauses_keeps_its_queue_small) {
  Loop loop;
  PipePair in = pipe_of();
  PipePair out = pipe_of();
  constexpr int kMessages = 2000;
  std::jthread source([&] {
    const std::string line = std::string(8000, 's') + "\n";
    for (int i = 0; i < kMessages; ++i) put(in.write, line);
    in.write.reset();
  });
  std::size_t largest = 0;
  std::optional<LineReader> from;
  LineWriter to(
      loop, std::move(out.write),
      {.crowded = [&](bool crowded) { crowded ? from->pause() : from->resume(); }, .failed = {}});
  from.emplace(loop, std::move(in.read),
               LineEvents{.line =
                              [&](std::string_view line) {
                                ASSERT_TRUE(to.send({&line, 1}));
                                largest = std::max(largest, to.queued_bytes());
                              },
                          .overlong = {},
                          .batch = {},
                          .end = [&](const StreamEnd&) { to.finish(); }});
  idle(loop);
  Heard heard;
  const LineReader sink(loop, std::move(out.read), heard.events());
  EXPECT_TRUE(loop.run_until([&] { return heard.over(); }));
  EXPECT_EQ(heard.lines.size(), static_cast<std::size_t>(kMessages));
  EXPECT_LT(largest, kQueueBytesHigh + 20'000);
}

TEST(TakeStandard, puts_nothing_in_its_place) {
  const Fd kept(::fcntl(1, F_DUPFD_CLOEXEC, 3));
  auto taken = take_standard(1);
  ASSERT_TRUE(taken);
  EXPECT_GE(taken->get(), 3);
  const ssize_t lost = ::write(1, "never seen", 10);
  ASSERT_EQ(::dup2(kept.get(), 1), 1);
  EXPECT_EQ(lost, 10);
}

}  // namespace
}  // namespace pawl::net
