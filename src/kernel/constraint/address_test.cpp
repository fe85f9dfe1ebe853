#include "kernel/constraint/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about

TEST(Address, OnlyTheCanonicalSpelling) {
  for (const char* text :
       {"0.0.0.0", "255.255.255.255", "10.0.0.1", "::", "::1", "1::", "2001:db8::1",
        "2001:db8:0:1::", "1:2:3:4:5:6:7:8", "fe80::1:0:0:1", "0:1::"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
  for (const char* text : {"",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "01.2.3.4",
                           "1.2.3.04",
                           "256.1.1.1",
                           "1.2.3.4 ",
                           "0x1.2.3.4",
                           "1.2.3.-4",
                           "1..2.3",
                           ":",
                           ":::",
                           "1:::2",
                           "::1::",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7::",
                           "::1:2:3:4:5:6:7:8",
                           "2001:DB8::1",
                           "2001:0db8::1",
                           "::00001",
                           "fe80::1%eth0",
                           "::ffff:1.2.3.4",
                           "::ffff:102:304",
                           "::1.2.3.4",
                           "[::1]",
                           "0::",
                           "::0",
                           "1:",
                           ":1"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, AgreesWithTheSystemOnRandomAddresses) {
  std::mt19937 random(11);
  for (int round = 0; round < 5000; ++round) {
    std::array<unsigned char, 16> bytes{};
    for (unsigned char& byte : bytes) {
      byte = random() % 3 == 0 ? static_cast<unsigned char>(random()) : std::uint8_t{0};
    }
    bytes[0] = 0x20;  // none of the forms that embed IPv4
    std::array<char, INET6_ADDRSTRLEN> text{};
    ASSERT_NE(inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()), nullptr);
    const auto address = parse_address(text.data());
    ASSERT_TRUE(address) << text.data();
    EXPECT_EQ(address->bytes, bytes);
  }
}

TEST(Cidr, AddressesAndRangesInside) {
  const Check cidr = texts(CheckKind::cidr, {"10.0.0.0/8", "192.0.2.7", "2001:db8::/32"});
  for (const char* text : {"10.1.2.3", "10.0.0.0/8", "10.128.0.0/9", "192.0.2.7", "192.0.2.7/32",
                           "2001:db8::1", "2001:db8:1::/48"}) {
    EXPECT_TRUE(accepts(cidr, text)) << text;
  }
  for (const char* text :
       {"11.0.0.1", "10.0.0.0/7", "0.0.0.0/0", "::/0", "192.0.2.8", "192.0.2.0/24", "10.0.0.1/8",
        "10.0.0.0/08", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "2001:db9::1", "2001:db8::/31",
        "010.0.0.1", "10.0.0.1 ", "::ffff:10.0.0.1", "167772161", "10.1", ""}) {
    EXPECT_FALSE(accepts(cidr, text)) << text;
  }
}

TEST(Cidr, RangesThatAreNone) {
  for (const char* text : {"10.0.0.1/8", "10.0.0.0/33", "x", "", "2001:DB8::/32"}) {
    Check check = check_of(CheckKind::cidr);
    check.texts = {text};
    EXPECT_FALSE(compile(check)) << text;
  }
}

}  // namespace
}  // namespace pawl
