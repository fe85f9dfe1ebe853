#include "io/net/channel.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/net/frame.h"
#include "io/net/pipe.h"
#include "io/net/unix_socket.h"

namespace pawl::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Duration kAnyTime = Duration::seconds(60);

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

class ChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = make_socket_pair();
    ASSERT_TRUE(pair);
    raw = std::move(pair->one);
    channel.emplace(loop, std::move(pair->other),
                    ChannelEvents{.frame = [this](Frame f) { frames.push_back(std::move(f)); },
                                  .end =
                                      [this](std::optional<Error> why) {
                                        over = true;
                                        error = std::move(why);
                                      }});
  }

  void put(std::string_view bytes) {
    ASSERT_EQ(::send(raw.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void put_with(std::string_view bytes, std::size_t fds) {
    std::vector<int> numbers(fds, 0);
    std::vector<char> control(CMSG_SPACE(fds * sizeof(int)));
    iovec what{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &what;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds * sizeof(int));
    std::memcpy(CMSG_DATA(part), numbers.data(), fds * sizeof(int));
    ASSERT_GT(::sendmsg(raw.get(), &message, MSG_NOSIGNAL), 0);
  }
  bool ended() {
    return loop.run_until([this] { return over; });
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> found;
    found.reserve(frames.size());
    for (const Frame& frame : frames) found.push_back(frame.text);
    return found;
  }

  Loop loop;
  Fd raw;
  std::optional<Channel> channel;
  std::vector<Frame> frames;
  bool over = false;
  std::optional<Error> error;
};

std::string framed(std::string_view text) {
  std::string bytes{
      static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8 & 0xff),
      static_cast<char>(text.size() >> 16 & 0xff), static_cast<char>(text.size() >> 24 & 0xff)};
  return bytes.append(text);
}

TEST_F(ChannelTest, frames_arrive_whole_in_whatever_portions) {
  put(framed("{}") + framed("[1,2]"));
  EXPECT_TRUE(loop.run_until([&] { return frames.size() == 2; }));
  for (const char byte : framed("slow")) {
    put({&byte, 1});
    loop.turn();
  }
  EXPECT_TRUE(loop.run_until([&] { return frames.size() == 3; }));
  EXPECT_THAT(texts(), ElementsAre("{}", "[1,2]", "slow"));
  raw.reset();
  EXPECT_TRUE(ended());
  EXPECT_FALSE(error);
}

TEST_F(ChannelTest, writes_the_length_least_significant_byte_first) {
  EXPECT_TRUE(channel->send(std::string(0x0102, 'x')));
  EXPECT_TRUE(loop.run_until([&] { return channel->queued_bytes() == 0; }));
  char header[4];
  ASSERT_EQ(::read(raw.get(), header, 4), 4);
  EXPECT_EQ(std::string_view(header, 4), std::string_view("\x02\x01\0\0", 4));
}

TEST_F(ChannelTest, refuses_to_send_what_the_other_side_would_refuse) {
  EXPECT_FALSE(channel->send(""));
  EXPECT_FALSE(channel->send(std::string(kControlBytesMax + 1, 'x')));
  std::vector<Fd> fds(kFrameFdsMax + 1);
  EXPECT_FALSE(channel->send("x", std::move(fds)));
  EXPECT_EQ(channel->queued_bytes(), 0U);
}

TEST_F(ChannelTest, an_empty_frame_ends_it) {
  put(framed(""));
  EXPECT_TRUE(ended());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "a control message is empty");
}

TEST_F(ChannelTest, a_frame_beyond_the_limit_ends_it_before_its_text) {
  put(std::string("\x01\x00\x00\x01", 4));
  EXPECT_TRUE(ended());
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("16777217 bytes, at most 16777216"));
}

TEST_F(ChannelTest, an_end_inside_of_a_frame_is_an_error) {
  put(framed("hello").substr(0, 6));
  raw.reset();
  EXPECT_TRUE(ended());
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("inside of a message"));
}

TEST_F(ChannelTest, the_largest_frame_passes) {
  const std::string large(kControlBytesMax, 'L');
  std::jthread sender([&] {
    BlockingChannel other(*raw.duplicate());
    EXPECT_TRUE(other.send(large, {}, kAnyTime));
  });
  EXPECT_TRUE(loop.run_until([&] { return frames.size() == 1; }));
  EXPECT_TRUE(frames[0].text == large);
}

TEST_F(ChannelTest, descriptors_arrive_with_their_frame_and_close_on_exec) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  BlockingChannel other(*raw.duplicate());
  ASSERT_TRUE(other.send("before", {}, kAnyTime));
  ASSERT_TRUE(other.send("with", {pipe->write.get(), 0}, kAnyTime));
  ASSERT_TRUE(other.send("after", {}, kAnyTime));
  pipe->write.reset();
  EXPECT_TRUE(loop.run_until([&] { return frames.size() == 3; }));
  EXPECT_EQ(frames[0].fds.size(), 0U);
  ASSERT_EQ(frames[1].fds.size(), 2U);
  EXPECT_EQ(frames[2].fds.size(), 0U);
  for (const Fd& fd : frames[1].fds) EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_EQ(::write(frames[1].fds[0].get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(pipe->read.get(), &byte, 1), 1);
}

TEST_F(ChannelTest, eight_descriptors_pass_back_too) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  std::vector<Fd> fds;
  fds.reserve(kFrameFdsMax);
  for (std::size_t i = 0; i < kFrameFdsMax; ++i) fds.push_back(*pipe->read.duplicate());
  ASSERT_TRUE(channel->send("eight", std::move(fds)));
  EXPECT_TRUE(loop.run_until([&] { return channel->queued_bytes() == 0; }));
  BlockingChannel other(*raw.duplicate());
  const auto frame = other.receive(kAnyTime);
  ASSERT_TRUE(frame) << to_string(frame.error());
  EXPECT_EQ(frame->text, "eight");
  EXPECT_EQ(frame->fds.size(), kFrameFdsMax);
}

TEST_F(ChannelTest, too_many_descriptors_end_it_and_none_stays_open) {
  const std::size_t before = open_descriptors();
  put_with(framed("nine"), kFrameFdsMax + 1);
  EXPECT_TRUE(ended());
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("more than 8 descriptors"));
  EXPECT_EQ(open_descriptors(), before - 1) << "the channel's own socket closed, nothing else new";
}

TEST_F(ChannelTest, descriptors_in_portions_are_counted_together) {
  const std::size_t before = open_descriptors();
  const std::string bytes = framed("portions");
  put_with(bytes.substr(0, 4), 5);
  put_with(bytes.substr(4, 2), 4);
  EXPECT_TRUE(ended());
  EXPECT_TRUE(error);
  EXPECT_EQ(open_descriptors(), before - 1);
}

TEST_F(ChannelTest, descriptors_of_an_unfinished_frame_are_closed) {
  const std::size_t before = open_descriptors();
  put_with(framed("never finished").substr(0, 7), 3);
  loop.turn();
  loop.turn();
  EXPECT_EQ(open_descriptors(), before + 3);
  channel->close();
  EXPECT_EQ(open_descriptors(), before - 1);
}

TEST_F(ChannelTest, may_be_destroyed_in_its_callbacks) {
  auto pair = make_socket_pair();
  ASSERT_TRUE(pair);
  std::optional<Channel> fragile;
  int calls = 0;
  fragile.emplace(loop, std::move(pair->other),
                  ChannelEvents{.frame =
                                    [&](const Frame&) {
                                      ++calls;
                                      fragile.reset();
                                    },
                                .end = [&](const std::optional<Error>&) { ++calls; }});
  raw = std::move(pair->one);
  put(framed("one") + framed("two"));
  raw.reset();
  EXPECT_TRUE(loop.run_until([&] { return calls > 0; }));
  loop.turn();
  EXPECT_EQ(calls, 1);
}

TEST_F(ChannelTest, pause_holds_frames_back) {
  channel->pause();
  put(framed("one"));
  for (int i = 0; i < 5; ++i) loop.turn();
  EXPECT_TRUE(frames.empty());
  channel->resume();
  EXPECT_TRUE(loop.run_until([&] { return frames.size() == 1; }));
}

TEST_F(ChannelTest, finish_sends_what_is_queued_first) {
  const std::string large(2'000'000, 'f');
  ASSERT_TRUE(channel->send(large));
  channel->finish();
  EXPECT_FALSE(channel->send("late"));
  std::optional<Result<Frame>> got;
  std::optional<Result<Frame>> next;
  std::jthread reader([&] {
    BlockingChannel other(*raw.duplicate());
    got = other.receive(kAnyTime);
    next = other.receive(kAnyTime);
  });
  EXPECT_TRUE(loop.run_until([&] { return channel->closed(); }));
  reader.join();
  ASSERT_TRUE(got && *got);
  EXPECT_TRUE((*got)->text == large);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->error().fault, ErrorKind::missing);
}

Task<void> note(Channel& channel, std::optional<bool>& into) {
  into = co_await channel.drained();
}

TEST_F(ChannelTest, drained_tells_whether_everything_left) {
  std::optional<bool> nothing;
  spawn(note(*channel, nothing));
  EXPECT_EQ(nothing, true);
  ASSERT_TRUE(channel->send(std::string(5'000'000, 'x')));
  std::optional<bool> sent;
  spawn(note(*channel, sent));
  loop.turn();
  loop.turn();
  EXPECT_FALSE(sent);
  raw.reset();
  EXPECT_TRUE(loop.run_until([&] { return sent.has_value(); }));
  EXPECT_EQ(sent, false);
}

TEST(BlockingChannel, gives_up_at_its_deadline) {
  auto pair = make_socket_pair();
  ASSERT_TRUE(pair);
  BlockingChannel one(std::move(pair->one));
  const auto answer = one.receive(Duration::milliseconds(20));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "no answer within 20ms");
}

TEST(Exchange, asks_a_node_and_returns_its_answer) {
  char folder[] = "/tmp/pawl-channel-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/s";
  Loop loop;
  std::optional<Channel> serving;
  auto listener = Listener::open(loop, path, [&](Fd socket, const Peer&) {
    serving.emplace(loop, std::move(socket),
                    ChannelEvents{.frame = [&](const Frame& f) { serving->send("to " + f.text); },
                                  .end = [&](const std::optional<Error>&) { loop.stop(); }});
  });
  ASSERT_TRUE(listener);
  std::string answer;
  std::jthread client([&] {
    const auto got = exchange(path, "question", kAnyTime);
    answer = got ? *got : to_string(got.error());
  });
  EXPECT_TRUE(loop.run());
  client.join();
  EXPECT_EQ(answer, "to question");
  std::filesystem::remove_all(folder);
}

TEST(Exchange, says_missing_where_no_node_runs) {
  const auto answer = exchange("/tmp/pawl-no-such-socket", "x", kAnyTime);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ErrorKind::missing);
}

}  // namespace
}  // namespace pawl::net
