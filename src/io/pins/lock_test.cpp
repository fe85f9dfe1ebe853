#include "io/pins/lock.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/hash.h"

namespace pawl {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Lock, ReadsWhatItWrites) {
  Lock lock;
  lock.tools["crm/read_customer_record"] = kDigest;
  lock.tools["read_file"] = "sha256:" + std::string(64, '0');
  const auto read = parse_lock(to_text(lock), "pawl.lock");
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_TRUE(read->present);
  EXPECT_EQ(read->tools, lock.tools);
  EXPECT_EQ(read->find("crm", "read_customer_record"), kDigest);
  EXPECT_EQ(read->find("", "read_customer_record"), "");
}

TEST(Lock, KeepsTheDefinitionsBehindItsDigests) {
  Lock lock;
  const std::string definition =
      R"({"description":"d","inputSchema":{"properties":{"a":{"type":"string"}},"type":"object"}})";
  lock.accept("s/read", to_string(sha256(definition)), definition);
  lock.accept("s/mcp:instructions", to_string(sha256("\"be kind\"")), "\"be kind\"");
  lock.tools["older"] = kDigest;
  const auto read = parse_lock(to_text(lock), "pawl.lock");
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(read->tools, lock.tools);
  EXPECT_EQ(read->definitions, lock.definitions);
  EXPECT_EQ(read->definitions.at("s/read"), definition);
  EXPECT_EQ(to_text(*read), to_text(lock));
  // A definition that is edited by hand, or that no digest stands for, is not a lock.
  std::string edited = to_text(lock);
  edited.replace(edited.find("string"), 6, "number");
  EXPECT_FALSE(parse_lock(edited, "pawl.lock"));
  Lock stray;
  stray.definitions["a"] = "{}";
  EXPECT_FALSE(parse_lock(to_text(stray), "pawl.lock"));
}

TEST(Lock, ADefinitionThatCannotBeReadAgainIsLeftOut) {
  const std::string duplicate_keys = R"({"inputSchema":{"properties":{"Id":{},"id":{}}}})";
  Lock lock;
  lock.accept("t", to_string(sha256(duplicate_keys)), duplicate_keys);
  EXPECT_EQ(lock.find("", "t"), to_string(sha256(duplicate_keys)));
  EXPECT_TRUE(lock.definitions.empty());
  EXPECT_TRUE(parse_lock(to_text(lock), "pawl.lock"));
}

TEST(Lock, RefusesWhatAReviewerCouldMisread) {
  for (const char* text : {
           "",
           "[]",
           "{}",
           R"({"version":2,"tools":{}})",
           R"({"version":1})",
           R"({"version":1,"tools":{},"more":1})",
           R"({"version":1,"tools":{"a":"sha256:00"}})",
           R"({"version":1,"tools":{"a":1}})",
       }) {
    EXPECT_FALSE(parse_lock(text, "pawl.lock").has_value()) << text;
  }
  const std::string duplicate_keys =
      R"({"version":1,"tools":{"a":")" + kDigest + R"(","A":")" + kDigest + R"("}})";
  EXPECT_FALSE(parse_lock(duplicate_keys, "pawl.lock").has_value());
}

TEST(Lock, LiesBesideThePolicyAndIsReplacedWhole) {
  const auto folder = std::filesystem::temp_directory_path() / "pawl-lock-test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string policy = (folder / "role.yaml").string();
  auto absent = read_lock(policy);
  ASSERT_TRUE(absent.has_value());
  EXPECT_FALSE(absent->present);

  Lock lock;
  lock.tools["echo"] = kDigest;
  ASSERT_TRUE(write_lock(policy, lock).has_value());
  const auto read = read_lock(policy);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->find("", "echo"), kDigest);
  EXPECT_FALSE(std::filesystem::exists(folder / "pawl.lock.new"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace pawl
