#include "io/net/detached.h"

#include <gtest/gtest.h>
#include <unistd.h>

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

}  // namespace
}  // namespace pawl::net
