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

// Without a second opening of the pipe, because no descriptor is left for one while the writer and
// the reader are made.
TEST(Lines, pass_where_the_pipe_cannot_be_opened_a_second_time) {
  Loop loop;
  PipePair pipe = pipe_of();
  const Fd shared = *pipe.write.duplicate();
  std::optional<NoDescriptors> scarce(std::in_place);
  Heard heard;
  LineWriter writer(loop, std::move(pipe.write));
  const LineReader reader(loop, std::move(pipe.read), heard.events());
  scarce.reset();
  EXPECT_FALSE(nonblocking(shared.get()));
  // More than the pipe holds: a write that was not careful would wait for ever for this thread.
  const std::string message(300'000, 'c');
  ASSERT_TRUE(writer.send(message));
  ASSERT_TRUE(writer.send("short"));
  EXPECT_TRUE(loop.run_until([&] { return heard.lines.size() == 2; }));
  EXPECT_TRUE(heard.lines[0] == message);
  EXPECT_EQ(heard.lines[1], "short");
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
