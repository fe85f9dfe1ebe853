#include "io/net/unix_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/net/pipe_testing.h"

namespace pawl::net {
namespace {

using testing::HasSubstr;

class UnixSocket : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pawl-socket-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder = name;
    path = folder + "/control";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Result<Listener> listen(ListenOptions options = {}) {
    return Listener::open(
        loop, path,
        [this](Fd socket, Peer peer) {
          sockets.push_back(std::move(socket));
          peers.push_back(std::move(peer));
        },
        options);
  }

  Loop loop;
  std::string folder;
  std::string path;
  std::vector<Fd> sockets;
  std::vector<Peer> peers;
};

mode_t mode_of(const std::string& path) {
  struct stat what{};
  EXPECT_EQ(::lstat(path.c_str(), &what), 0);
  return what.st_mode & 07777;
}

TEST_F(UnixSocket, accepts_and_knows_who_it_is) {
  const mode_t before = ::umask(0);
  auto listener = listen();
  ::umask(before);
  ASSERT_TRUE(listener) << to_string(listener.error());
  EXPECT_EQ(mode_of(path), 0600U);
  auto client = connect_unix(path, Duration::seconds(60));
  ASSERT_TRUE(client) << to_string(client.error());
  EXPECT_TRUE(loop.run_until([&] { return !peers.empty(); }));
  EXPECT_EQ(peers[0].process, read_stat(::getpid())->id);
  EXPECT_EQ(peers[0].user, ::getuid());
  EXPECT_EQ(peers[0].group, ::getgid());
  EXPECT_TRUE(peers[0].pidfd.open());
  const auto server = peer_of(*client);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->process.pid, ::getpid());
}

TEST_F(UnixSocket, makes_its_directory_for_the_owner_alone) {
  path = folder + "/inner/control";
  ASSERT_TRUE(listen());
  EXPECT_EQ(mode_of(folder + "/inner"), 0700U);
}

TEST_F(UnixSocket, refuses_a_directory_that_others_may_enter) {
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  const auto listener = listen();
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().fault, ErrorKind::refused);
  EXPECT_THAT(listener.error().message, HasSubstr("755"));
}

TEST_F(UnixSocket, refuses_a_link_in_place_of_its_directory) {
  std::filesystem::create_directory_symlink(folder, folder + "/link");
  path = folder + "/link/control";
  EXPECT_THAT(listen().error().message, HasSubstr("is not a directory"));
}

TEST_F(UnixSocket, says_how_long_a_path_may_be) {
  path = folder + "/" + std::string(200, 'x');
  const auto listener = listen();
  ASSERT_FALSE(listener);
  EXPECT_THAT(listener.error().message, HasSubstr("may have 107"));
  EXPECT_EQ(connect_unix(path, Duration::seconds(1)).error().fault, ErrorKind::invalid);
  EXPECT_EQ(connect_unix("relative", Duration::seconds(1)).error().fault, ErrorKind::invalid);
  path = folder + "/" + std::string(kSocketPathBytesMax - folder.size() - 1, 'x');
  EXPECT_TRUE(listen());
}

TEST_F(UnixSocket, the_file_goes_with_the_listener) {
  {
    const auto listener = listen();
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixSocket, leaves_a_file_that_is_not_its_own) {
  {
    const auto listener = listen();
    ASSERT_TRUE(listener);
    std::filesystem::rename(path, folder + "/moved");
    std::ofstream(path) << "mine";
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

void leave_stale_socket(const std::string& path) {
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

TEST_F(UnixSocket, replaces_a_stale_socket_only_when_told_to) {
  leave_stale_socket(path);
  EXPECT_EQ(connect_unix(path, Duration::seconds(60)).error().fault, ErrorKind::missing);
  EXPECT_THAT(listen().error().message, HasSubstr("address already in use"));
  EXPECT_TRUE(listen({.replace_stale = true}));
}

TEST_F(UnixSocket, never_replaces_one_that_answers_or_is_no_socket) {
  {
    const auto listener = listen();
    ASSERT_TRUE(listener);
    EXPECT_THAT(listen({.replace_stale = true}).error().message,
                HasSubstr("another process listens"));
    EXPECT_TRUE(connect_unix(path, Duration::seconds(60)));
  }
  std::ofstream(path) << "a file";
  EXPECT_THAT(listen({.replace_stale = true}).error().message, HasSubstr("not a socket"));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(UnixSocket, connecting_says_missing_where_no_server_can_be) {
  EXPECT_EQ(connect_unix(path, Duration::seconds(60)).error().fault, ErrorKind::missing);
}

TEST_F(UnixSocket, a_listener_that_never_accepts_costs_only_the_time_allowed) {
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(socket.get(), 0), 0);
  const auto first = connect_unix(path, Duration::milliseconds(50));
  ASSERT_TRUE(first);
  const auto second = connect_unix(path, Duration::milliseconds(50));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, ErrorKind::environment);
  EXPECT_THAT(second.error().message, HasSubstr("no answer on"));
}

TEST_F(UnixSocket, goes_on_accepting_after_it_ran_out_of_descriptors) {
  const auto listener = listen();
  ASSERT_TRUE(listener);
  std::vector<Fd> clients;
  clients.reserve(3);
  for (int i = 0; i < 3; ++i) clients.push_back(*connect_unix(path, Duration::seconds(60)));
  std::optional<NoDescriptors> scarce(std::in_place);
  bool waited = false;
  const Timer timer = loop.after(Duration::milliseconds(20), [&] { waited = true; });
  EXPECT_TRUE(loop.run_until([&] { return waited; }));
  EXPECT_TRUE(sockets.empty());
  scarce.reset();
  EXPECT_TRUE(loop.run_until([&] { return sockets.size() == 3; }));
}

}  // namespace
}  // namespace pawl::net
