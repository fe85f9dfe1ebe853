#include "io/net/detached.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "io/net/loop.h"

namespace pawl::net {
namespace {

TEST(Detached, LeavesItsWordsInTheLogAndNoChild) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.has_value());
  ASSERT_TRUE(start_detached("/bin/sh", {"sh", "-c", "echo started >&2"}, pipe->write).has_value());
  pipe->write.reset();
  char buffer[64] = {};
  std::string said;
  ssize_t count = 0;
  while ((count = ::read(pipe->read.get(), buffer, sizeof buffer)) > 0) {
    said.append(buffer, static_cast<std::size_t>(count));
  }
  EXPECT_EQ(said, "started\n");
}

TEST(Detached, NothingThatLoadsOtherCodeIsPassedOnAndNoFolderOfTheStarter) {  // R02
  ::setenv("LD_PRELOAD", "", 1);
  ::setenv("OPENSSL_CONF", "/tmp/other.cnf", 1);
  ::setenv("PAWL_PLAIN", "kept", 1);
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.has_value());
  const std::string script =
      "echo ${LD_PRELOAD-none} ${OPENSSL_CONF-none} $PAWL_PLAIN $MORE $PWD >&2";
  ASSERT_TRUE(
      start_detached("/bin/sh", {"sh", "-c", script}, pipe->write, {"MORE=given"}).has_value());
  pipe->write.reset();
  char buffer[256] = {};
  std::string said;
  ssize_t count = 0;
  while ((count = ::read(pipe->read.get(), buffer, sizeof buffer)) > 0) {
    said.append(buffer, static_cast<std::size_t>(count));
  }
  ::unsetenv("LD_PRELOAD");
  ::unsetenv("OPENSSL_CONF");
  ::unsetenv("PAWL_PLAIN");
  EXPECT_EQ(said, "none none kept given /\n");
}

}  // namespace
}  // namespace pawl::net
