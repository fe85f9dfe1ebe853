#include <gtest/gtest.h>

#include "base/json.h"

namespace pawl::json {
namespace {

TEST(JsonView, FindsItsWay) {
  const auto document = parse(R"({"s":"text","n":null,"t":true,"i":-5,"u":18446744073709551615,)"
                              R"("d":0.5,"a":[1,"two",[3]],"o":{"x":{"y":1}}})");
  ASSERT_TRUE(document);
  const View root = document->root();
  EXPECT_EQ(root.size(), 8U);
  EXPECT_EQ(root["s"].string(), "text");
  EXPECT_EQ(root.text("s"), "text");
  EXPECT_EQ(root.text("i"), std::nullopt);
  EXPECT_EQ(root.text("none"), std::nullopt);
  EXPECT_TRUE(root["n"].is_null());
  EXPECT_FALSE(root["none"].is_null());
  EXPECT_FALSE(root["none"].exists());
  EXPECT_TRUE(root["t"].boolean());
  EXPECT_EQ(root["i"].integer(), -5);
  EXPECT_EQ(root["u"].natural(), UINT64_MAX);
  EXPECT_EQ(root["d"].number(), 0.5);
  EXPECT_EQ(root["i"].number(), -5.0);
  EXPECT_EQ(root["o"]["x"]["y"].natural(), 1U);
  EXPECT_FALSE(root["s"]["x"]["y"].exists());
  std::string seen;
  for (View element : root["a"].elements()) seen += write(element) + ";";
  EXPECT_EQ(seen, "1;\"two\";[3];");
  std::string names;
  for (const auto& [key, value] : root.members()) names += key;
  EXPECT_EQ(names, "sntiudao");
  for (View element : root["o"].elements()) FAIL() << write(element);
  for (const auto& [key, value] : root["a"].members()) FAIL() << key;
  EXPECT_EQ(View().size(), 0U);
  EXPECT_EQ(View().kind(), Kind::null);
}

TEST(JsonEqual, GoesByValue) {
  const auto same = [](std::string_view a, std::string_view b) {
    return equal(parse(a)->root(), parse(b)->root());
  };
  EXPECT_TRUE(same(R"({"a":1,"b":[2,3]})", R"({"b":[2.0,3e0],"a":10e-1})"));
  EXPECT_TRUE(same("0", "-0.0"));
  EXPECT_TRUE(same("1e17", "100000000000000000"));
  EXPECT_TRUE(same("1e25", "10e24"));
  EXPECT_FALSE(same("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(same("9007199254740993.0", "9007199254740992.0"));
  EXPECT_FALSE(same("[1,2]", "[2,1]"));
  EXPECT_FALSE(same("[1,2]", "[1,2,3]"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"b":1})"));
  EXPECT_FALSE(same(R"({"a":1,"b":2})", R"({"b":1,"a":2})"));
  EXPECT_FALSE(same(R"({"a":1,"c":2})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(same("1", "\"1\""));
  EXPECT_FALSE(same("null", "false"));
  EXPECT_FALSE(same("[]", "{}"));
  EXPECT_TRUE(equal(View(), View()));
  EXPECT_FALSE(equal(View(), parse("null")->root()));
}

}  // namespace
}  // namespace pawl::json
