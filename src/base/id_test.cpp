#include "base/id.h"

#include <gtest/gtest.h>

#include <set>

#include "base/hash.h"

namespace pawl {
namespace {

TEST(Id, SpellsFiveBytesWithEightCharacters) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(make_id("r", "\0\0\0\0\0"sv), "r-00000000");
  EXPECT_EQ(make_id("r", "\xff\xff\xff\xff\xff"sv), "r-zzzzzzzz");
  EXPECT_EQ(make_id("r", "\x08\x86\x42\x98\xe8"sv), "r-12345678");
  EXPECT_EQ(make_id("ap", "\0\0\0\0\x01\0\0\0\0\x02"sv), "ap-0000000100000002");
}

TEST(Id, WhatIsMadeIsValidAndDiffers) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = make_id("r", random_bytes(10));
    EXPECT_TRUE(valid_id("r", id)) << id;
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

TEST(Id, RefusesOtherForms) {
  EXPECT_TRUE(valid_id("r", "r-7k2m9xq4"));
  for (const char* text : {"", "r", "r-", "7k2m9xq4", "q-7k2m9xq4", "r-7k2m9xq", "r-7k2m9xq45",
                           "r-7K2M9XQ4", "r-7k2m9xql", "r-7k2m9xqi", "r-7k2m9xqo", "r-7k2m9xqu",
                           "r-7k2m 9xq", "r7k2m9xq4", "rr-7k2m9xq4"}) {
    EXPECT_FALSE(valid_id("r", text)) << text;
  }
  EXPECT_FALSE(valid_id("r", "r-" + std::string(72, '0')));
}

}  // namespace
}  // namespace pawl
