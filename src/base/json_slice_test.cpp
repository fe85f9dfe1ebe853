#include "base/json_slice.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::json {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> values_of(std::string_view text) {
  std::vector<std::string> out;
  for (const Slice& slice : top_level(text)) {
    out.push_back(std::string(slice.key) + "=" + std::string(slice.value));
  }
  return out;
}

TEST(TopLevel, FindsTheEndOfTextsWithEscapes) {
  EXPECT_THAT(values_of(R"({"a":"plain","b":2})"), ElementsAre(R"(a="plain")", "b=2"));
  EXPECT_THAT(values_of(R"({"a":"\"","b":2})"), ElementsAre(R"(a="\"")", "b=2"));
  EXPECT_THAT(values_of(R"({"a":"\\","b":"\\\""})"), ElementsAre(R"(a="\\")", R"(b="\\\"")"));
  EXPECT_THAT(values_of(R"({"a":"\n\"}{\"","b":[{"c":"]\\"}],"d":{}})"),
              ElementsAre(R"(a="\n\"}{\"")", R"(b=[{"c":"]\\"}])", "d={}"));
  EXPECT_THAT(values_of(R"({"a":"","b":"\u0022"})"), ElementsAre(R"(a="")", R"(b="\u0022")"));
}

TEST(TopLevel, EndsWithTheTextWhereATextDoesNotEnd) {
  EXPECT_THAT(values_of(R"({"a":"never)"), ElementsAre(R"(a="never)"));
  EXPECT_THAT(values_of("{\"a\":\"never\\"), ElementsAre("a=\"never\\"));
  EXPECT_THAT(values_of("{\"a\":\"never\\\""), ElementsAre("a=\"never\\\""));
  EXPECT_THAT(values_of("no object"), IsEmpty());
}

// A long text of escapes with its end far away is gone over once, not once for each escape.
TEST(TopLevel, GoesOverALongTextOfEscapesOnce) {
  std::string escapes;
  for (int i = 0; i < 2'000'000; ++i) escapes += "\\\"";
  const std::string text = "{\"a\":\"" + escapes + "\",\"b\":1}";
  const std::vector<Slice> slices = top_level(text);
  ASSERT_EQ(slices.size(), 2U);
  EXPECT_EQ(slices[0].value.size(), escapes.size() + 2);
  EXPECT_EQ(slices[1].value, "1");
}

TEST(ElementsOf, GivesTheFirstSoMany) {
  EXPECT_THAT(elements_of(R"([1, "a,]" ,{"b":[2]}])", 9),
              ElementsAre("1", R"("a,]")", R"({"b":[2]})"));
  EXPECT_THAT(elements_of("[1,2,3]", 2), ElementsAre("1", "2"));
  EXPECT_THAT(elements_of("[]", 2), IsEmpty());
}

}  // namespace
}  // namespace pawl::json
