#include "io/journal/note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace pawl::journal {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

NodeKey key(std::string_view name = "log.example/node") {
  auto made = NodeKey::from_seed(name, std::string(32, 'k'));
  EXPECT_TRUE(made.has_value());
  return std::move(*made);
}

Checkpoint checkpoint() {
  return {"log.example/node", 42, sha256("root")};
}

TEST(Note, ASignedCheckpointReadsBack) {
  const std::string note = key().sign(checkpoint());
  EXPECT_THAT(note, StartsWith("log.example/node\n42\n" + base64(bytes_of(checkpoint().root)) +
                               "\n\n\xe2\x80\x94 log.example/node "));
  const auto read = key().public_key().verify(note);
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(*read, checkpoint());
}

TEST(Note, KeysReadBackInTheirSpelling) {
  const NodeKey made = key();
  EXPECT_THAT(made.text(), StartsWith("PRIVATE+KEY+log.example/node+"));
  const auto again = NodeKey::parse(made.text() + "\n");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->text(), made.text());
  const auto open = PublicKey::parse(made.public_key().text());
  ASSERT_TRUE(open.has_value());
  EXPECT_EQ(open->text(), made.public_key().text());
  EXPECT_TRUE(open->verify(again->sign(checkpoint())).has_value());
}

// RFC 8032, section 7.1, the first test: this secret has this public key.
TEST(Note, TheKeyIsEd25519) {
  std::string seed;
  std::string expected;
  ASSERT_TRUE(unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed));
  ASSERT_TRUE(unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", expected));
  const auto made = NodeKey::from_seed("rfc8032", seed);
  ASSERT_TRUE(made.has_value());
  EXPECT_THAT(made->public_key().text(), HasSubstr(base64("\x01" + expected)));
}

TEST(Note, EveryChangedByteIsRefused) {
  const NodeKey made = key();
  const std::string note = made.sign(checkpoint());
  for (std::size_t at = 0; at < note.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = note;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(made.public_key().verify(changed).has_value()) << at << " " << bit;
    }
    EXPECT_FALSE(made.public_key().verify(note.substr(0, at)).has_value()) << at;
  }
  EXPECT_FALSE(made.public_key().verify(note + "\n").has_value());
  EXPECT_FALSE(made.public_key().verify("x" + note).has_value());
}

TEST(Note, AnotherKeyOfTheSameNameIsRefused) {
  const auto other = NodeKey::from_seed("log.example/node", std::string(32, 'o'));
  const auto read = key().public_key().verify(other->sign(checkpoint()));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().fault, ErrorKind::corrupt);
  EXPECT_THAT(read.error().message, HasSubstr("signed by another key"));
}

TEST(Note, NumbersHaveOneSpelling) {
  const NodeKey made = key();
  for (const char* size : {"042", "+42", " 42", "42 ", "0x2a", "", "-1", "18446744073709551616"}) {
    std::string note = made.sign(checkpoint());
    note.replace(note.find("42"), 2, size);
    EXPECT_FALSE(made.public_key().verify(note).has_value()) << size;
  }
}

TEST(Note, NamesWithoutBlankAndPlus) {
  for (const char* good : {"a", "log.example/node-1", "pawl-00ff"}) EXPECT_TRUE(valid_origin(good));
  for (const char* bad : {"", "a b", "a+b", "a\nb", "\x7f", "\xc3\xa9"}) {
    EXPECT_FALSE(valid_origin(bad)) << bad;
    EXPECT_FALSE(NodeKey::from_seed(bad, std::string(32, 'k')).has_value());
  }
  EXPECT_FALSE(valid_origin(std::string(origin_bytes_max + 1, 'a')));
}

TEST(Note, DamagedKeysAreRefused) {
  const std::string secret = key().text();
  const std::string open = key().public_key().text();
  for (std::size_t at = 0; at < open.size(); ++at) {
    std::string changed = open;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto read = PublicKey::parse(changed);
    // The name is part of the hash, so no changed key reads back.
    EXPECT_FALSE(read.has_value()) << at;
  }
  for (std::size_t at = 0; at < secret.size(); ++at) {
    std::string changed = secret;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(NodeKey::parse(changed).has_value()) << at;
  }
  EXPECT_FALSE(NodeKey::parse(open).has_value());
  EXPECT_FALSE(PublicKey::parse(secret).has_value());
}

}  // namespace
}  // namespace pawl::journal
