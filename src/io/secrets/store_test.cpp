#include "io/secrets/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/text.h"
#include "io/secrets/store_file.h"

namespace pawl::secrets {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Instant kNow{1'800'000'000LL * 1'000'000'000};

Credential secret(std::string_view text) {
  return Credential::copy_of(text);
}

// Bytes 0, 1, 2 and so on, as the page about the format has them.
Random counting() {
  return [next = 0](std::size_t count) mutable {
    std::string bytes;
    while (bytes.size() < count) bytes += static_cast<char>(next++);
    return bytes;
  };
}

std::string told_by_store(const Result<Credential>& read) {
  return read ? std::string(read->bytes()) : read.error().message;
}

// Two versions of one name and one of another.
Store filled() {
  const Random random = counting();
  Store store = *Store::create(secret("a good passphrase"), random);
  EXPECT_EQ(store.put("mail-relay", secret("first-token"), kNow, random), 1U);
  EXPECT_EQ(store.put("mail-relay", secret("second-token"), kNow, random), 2U);
  EXPECT_EQ(store.put("crm", secret("crm-token"), kNow, random), 1U);
  return store;
}

TEST(Store, KeepsNamesVersionsAndValues) {
  const Store before = filled();
  const std::string text = before.text();
  for (const char* value : {"first-token", "second-token", "crm-token", "passphrase"}) {
    EXPECT_THAT(text, Not(HasSubstr(value)));
    EXPECT_THAT(text, Not(HasSubstr(base64(value))));
  }
  const auto store = Store::open(text, secret("a good passphrase"));
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(told_by_store(store->get("mail-relay")), "second-token");
  EXPECT_EQ(told_by_store(store->get("mail-relay", 1)), "first-token");
  EXPECT_EQ(told_by_store(store->get("crm")), "crm-token");
  EXPECT_EQ(told_by_store(store->get("mail-relay", 3)),
            "the store has no version 3 of `mail-relay`");
  EXPECT_EQ(told_by_store(store->get("other")), "the store has no credential `other`");
  EXPECT_THAT(*Store::list(text),
              ElementsAre(Store::Entry{"crm", 1, kNow}, Store::Entry{"mail-relay", 1, kNow},
                          Store::Entry{"mail-relay", 2, kNow}));
  EXPECT_EQ(store->text(), text);
}

TEST(Store, NeverUsesANumberAgain) {
  Store store = filled();
  EXPECT_TRUE(store.remove("mail-relay", 2));
  EXPECT_EQ(told_by_store(store.get("mail-relay")), "first-token");
  EXPECT_EQ(store.put("mail-relay", secret("third-token"), kNow, random_bytes), 3U);
  EXPECT_TRUE(store.remove("mail-relay"));
  EXPECT_EQ(store.remove("mail-relay").error().fault, ErrorKind::missing);
  EXPECT_EQ(store.newest("mail-relay"), std::nullopt);
  auto again = Store::open(store.text(), secret("a good passphrase"));
  EXPECT_EQ(again->put("mail-relay", secret("fourth-token"), kNow, random_bytes), 4U);
}

TEST(Store, ANewPassphraseTouchesNoValue) {
  Store store = filled();
  EXPECT_TRUE(store.rewrap(secret("another passphrase"), random_bytes));
  EXPECT_EQ(told_by_store(store.get("mail-relay", 1)), "first-token");
  EXPECT_EQ(Store::open(store.text(), secret("a good passphrase")).error().fault,
            ErrorKind::refused);
  const auto opened = Store::open(store.text(), secret("another passphrase"));
  ASSERT_TRUE(opened);
  EXPECT_EQ(told_by_store(opened->get("mail-relay")), "second-token");
  EXPECT_EQ(told_by_store(opened->get("crm", 1)), "crm-token");
}

TEST(Store, RefusesNamesThatCouldBeMisread) {
  Store store = filled();
  for (const char* name :
       {"", "Mail", "a b", "a/b", "../a", "-a", ".a", "_a", "a\n", "m\xc3\xa4il"}) {
    EXPECT_FALSE(store.put(name, secret("12345678"), kNow, random_bytes)) << name;
  }
  EXPECT_FALSE(valid_name(std::string(65, 'a')));
  EXPECT_TRUE(valid_name("github.app-2_x"));
}

// Without a key: whatever is damaged or cut off is found.
TEST(Store, FindsEveryDamage) {
  const std::string text = filled().text();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(Store::list(text.substr(0, size)).error().fault, ErrorKind::corrupt) << size;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ (1 << (i % 7)));
    const auto listed = Store::list(other);
    // The second digest is about the key: only that finds a flip in it.
    const bool in_seal = i > 84 && i < 149;
    EXPECT_EQ(listed.has_value(), in_seal) << i;
  }
  EXPECT_FALSE(Store::list(text + "\n"));
}

std::string with_digest(const std::string& text, const std::string& body) {
  return text.substr(0, 20) + hex(sha256(body)) + text.substr(84, 66) + body;
}

// An attacker who can write the file, and makes its digest fit.
TEST(Store, FindsEveryEdit) {
  const std::string text = filled().text();
  const std::string body = text.substr(150);
  ASSERT_EQ(with_digest(text, body), text);
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string other = body;
    const std::size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    other.replace(at, from.size(), to);
    const auto store = Store::open(with_digest(text, other), secret("a good passphrase"));
    return store ? "opened" : store.error().message;
  };
  EXPECT_THAT(refused("\"crm\"", "\"crn\""), HasSubstr("a number that was never given"));
  EXPECT_THAT(refused("\"mail-relay\":3", "\"mail-relay\":9"), HasSubstr("the store was edited"));
  EXPECT_THAT(refused("1800000000000000000", "1800000000000000001"), HasSubstr("edited"));
  EXPECT_THAT(refused("\"memory_kib\":65536", "\"memory_kib\":8"), HasSubstr("too cheap"));
  EXPECT_THAT(refused("\"memory_kib\":65536", "\"memory_kib\":4000000000"), HasSubstr("too dear"));
  EXPECT_THAT(refused("\"passes\":3", "\"passes\":1"), HasSubstr("too cheap"));
  EXPECT_THAT(refused("\"passes\":3", "\"passes\":4"), HasSubstr("edited"));
  EXPECT_THAT(refused("\"version\":2", "\"version\":1"), HasSubstr("one version"));
  EXPECT_THAT(refused("\"version\":2", "\"version\":0"),
              HasSubstr("one of its records is invalid"));
  EXPECT_THAT(refused("\"key\":{", "\"key\":{\"x\":1,"), HasSubstr("how its key is made"));
  EXPECT_THAT(refused("{\"key\"", "{\"x\":1,\"key\""), HasSubstr("no records"));
  EXPECT_THAT(refused("{\"key\"", "{\"key\":1,\"key\""), HasSubstr("damaged"));
  EXPECT_EQ(Store::open(text, secret("A good passphrase")).error().fault, ErrorKind::refused);
}

// An attacker who could make the seal fit too: a box opens under its own name and number only.
TEST(Store, ARecordCannotBecomeAnother) {
  const Credential key = secret(std::string(32, 'k'));
  const std::string box =
      encrypt(key, std::string(12, 'n'), "pawl-credentials-v1 value\na\n1", "x");
  EXPECT_FALSE(decrypt(key, box, "pawl-credentials-v1 value\na\n2"));
  EXPECT_FALSE(decrypt(key, box, "pawl-credentials-v1 value\nb\n1"));
  EXPECT_FALSE(decrypt(key, box, "pawl-credentials-v1 key\na\n1"));
}

class StoreFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("pawl-store-" + hex(random_bytes(6)));
    std::filesystem::create_directory(folder_);
    path_ = folder_ / store_name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(StoreFiles, AreReplacedWholeAndReadByTheirOwnerAlone) {
  const auto file = StoreFile::open(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(*file->read(), "");
  EXPECT_EQ(read_store(path_).error().fault, ErrorKind::missing);
  // What a crash in the middle of a write leaves beside it does not count.
  std::ofstream(path_ + ".new") << "half of a st";
  EXPECT_EQ(*file->read(), "");
  ASSERT_TRUE(file->replace("the first text\n"));
  ASSERT_TRUE(file->replace("the second\n"));
  EXPECT_EQ(*read_store(path_), "the second\n");
  struct stat what{};
  ASSERT_EQ(::stat(path_.c_str(), &what), 0);
  EXPECT_EQ(what.st_mode & 07777U, 0600U);
  ::chmod(path_.c_str(), 0640);
  EXPECT_EQ(read_store(path_).error().fault, ErrorKind::refused);
  EXPECT_FALSE(file->read());
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/etc/passwd", path_);
  EXPECT_FALSE(read_store(path_));
}

// A text that cannot be written leaves the old one as it was.
TEST_F(StoreFiles, AFailedWriteLosesNothing) {
  const auto file = StoreFile::open(path_);
  ASSERT_TRUE(file && file->replace("the first text\n"));
  std::filesystem::create_directory(path_ + ".new");
  EXPECT_FALSE(file->replace("the second\n"));
  EXPECT_EQ(*file->read(), "the first text\n");
}

}  // namespace
}  // namespace pawl::secrets
