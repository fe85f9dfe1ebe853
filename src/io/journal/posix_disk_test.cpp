#include "io/journal/posix_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "io/journal/journal_test_support.h"

namespace pawl {
namespace {

using journal_testing::Scratch;
using testing::ElementsAre;
using testing::HasSubstr;

class PosixDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    disk_ = *PosixDisk::open(scratch_.path() + "/one/two", PosixDisk::Root::create);
  }
  mode_t mode(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::stat((scratch_.path() + "/one/two" + path).c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  Scratch scratch_;
  std::unique_ptr<PosixDisk> disk_;
};

TEST_F(PosixDiskTest, WhatIsMadeIsForTheOwnerOnly) {
  EXPECT_EQ(mode(""), 0700U);
  ASSERT_TRUE(disk_->make_directory("folder").has_value());
  ASSERT_TRUE(disk_->make_directory("folder").has_value());
  EXPECT_EQ(mode("/folder"), 0700U);
  ASSERT_TRUE(disk_->open("folder/file", Access::create).has_value());
  EXPECT_EQ(mode("/folder/file"), 0600U);
}

TEST_F(PosixDiskTest, OpensAsAsked) {
  EXPECT_EQ(disk_->open("file", Access::read).error().fault, ErrorKind::missing);
  EXPECT_EQ(disk_->open("file", Access::write).error().fault, ErrorKind::missing);
  auto file = *disk_->open("file", Access::create);
  ASSERT_TRUE(write_all(*file, 0, "hello").has_value());
  ASSERT_TRUE(file->sync().has_value());
  EXPECT_EQ(*read_whole(*disk_, "file", 100), "hello");
  EXPECT_EQ(read_whole(*disk_, "file", 4).error().fault, ErrorKind::invalid);
  EXPECT_EQ(*(*disk_->open("file", Access::create))->size(), 5U);
  EXPECT_EQ(*(*disk_->open("file", Access::fresh))->size(), 0U);
  EXPECT_EQ(PosixDisk::open(scratch_.path() + "/no", PosixDisk::Root::must_exist).error().fault,
            ErrorKind::missing);
}

TEST_F(PosixDiskTest, ReadsSayWhereAFileEnds) {
  auto file = *disk_->open("file", Access::create);
  ASSERT_TRUE(write_all(*file, 0, "0123456789").has_value());
  EXPECT_EQ(*read_there(*file, 4, 100), "456789");
  EXPECT_EQ(*read_there(*file, 40, 100), "");
  EXPECT_EQ(*read_exactly(*file, 4, 3), "456");
  const auto cut = read_exactly(*file, 4, 7);
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().fault, ErrorKind::corrupt);
}

TEST_F(PosixDiskTest, RoomReadsAsZerosAndIsGivenBack) {
  auto file = *disk_->open("file", Access::create);
  ASSERT_TRUE(file->allocate(0, 8192).has_value());
  EXPECT_EQ(*file->size(), 8192U);
  ASSERT_TRUE(write_all(*file, 0, std::string(8192, 'x')).has_value());
  ASSERT_TRUE(file->allocate(0, 8192).has_value());
  EXPECT_EQ(*read_there(*file, 0, 8192), std::string(8192, 'x'));
  ASSERT_TRUE(file->release(100, 8000).has_value());
  EXPECT_EQ(*file->size(), 8192U);
  EXPECT_EQ(*read_there(*file, 0, 8192),
            std::string(100, 'x') + std::string(8000, '\0') + std::string(92, 'x'));
  ASSERT_TRUE(file->truncate(10).has_value());
  EXPECT_EQ(*file->size(), 10U);
}

TEST_F(PosixDiskTest, NamesInOrder) {
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(disk_->open(name, Access::create));
  ASSERT_TRUE(disk_->make_directory("folder").has_value());
  EXPECT_THAT(*disk_->list(""), ElementsAre("a", "b", "c"));
  ASSERT_TRUE(disk_->rename("a", "c").has_value());
  ASSERT_TRUE(disk_->remove("b").has_value());
  EXPECT_THAT(*disk_->list(""), ElementsAre("c"));
  EXPECT_EQ(disk_->remove("b").error().fault, ErrorKind::missing);
  EXPECT_EQ(disk_->list("nothing").error().fault, ErrorKind::missing);
  EXPECT_TRUE(disk_->sync_directory("folder").has_value());
  EXPECT_TRUE(disk_->sync_directory("").has_value());
}

TEST_F(PosixDiskTest, ReplacingIsAllOrNothing) {
  ASSERT_TRUE(replace_whole(*disk_, "file", "first").has_value());
  ASSERT_TRUE(replace_whole(*disk_, "file", "second").has_value());
  EXPECT_EQ(*read_whole(*disk_, "file", 100), "second");
  EXPECT_THAT(*disk_->list(""), ElementsAre("file"));
}

TEST_F(PosixDiskTest, OneLockAtATime) {
  auto lock = disk_->lock("lock");
  ASSERT_TRUE(lock.has_value());
  const auto second = disk_->lock("lock");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().fault, ErrorKind::refused);
  lock->reset();
  EXPECT_TRUE(disk_->lock("lock").has_value());
}

TEST_F(PosixDiskTest, SymbolicLinksAreNotFollowed) {
  std::filesystem::create_symlink("/etc/passwd", scratch_.path() + "/one/two/link");
  const auto file = disk_->open("link", Access::read);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().fault, ErrorKind::io);
  EXPECT_THAT(file.error().message, HasSubstr("/one/two/link`"));
  EXPECT_EQ(disk_->lock("link").error().fault, ErrorKind::io);
}

TEST_F(PosixDiskTest, ErrorsOfTheSystemAreTold) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  auto dev = *PosixDisk::open("/dev", PosixDisk::Root::must_exist);
  auto full = *dev->open("full", Access::write);
  const auto written = full->write_at(0, "x");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().fault, ErrorKind::environment);
  EXPECT_EQ(written.error().message, "cannot write `/dev/full`: no space left on device");
  EXPECT_GT(*disk_->free_bytes(), 0U);
}

}  // namespace
}  // namespace pawl
