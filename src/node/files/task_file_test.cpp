#include "node/files/task_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pawl::node {
namespace {

using ::testing::HasSubstr;

class TaskFile : public ::testing::Test {
 protected:
  TaskFile() {
    std::string name = (std::filesystem::temp_directory_path() / "pawl-task-XXXXXX").string();
    root = ::mkdtemp(name.data());
    std::filesystem::create_directory(root + "/work");
  }
  ~TaskFile() override { std::filesystem::remove_all(root); }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = root + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  // A client that began in an hour: what is there now is older.
  TaskReader later() const {
    const long ticks = ::sysconf(_SC_CLK_TCK);
    timespec boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto began =
        static_cast<std::uint64_t>(boot.tv_sec + 3600) * static_cast<std::uint64_t>(ticks);
    return {::getuid(), {::getpid(), began}, root + "/work"};
  }
  std::string why(const std::string& path, const TaskReader& reader) {
    const auto read = read_task(path, reader);
    return read ? "" : read.error().message;
  }
  std::string root;
};

TEST_F(TaskFile, IsReadWhereTheAgentCannotHaveWrittenIt) {
  const auto read = read_task(write("task.yaml", "text: hello\n"), later());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, "text: hello\n");
}

TEST_F(TaskFile, IsRefusedWhereTheAgentMayHaveWrittenIt) {
  EXPECT_THAT(why(write("work/task.yaml", "text: x\n"), later()),
              HasSubstr("in the agent's folder"));
  EXPECT_THAT(why(write("open.yaml", "text: x\n", 0666), later()), HasSubstr("by others"));
  TaskReader earlier = later();
  earlier.client.started_ticks = 1;
  EXPECT_THAT(why(write("young.yaml", "text: x\n"), earlier), HasSubstr("younger"));
  const std::string link = root + "/link.yaml";
  std::filesystem::create_symlink(write("real.yaml", "text: x\n"), link);
  EXPECT_THAT(why(link, later()), HasSubstr("cannot be opened"));
  EXPECT_THAT(why(root + "/work", later()), HasSubstr("not a file"));
  EXPECT_THAT(why(root + "/none", later()), HasSubstr("cannot be opened"));
  EXPECT_THAT(why(write("empty.yaml", ""), later()), HasSubstr("empty"));
  EXPECT_THAT(why(write("long.yaml", std::string(300'000, 'x')), later()), HasSubstr("too long"));
}

// The machine was started at 1000.95 and it is 1010.20 now, so it has been up for 9.25 s. The
// client began at 1003.00, which is 2.05 s after the start.
TEST(TaskAge, IsToldToAHundredthOfASecond) {
  const Clocks now{{1010, 200'000'000}, {9, 250'000'000}, 100};
  const net::ProcessId client{1, 205};
  const auto older = [&](time_t second, long hundredths) {
    return older_than(client, {second, hundredths * 10'000'000}, now);
  };
  EXPECT_TRUE(older(1000, 0));
  EXPECT_TRUE(older(1002, 99));
  EXPECT_FALSE(older(1003, 0));
  EXPECT_FALSE(older(1003, 1));
  // A difference of whole seconds would take this for older.
  EXPECT_FALSE(older(1003, 90));
  EXPECT_FALSE(older(1004, 0));
}

TEST_F(TaskFile, OfAnotherUserItIsReadWhereverItLies) {
  TaskReader reader = later();
  reader.user = ::getuid() + 1;
  reader.client.started_ticks = 1;
  EXPECT_EQ(why(write("work/task.yaml", "text: x\n"), reader), "");
}

}  // namespace
}  // namespace pawl::node
