#include "doors/mcp/protocol/unreadable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "doors/mcp/protocol/requests.h"

namespace pawl::mcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Said {
  json::Parser parser;
  json::Document document;
  std::string line, mended;
  std::string wrong;
  Message message;

  explicit Said(std::string text) : line(std::move(text)) {
    std::string_view view = line;
    const auto read = read_server_message(view, mended, parser, document);
    if (read) message = *read;
    wrong = read ? "" : read.error().message;
  }
};

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

std::string listed(const std::string& tools) {
  return R"({"jsonrpc":"2.0","id":2,"result":{"tools":[)" + tools + "]}}";
}

TEST(ReadSaid, ReadsATextWhoseCharactersAreWrong) {
  for (const char* text : {R"(half \ud83d)", "caf\xE9", "tab\there", R"(\ude00 other half)"}) {
    const Said said(R"({"jsonrpc":"2.0","id":3,"result":{"text":")" + std::string(text) + "\"}}");
    EXPECT_EQ(said.wrong, "") << text;
    EXPECT_EQ(said.message.id, "3");
    // What is passed on as it came is a text as well.
    EXPECT_TRUE(json::parse(said.message.result_text)) << said.message.result_text;
  }
  EXPECT_EQ(Said(R"({"jsonrpc":"2.0","id":3,"result":{}})").mended, "");
  EXPECT_EQ(Said("\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}").wrong, "");
}

TEST(ReadSaid, AMemberThatIsNullBesideTheOtherIsNotThere) {
  const Said result(R"({"jsonrpc":"2.0","id":3,"result":{"a":1},"error":null})");
  EXPECT_EQ(result.message.kind, MessageKind::result);
  EXPECT_EQ(result.message.result_text, R"({"a":1})");
  const Said error(R"({"jsonrpc":"2.0","result":null,"error":{"code":1,"message":"m"},"id":3})");
  EXPECT_EQ(error.message.kind, MessageKind::error);
  EXPECT_EQ(error.message.error_text, R"({"code":1,"message":"m"})");
}

TEST(ReadSaid, RefusesWhatIsNoAnswer) {
  for (const char* wrong :
       {R"({"jsonrpc":"2.0","id":3,"result":{},"error":{"code":1,"message":"m"}})",
        R"({"jsonrpc":"2.0","id":3,"result":null})", R"({"jsonrpc":"2.0","id":3,"result":[]})",
        R"({"jsonrpc":"2.0","id":3,"result":"done"})", R"({"id":3,"result":{}})",
        R"({"jsonrpc":"2.0","id":null,"error":{}})", R"([{"jsonrpc":"2.0","id":3,"result":{}}])",
        R"({"jsonrpc":"2.0","id":3,"result":{"n":NaN}})", ""}) {
    EXPECT_NE(Said(wrong).wrong, "") << wrong;
  }
  // A client is read as strictly as ever.
  json::Parser parser;
  json::Document document;
  EXPECT_FALSE(read_message(R"({"jsonrpc":"2.0","id":3,"result":{},"error":null})", Side::client,
                            parser, document));
}

TEST(OwnId, IsTheSameNumberInAnySpelling) {
  for (const char* three : {"3", "3.0", "3e0", "0.3e1", "30e-1", R"("3")", R"("\u0033")"}) {
    EXPECT_EQ(own_id(three), 3U) << three;
  }
  for (const char* none : {"", "-3", "3.5", "null", "true", "[3]", R"("03")", R"("3.0")", R"(" 3")",
                           R"("three")", R"("")", "03", "99999999999999999999", "3 4"}) {
    EXPECT_EQ(own_id(none), std::nullopt) << none;
  }
}

TEST(MeantFor, FindsTheIdsOfAnAnswerThatCannotBeRead) {
  for (const char* line :
       {R"({"jsonrpc":"2.0","id":3,"result":{"n":NaN}})", R"({"id":3,"result":{}})",
        R"( {"result":1,"id":3})", R"({"jsonrpc":"2.0","id":3,"result":{"a":)",
        R"({"jsonrpc":"2.0","id":3,"result":{},"error":{"code":1,"message":"m"}})",
        R"({"jsonrpc":"2.0","id":3,"result":{}} and more)",
        R"({"jsonrpc":"2.0","id":3,"time":7,"result":{}})",
        R"([{"jsonrpc":"2.0","id":3,"result":{}}])"}) {
    const MeantFor meant = meant_for(line);
    EXPECT_TRUE(meant.answer) << line;
    EXPECT_THAT(meant.ids, ElementsAre("3")) << line;
  }
}

TEST(MeantFor, TakesNothingElseForAnAnswer) {
  for (const char* line :
       {"", "listening on 3", R"(answered {"jsonrpc":"2.0","id":3,"result":{}})",
        R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{}})",
        R"({"jsonrpc":"2.0","id":3,"method":"x","result":{}})",
        R"({"level":"info","id":3,"error":"none"})", R"({"jsonrpc":"2.0","id":3})",
        R"([info] {"jsonrpc":"2.0","id":3,"result":{}})", "[1,2,3]", "{", "{\"", "[", "\""}) {
    EXPECT_FALSE(meant_for(line).answer) << line;
  }
}

TEST(MeantFor, OfTheBeginningOnlyWholeMembersCount) {
  const MeantFor cut = meant_for(R"({"jsonrpc":"2.0","id":31)", OfLine::beginning);
  EXPECT_THAT(cut.ids, IsEmpty());
  const MeantFor late = meant_for(R"({"result":{"text":"xxxx)", OfLine::beginning);
  EXPECT_TRUE(late.answer);
  EXPECT_THAT(late.ids, IsEmpty());
  const MeantFor soon =
      meant_for(R"({"jsonrpc":"2.0","id":3,"result":{"text":"xxx)", OfLine::beginning);
  EXPECT_TRUE(soon.answer);
  EXPECT_THAT(soon.ids, ElementsAre("3"));
}

// A line is as long as a message may be, and has as many parts as fit.
TEST(MeantFor, HoldsNoMoreOfALineThanAMessageHas) {
  std::string many = "{";
  for (int i = 0; i < 1'000'000; ++i) many += "\"\":0,";
  EXPECT_FALSE(meant_for(many + R"("id":3,"result":{}})").answer);
  std::string batch = "[0";
  for (int i = 0; i < 1'000'000; ++i) batch += ",0";
  EXPECT_FALSE(meant_for(batch + R"(,{"id":3,"result":{}}])").answer);
  std::string tools = "{}";
  for (int i = 0; i < 30'000; ++i) tools += ",{}";
  EXPECT_FALSE(without_deep_tools(listed(tools + R"(,{"x":)" + nested(200) + "}")));
}

TEST(WithoutDeepTools, LeavesOutThoseAndNoOther) {
  const std::string fine = R"({"name":"fine","inputSchema":{"type":"object"}})";
  const std::string deep = R"({"name":"deep","x":)" + nested(200) + "}";
  const auto shortened = without_deep_tools(listed(fine + " , " + deep + "," + fine));
  ASSERT_TRUE(shortened);
  EXPECT_EQ(shortened->line, listed(fine + "," + fine));
  EXPECT_THAT(shortened->left_out, ElementsAre("deep"));
  EXPECT_EQ(Said(shortened->line).wrong, "");
  const auto none = without_deep_tools(listed(deep));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->line, listed(""));
}

TEST(WithoutDeepTools, IsForListsThatAreJsonAndTooDeep) {
  EXPECT_FALSE(without_deep_tools(listed(R"({"name":"fine"})")));
  EXPECT_FALSE(without_deep_tools(listed(R"({"name":"deep","x":)" + nested(200))));
  EXPECT_FALSE(without_deep_tools(listed(R"({"name":"far","x":)" + nested(50'000) + "}")));
  EXPECT_FALSE(without_deep_tools(R"({"result":{"tools":{}}})"));
  EXPECT_FALSE(without_deep_tools("no JSON"));
  // As deep as a message may be.
  EXPECT_EQ(Said(listed(R"({"x":)" + nested(124) + "}")).wrong, "");
  EXPECT_NE(Said(listed(R"({"x":)" + nested(125) + "}")).wrong, "");
  EXPECT_TRUE(without_deep_tools(listed(R"({"x":)" + nested(125) + "}")));
}

struct Asking {
  Requests requests{[](const std::string&) { return true; }};
  std::vector<std::string> ended;

  std::uint64_t ask(const std::string& method = "tools/call") {
    auto ticket = requests.send(method, "{}");
    spawn([](Asking& to, Requests::Ticket open) -> Task<void> {
      const Answer answer = co_await open.answer;
      to.ended.push_back(std::to_string(open.id) + ": " + answer.text);
    }(*this, ticket));
    return ticket.id;
  }
};

TEST(Requests, AreAnsweredInAnySpellingOfTheirIds) {
  Asking asking;
  for (const char* id : {"1.0", R"("2")", "3"}) {
    asking.ask();
    EXPECT_TRUE(asking.requests.deliver(id, {Answer::Kind::result, "{}"})) << id;
    EXPECT_FALSE(asking.requests.deliver(id, {Answer::Kind::result, "{}"})) << id;
  }
  EXPECT_THAT(asking.ended, ElementsAre("1: {}", "2: {}", "3: {}"));
}

TEST(Requests, ALineThatCannotBeReadEndsThoseThatItNames) {
  Asking asking;
  for (int i = 0; i < 4; ++i) asking.ask();
  EXPECT_EQ(asking.requests.method_of("2"), "tools/call");
  asking.requests.lose(meant_for(R"({"jsonrpc":"2.0","id":2,"result":NaN})"), "why");
  asking.requests.lose(meant_for(R"({"id":3,"id":4,"result":1})"), "why");
  // What answers a notification names no request.
  asking.requests.lose(meant_for(R"({"jsonrpc":"2.0","id":null,"error":{}})"), "why");
  EXPECT_THAT(asking.ended, ElementsAre("2: why", "3: why", "4: why"));
  EXPECT_EQ(asking.requests.method_of("2"), "");
  // Its id may stand behind what is too long; then it is clear only where one is open.
  asking.requests.lose_too_long(R"({"jsonrpc":"2.0","method":"x","params":")");
  EXPECT_EQ(asking.ended.size(), 3U);
  asking.requests.lose_too_long(R"({"result":{"text":")");
  EXPECT_THAT(asking.ended.back(), HasSubstr("1: its answer is too long"));
  asking.ask();
  asking.ask();
  asking.requests.lose_too_long(R"({"result":{"text":")");
  EXPECT_EQ(asking.ended.size(), 4U);
  asking.requests.give_up(6, "in time");
  EXPECT_EQ(asking.ended.back(), "6: in time");
  asking.requests.lose_all("over");
}

// An error whose id is null is an answer to something: to what, is clear only where one call is
// open.
TEST(Requests, AnErrorWithoutAnIdEndsTheOnlyCall) {
  const auto nameless = [](Asking& asking, const char* error) {
    asking.requests.lose(
        meant_for(std::string(R"({"jsonrpc":"2.0","id":null,"error":)") + error + "}"), "why");
  };
  constexpr const char* unread = R"({"code":-32700,"message":"no JSON"})";
  Asking asking;
  asking.ask();
  asking.ask("tools/list");
  nameless(asking, R"({"code":-32601,"message":"no such method"})");  // of a notification, perhaps
  nameless(asking, R"({"message":"no code"})");
  EXPECT_THAT(asking.ended, testing::IsEmpty());
  nameless(asking, R"({"code":1,"message":"down"})");
  EXPECT_THAT(asking.ended, ElementsAre("1: the tool server answered with an error that names no "
                                        "request: down"));
  // A list that is asked for beside is meant only where a request could not be read at all.
  nameless(asking, R"({"code":1,"message":"down"})");
  EXPECT_EQ(asking.ended.size(), 1U);
  nameless(asking, unread);
  EXPECT_THAT(asking.ended.back(), HasSubstr("2: the tool server"));
  // Of two calls it is not known which.
  asking.ask();
  asking.ask();
  nameless(asking, unread);
  EXPECT_EQ(asking.ended.size(), 2U);
  asking.requests.lose_all("over");
}

// Whatever a server says, and however little of it is JSON, nothing but its own answer is ended.
TEST(Requests, NoBytesEndWhatTheyDoNotName) {
  constexpr std::string_view pieces[] = {"{",
                                         "}",
                                         "[",
                                         "]",
                                         "\"",
                                         ":",
                                         ",",
                                         "\\",
                                         "\"id\":1,",
                                         "1",
                                         "{}",
                                         "\"a\"",
                                         "\"id\":",
                                         "\\ud800",
                                         "\xE9",
                                         " ",
                                         "\"jsonrpc\":\"2.0\",",
                                         "null",
                                         "e",
                                         "\"method\":",
                                         "\"result\":",
                                         "\"result\":1,",
                                         "\"error\":NaN"};
  std::uint64_t seed = 11;
  const auto next = [&seed] {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<unsigned>(seed >> 33U);
  };
  Asking asking;
  asking.ask();
  json::Parser parser;
  json::Document document;
  std::size_t named = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string line = next() % 2 == 0 ? "{" : "";
    for (unsigned i = next() % 12; i > 0; --i) line += pieces[next() % std::size(pieces)];
    std::string_view view = line;
    std::string mended;
    if (read_server_message(view, mended, parser, document)) continue;
    const MeantFor meant = meant_for(view);
    const bool ours = std::ranges::any_of(meant.ids, [](auto id) { return own_id(id) == 1U; });
    const std::size_t before = asking.ended.size();
    asking.requests.lose(meant, "why");
    ASSERT_EQ(asking.ended.size() > before, meant.answer && ours && asking.requests.open() == 0)
        << line;
    if (asking.requests.open() > 0) continue;
    ++named;
    asking.requests = Requests([](const std::string&) { return true; });
    asking.ask();
  }
  EXPECT_GT(named, 10U);
  asking.requests.lose_all("over");
}

}  // namespace
}  // namespace pawl::mcp
