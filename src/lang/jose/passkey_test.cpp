#include "lang/jose/passkey.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/hash.h"
#include "base/text.h"
#include "lang/jose/tokens_test.h"

namespace pawl::jose {
namespace {

using made::OtherKey;

constexpr std::string_view kOrigin = "https://gate.example:8443";
constexpr std::string_view kSite = "gate.example";
const std::string kChallenge = base64url("a challenge of the node");

const PasskeyAsked kAsked{kChallenge, std::string(kOrigin)};

// An authenticator with one key, as it ought to be; tests make it say something else.
struct Authenticator {
  OtherKey key = OtherKey::ec("P-256", 32);
  std::string site = std::string(kSite), id = std::string(32, 'i');
  std::uint8_t flags = 0x05;
  std::uint32_t count = 7;
  std::string algorithm = "\x26", more, after;

  std::string coordinate(const char* name) const {
    std::string bytes;
    EXPECT_TRUE(unbase64url(key.number(name), bytes));
    return bytes;
  }
  std::string head(std::uint8_t all_flags) const {
    std::string text(bytes_of(sha256(site)));
    text += static_cast<char>(all_flags);
    for (int shift = 24; shift >= 0; shift -= 8) {
      text += static_cast<char>(count >> static_cast<unsigned>(shift) & 0xFFU);
    }
    return text;
  }
  // A COSE key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
  std::string cose() const {
    return std::string("\xa5\x01\x02\x03") + algorithm + std::string("\x20\x01\x21\x58\x20") +
           coordinate("qx") + std::string("\x22\x58\x20") + coordinate("qy");
  }
  std::string makes() const {
    std::string text = head(flags | 0x40) + std::string(16, '\0');
    text += static_cast<char>(id.size() >> 8);
    text += static_cast<char>(id.size() & 0xFF);
    return text + id + cose() + more;
  }
  PasskeySaid says(std::string client) const {
    PasskeySaid said{std::move(client), head(flags) + more, {}};
    const Digest digest = sha256(said.client);
    said.signature =
        key.sign_in_der(said.authenticator + std::string(bytes_of(digest)), "SHA256") + after;
    return said;
  }
};

std::string client_of(std::string_view type, std::string_view challenge = kChallenge,
                      std::string_view origin = kOrigin, std::string_view more = "") {
  return fmt::format(R"({{"type":"webauthn.{}","challenge":"{}","origin":"{}"{}}})", type,
                     challenge, origin, more);
}

Result<Passkey> enrolled(const Authenticator& device) {
  return read_new_passkey(kAsked, client_of("create"), device.makes());
}

TEST(Passkeys, OneIsMadeAndProvesItself) {
  const Authenticator device;
  auto passkey = enrolled(device);
  ASSERT_TRUE(passkey) << to_string(passkey.error());
  EXPECT_EQ(passkey->site, kSite);
  EXPECT_EQ(passkey->id, base64url(device.id));
  passkey->label = "the blue one $ of ada";
  const auto kept = read_passkey(to_string(*passkey));
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, *passkey);
  const auto count = check_passkey(kAsked, *kept, device.says(client_of("get")));
  ASSERT_TRUE(count) << to_string(count.error());
  EXPECT_EQ(*count, 7U);
  const auto more = client_of("get", kChallenge, kOrigin, R"(,"crossOrigin":false,"other":"x")");
  EXPECT_TRUE(check_passkey(kAsked, *kept, device.says(more)));
}

// H11: a page of another port, or inside of another page, has the authenticator sign as well.
TEST(Passkeys, H11WhatAnotherPageHadSignedProvesNothing) {
  const Authenticator device;
  const auto passkey = *enrolled(device);
  for (const std::string& client :
       {client_of("get", kChallenge, "https://gate.example:8444"),
        client_of("get", kChallenge, "https://gate.example"),
        client_of("get", kChallenge, "http://gate.example:8443"),
        client_of("get", kChallenge, "https://evil.example:8443"),
        client_of("get", kChallenge, "https://GATE.example:8443"), client_of("create"),
        client_of("get", base64url("another challenge")), client_of("get", ""),
        client_of("get", kChallenge, kOrigin, R"(,"crossOrigin":true)"),
        client_of("get", kChallenge, kOrigin, R"(,"crossOrigin":"no")"),
        client_of("get", kChallenge, kOrigin, R"(,"topOrigin":"https://evil.example")"),
        client_of("get", kChallenge, kOrigin, R"(,"type":"webauthn.get")"), std::string("[]"),
        std::string()}) {
    EXPECT_FALSE(check_passkey(kAsked, passkey, device.says(client))) << client;
  }
  // A page of another port asks for itself, with the same passkey: it is another origin's.
  const PasskeyAsked other{kChallenge, "https://evil.example:8443"};
  const auto theirs = client_of("get", kChallenge, "https://evil.example:8443");
  EXPECT_FALSE(check_passkey(other, passkey, device.says(theirs)));
}

TEST(Passkeys, NoPersonThereNoPersonRecognisedOrAnotherSite) {
  Authenticator device;
  const auto passkey = *enrolled(device);
  const auto proves = [&] {
    return check_passkey(kAsked, passkey, device.says(client_of("get"))).has_value();
  };
  EXPECT_TRUE(proves());
  for (const int flags : {0x00, 0x01, 0x04, 0x15, 0x45, 0x85}) {
    device.flags = static_cast<std::uint8_t>(flags);
    EXPECT_FALSE(proves()) << flags;
    if (flags != 0x45) {
      EXPECT_FALSE(enrolled(device)) << flags;
    }
  }
  device.flags = 0x1d;
  EXPECT_TRUE(proves()) << "a passkey that is elsewhere too";
  device.flags = 0x85;
  device.more = "\xa1\x61\x61\xf5";
  EXPECT_TRUE(proves()) << "with an extension";
  device.more += '\x01';
  EXPECT_FALSE(proves());
  device.flags = 0x05;
  device.more.clear();
  EXPECT_TRUE(proves());
  device.site = "evil.example";
  EXPECT_FALSE(proves());
  EXPECT_FALSE(enrolled(device));
}

TEST(Passkeys, ASignatureIsOneOfThisKeyOverAllOfIt) {
  Authenticator device;
  const auto passkey = *enrolled(device);
  auto said = device.says(client_of("get"));
  for (std::size_t at = 0; at < said.authenticator.size(); ++at) {
    auto changed = said;
    changed.authenticator[at] = static_cast<char>(changed.authenticator[at] ^ 0x01);
    EXPECT_FALSE(check_passkey(kAsked, passkey, changed)) << at;
  }
  auto spaced = said;
  spaced.client += ' ';
  EXPECT_FALSE(check_passkey(kAsked, passkey, spaced));
  device.after = "x";
  EXPECT_FALSE(check_passkey(kAsked, passkey, device.says(client_of("get"))));
  Authenticator other;
  EXPECT_FALSE(check_passkey(kAsked, passkey, other.says(client_of("get"))));
  said.signature.clear();
  EXPECT_FALSE(check_passkey(kAsked, passkey, said));
}

TEST(Passkeys, AnEnrolmentIsOfTheFormThatIsKnown) {
  Authenticator device;
  device.algorithm = "\x27";  // EdDSA
  EXPECT_FALSE(enrolled(device));
  device.algorithm = "\x26";
  device.more = "x";
  EXPECT_FALSE(enrolled(device));
  device.more.clear();
  device.id = "short";
  EXPECT_FALSE(enrolled(device));
  device.id = std::string(32, 'i');
  EXPECT_FALSE(read_new_passkey(kAsked, client_of("get"), device.makes()));
  const std::string whole = device.makes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_new_passkey(kAsked, client_of("create"), whole.substr(0, size))) << size;
  }
}

TEST(Passkeys, ASiteIsANameAndNoAddress) {
  EXPECT_EQ(site_of("http://localhost:8443"), "localhost");
  EXPECT_EQ(site_of("https://Gate1.example"), "gate1.example");
  EXPECT_EQ(site_of("https://node1"), "node1");
  for (const char* none : {"http://127.0.0.1:8443", "http://[::1]:8443", "https://gate.example.",
                           "https://", "gate.example", "https://a_b.example", ""}) {
    EXPECT_EQ(site_of(none), "") << none;
  }
}

TEST(Passkeys, WhatIsKeptIsReadStrictly) {
  auto passkey = *enrolled(Authenticator());
  const std::string text = to_string(passkey);
  EXPECT_TRUE(read_passkey(text));
  EXPECT_FALSE(read_passkey(text + "$"));
  EXPECT_FALSE(read_passkey(text.substr(1)));
  EXPECT_FALSE(read_passkey("argon2id$x"));
  passkey.site = "127.0.0.1";
  EXPECT_FALSE(read_passkey(to_string(passkey)));
  passkey.site = kSite;
  std::swap(passkey.x, passkey.y);
  EXPECT_FALSE(read_passkey(to_string(passkey))) << "not on the curve";
}

}  // namespace
}  // namespace pawl::jose
