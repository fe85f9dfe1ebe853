#include "doors/mcp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::mcp {
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

std::optional<std::string> cancelled_by(std::string_view params) {
  return key_of_cancelled(json::parse(params)->root());
}

TEST(Cancelled, NamesARequestByItsIdInAnySpelling) {
  EXPECT_EQ(cancelled_by(R"({"requestId":7})"), key_of("7"));
  EXPECT_EQ(cancelled_by(R"({"requestId":"\u0061"})"), key_of(R"("a")"));
  EXPECT_NE(cancelled_by(R"({"requestId":"7"})"), cancelled_by(R"({"requestId":7})"));
  EXPECT_EQ(cancelled_by(R"({"requestId":""})"), key_of(R"("")"));
  for (const char* none : {"{}", "[]", R"({"requestId":null})", R"({"requestId":1.5})",
                           R"({"requestId":[7]})", R"({"requestId":{"id":7}})"}) {
    EXPECT_EQ(cancelled_by(none), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace pawl::mcp
