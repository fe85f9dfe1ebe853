#include "lang/jose/cbor.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace pawl::jose {
namespace {

std::string from_hex(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(unhex(text, bytes)) << text;
  return bytes;
}

// The examples of RFC 8949, appendix A, that are of the strict form.
TEST(Cbor, ExamplesOfTheStandard) {
  const auto number = [](std::string_view bytes) {
    const auto read = read_cbor(from_hex(bytes));
    EXPECT_TRUE(read) << bytes;
    EXPECT_EQ(read->value.kind, Cbor::Kind::number);
    EXPECT_EQ(read->size, bytes.size() / 2);
    return read->value.number;
  };
  EXPECT_EQ(number("00"), 0);
  EXPECT_EQ(number("17"), 23);
  EXPECT_EQ(number("1818"), 24);
  EXPECT_EQ(number("1903e8"), 1000);
  EXPECT_EQ(number("1a000f4240"), 1000000);
  EXPECT_EQ(number("1b000000e8d4a51000"), 1000000000000);
  EXPECT_EQ(number("20"), -1);
  EXPECT_EQ(number("3903e7"), -1000);
  EXPECT_EQ(read_cbor(from_hex("4401020304"))->value.text, "\x01\x02\x03\x04");
  EXPECT_EQ(read_cbor(from_hex("62c3bc"))->value.text, "ü");
  EXPECT_EQ(read_cbor(from_hex("f6"))->value.kind, Cbor::Kind::nothing);
  EXPECT_EQ(read_cbor(from_hex("f5"))->value.number, 1);
  const auto map = read_cbor(from_hex("a201020304"));
  ASSERT_TRUE(map);
  EXPECT_EQ(map->value.find(3)->number, 4);
  EXPECT_EQ(map->value.find(2), nullptr);
  EXPECT_EQ(read_cbor(from_hex("8301820203820405"))->value.items[1].items[1].number, 3);
}

TEST(Cbor, WhatCouldBeWrittenInAnotherWayIsRefused) {
  for (const std::string_view bytes : {
           "",
           "1817",
           "190017",
           "1a0000ffff",
           "1b00000000ffffffff",  // longer than it has to be
           "1bffffffffffffffff",
           "3bffffffffffffffff",  // beyond what is counted here
           "5f42010243030405ff",
           "9fff",
           "bf6161f5ff",                                    // lengths that come later
           "c074323031332d30332d32315432303a30343a30305a",  // a tag
           "f90000",
           "fb3ff199999999999a",
           "f7",
           "f0",
           "f8ff",  // fractions, and simple others
           "a2010201",
           "a1",
           "a201020102",
           "a1f500",
           "a14100f5",  // maps
           "44010203",
           "61ff",
           "1c",
           "ff",
       }) {
    EXPECT_FALSE(read_cbor(from_hex(bytes))) << bytes;
  }
}

TEST(Cbor, DepthAndNumberOfValuesAreBounded) {
  EXPECT_TRUE(read_cbor(std::string(6, '\x81') + '\x01'));
  EXPECT_FALSE(read_cbor(std::string(7, '\x81') + '\x01'));
  EXPECT_FALSE(read_cbor(std::string("\x98\xc8") + std::string(200, '\x01')));
  EXPECT_FALSE(read_cbor(std::string("\x9b\x7f", 2) + std::string(7, '\xff')));
  EXPECT_FALSE(read_cbor(std::string(cbor_bytes_max + 1, '\x01')));
}

TEST(Cbor, WhatFollowsIsLeftToTheReader) {
  const auto read = read_cbor(from_hex("0102"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size, 1U);
}

}  // namespace
}  // namespace pawl::jose
