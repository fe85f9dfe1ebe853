#include "io/http/reach.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace pawl::http {
namespace {

struct Address {
  explicit Address(const std::string& text) {
    if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
      four.sin_family = AF_INET;
      is_four = true;
    } else {
      EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr), 1) << text;
      six.sin6_family = AF_INET6;
    }
  }
  const sockaddr& get() const {
    return is_four ? reinterpret_cast<const sockaddr&>(four)
                   : reinterpret_cast<const sockaddr&>(six);
  }
  sockaddr_in four{};
  sockaddr_in6 six{};
  bool is_four = false;
};

AddressKind kind(const std::string& text) {
  return kind_of(Address(text).get());
}

TEST(Reach, KnowsPublicAddresses) {
  for (const char* text : {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1",
                           "172.32.0.1", "169.253.0.1", "223.255.255.255", "168.63.129.17",
                           "2606:4700::1", "2a00::1", "2001:4860::8888"}) {
    EXPECT_EQ(kind(text), AddressKind::global) << text;
  }
}

TEST(Reach, KnowsThisMachineAndPrivateNetworks) {
  for (const char* text : {"127.0.0.1", "127.255.0.1", "::1"}) {
    EXPECT_EQ(kind(text), AddressKind::loopback) << text;
  }
  for (const char* text : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
                           "198.18.0.1", "198.19.255.255", "fc00::1", "fd12::1"}) {
    EXPECT_EQ(kind(text), AddressKind::local) << text;
  }
}

TEST(Reach, KnowsWhereCredentialsAreHandedOut) {
  for (const char* text : {"169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16",
                           "192.0.0.192", "fe80::1", "febf::1", "fd00:ec2::254", "fd20:ce::254"}) {
    EXPECT_EQ(kind(text), AddressKind::metadata) << text;
  }
}

// With another address inside, or an unassigned one.
TEST(Reach, KnowsAddressesThatAreNone) {
  for (const char* text : {"0.0.0.0",         "0.1.2.3",
                           "224.0.0.1",       "240.0.0.1",
                           "255.255.255.255", "192.0.2.1",
                           "198.51.100.1",    "203.0.113.1",
                           "192.88.99.1",     "::",
                           "::ffff:1.1.1.1",  "::ffff:169.254.169.254",
                           "::127.0.0.1",     "64:ff9b::a9fe:a9fe",
                           "64:ff9b:1::1",    "2002:a9fe:a9fe::1",
                           "2001::1",         "2001:10::1",
                           "2001:db8::1",     "3fff::1",
                           "ff02::1",         "fec0::1",
                           "100::1",          "::ffff:0:7f00:1",
                           "5f00::1"}) {
    EXPECT_EQ(kind(text), AddressKind::forbidden) << text;
  }
  const sockaddr unix_address{.sa_family = AF_UNIX, .sa_data = {}};
  EXPECT_EQ(kind_of(unix_address), AddressKind::forbidden);
}

bool allowed(const Reach& reach, const std::string& host, const std::string& address,
             std::uint16_t port = 443) {
  return check_address(reach, host, port, Address(address).get()).has_value();
}

TEST(Reach, ReachesWhatIsListed) {
  const Reach nothing;
  EXPECT_FALSE(allowed(nothing, "a.example", "1.1.1.1"));
  const Reach some{.hosts = {"a.example", "b.example:8443"},
                   .private_hosts = {"inside.example"},
                   .any_public_host = false};
  EXPECT_TRUE(allowed(some, "A.example", "1.1.1.1"));
  EXPECT_FALSE(allowed(some, "b.example", "1.1.1.1"));
  EXPECT_TRUE(allowed(some, "b.example", "1.1.1.1", 8443));
  EXPECT_FALSE(allowed(some, "a.example.evil.example", "1.1.1.1"));
  EXPECT_FALSE(allowed(some, "a.example.", "1.1.1.1"));
  EXPECT_TRUE(allowed(some, "inside.example", "10.0.0.1"));
  EXPECT_TRUE(allowed(some, "inside.example", "127.0.0.1"));
  EXPECT_TRUE(allowed(some, "inside.example", "1.1.1.1"));
}

// The name is right, and what it resolves to is not.
TEST(Reach, JudgesTheAddressNotTheName) {
  const Reach reach{.hosts = {}, .private_hosts = {"inside.example"}, .any_public_host = true};
  EXPECT_TRUE(allowed(reach, "any.example", "1.1.1.1"));
  for (const char* text : {"127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(allowed(reach, "any.example", text)) << text;
  }
  for (const char* text :
       {"169.254.169.254", "100.100.100.200", "::ffff:10.0.0.1", "fe80::1", "64:ff9b::a00:1"}) {
    EXPECT_FALSE(allowed(reach, "inside.example", text)) << text;
  }
}

}  // namespace
}  // namespace pawl::http
