#include "doors/mcp/protocol/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doors/mcp/protocol/unreadable.h"

namespace pawl::mcp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

// Why a line of either side is refused; empty: it is not.
std::string refusal(Side side, std::string_view line) {
  json::Parser parser;
  json::Document document;
  const auto message = read_message(line, side, parser, document);
  return message ? std::string() : message.error().message;
}

TEST(ReadMessage, RefusesANameThatStandsTwiceFromEitherSide) {
  std::string many = "\"a\":0";
  for (int i = 0; i < 200; ++i) many += ",\"m" + std::to_string(i) + "\":0";
  std::string deep = R"({"x":1,"x":2})";
  for (int i = 0; i < 60; ++i) deep = R"({"in":[)" + deep + "]}";
  for (const std::string& result :
       {std::string(R"({"tools":[],"tools":[1]})"), std::string(R"({"tools":[],"\u0074ools":[1]})"),
        std::string(R"({"tools":[{"name":"a","description":"x","description":"y"}]})"),
        std::string(R"({"content":[],"structuredContent":{"a":{"b":1,"b":1}}})"),
        std::string(R"({"_meta":{"":1,"":2}})"), std::string(R"([[{"é":1,"\u00e9":2}]])"),
        "{" + many + ",\"\\u0061\":1}", deep}) {
    for (const std::string& line :
         {R"({"jsonrpc":"2.0","id":1,"result":)" + result + "}",
          R"({"jsonrpc":"2.0","id":1,"error":)" + result + "}",
          R"({"jsonrpc":"2.0","method":"m","params":{"p":)" + result + "}}",
          R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"p":)" + result + "}}"}) {
      EXPECT_NE(refusal(Side::server, line), "") << line;
      EXPECT_NE(refusal(Side::client, line), "") << line;
    }
  }
  EXPECT_EQ(refusal(Side::server, R"({"jsonrpc":"2.0","id":1,"result":{"x":{"a":1,"a":2}}})"),
            "a name stands twice in one object: `a`");
  for (const char* line : {R"({"jsonrpc":"2.0","id":1,"result":{},"result":{}})",
                           R"({"jsonrpc":"2.0","id":1,"id":2,"result":{}})",
                           R"({"jsonrpc":"2.0","id":1,"result":{},"re\u0073ult":{}})",
                           R"({"jsonrpc":"2.0","method":"a","method":"b"})"}) {
    EXPECT_NE(refusal(Side::server, line), "") << line;
  }
}

TEST(ReadMessage, TakesTheDataOfAServerAsItIs) {
  std::string many = "\"a\":0";
  for (int i = 0; i < 200; ++i) many += ",\"m" + std::to_string(i) + "\":0";
  for (const std::string& result :
       {std::string(R"({"a":1,"A":2,"b":{"a":1},"c":[{"a":1},{"a":2}]})"),
        std::string(R"({"n":1e400,"m":0.12345678901234567890123,"i":99999999999999999999})"),
        "{" + many + "}", std::string(R"({"text":"{\"a\":1,\"a\":2}"})")}) {
    EXPECT_EQ(refusal(Side::server, R"({"jsonrpc":"2.0","id":1,"result":)" + result + "}"), "");
  }
}

TEST(MeantFor, NamesEveryRequestThatMayWaitHoweverItIsSpelled) {
  const auto ids = [](std::string_view line) { return meant_for(line).ids; };
  EXPECT_THAT(ids(R"({"id":7,"result":{"a":1,"a":2}})"), ElementsAre("7"));
  EXPECT_THAT(ids(R"({"id":7,"\u0069d":8,"result":{}})"), ElementsAre("7", "8"));
  EXPECT_TRUE(meant_for(R"({"\u0069d":8,"re\u0073ult":{},"result":{}})").answer);
  EXPECT_FALSE(meant_for(R"({"\u0069d":8,"result":{}})").question);
  EXPECT_THAT(ids(R"({"id":null,"result":{"id":3}})"), IsEmpty());
  const MeantFor asked = meant_for(R"({"id":"q","meth\u006fd":"a","params":{"b":1,"b":2}})");
  EXPECT_TRUE(asked.question && !asked.answer);
  EXPECT_THAT(asked.ids, ElementsAre(R"("q")"));
  EXPECT_FALSE(meant_for(R"({"method":"a","params":{"b":1,"b":2}})").question);
}

// An id is sent back as it stands, so what is not JSON names no request.
TEST(MeantFor, NamesNoRequestByWhatIsNoId) {
  for (const char* id : {"tools/list", "[1]", "{}", "true", "2.5", R"("\ud800")", "01"}) {
    const std::string line = R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"ping"})";
    EXPECT_THAT(meant_for(line).ids, IsEmpty()) << line;
  }
}

}  // namespace
}  // namespace pawl::mcp
