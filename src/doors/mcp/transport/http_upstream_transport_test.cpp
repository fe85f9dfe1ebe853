// The transport over HTTP in the stateful era, against a server of ours that answers as each test
// says.
#include "doors/mcp/transport/http_upstream_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "doors/mcp/transport/http_upstream_testing.h"

namespace pawl::mcp {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Remote, OneRequestIsOnePost) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(call(7)));
  const http::Request& seen = way.next().request;
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/mcp?tenant=1");
  EXPECT_EQ(seen.body, call(7));
  EXPECT_EQ(seen.headers.find("content-type"), "application/json");
  EXPECT_EQ(seen.headers.find("accept"), "application/json, text/event-stream");
  for (const char* name : {"mcp-session-id", "mcp-protocol-version", "mcp-method"}) {
    EXPECT_EQ(seen.headers.find(name), std::nullopt) << name;
  }
  way.answer(200, "{\"jsonrpc\":\"2.0\",\n \"id\":7,\r\n\"result\":{}}", "Application/JSON; x=y");
  way.wait_heard(1);
  // As one line: that is a message where it goes on over a pipe.
  EXPECT_THAT(way.heard, ElementsAre(R"({"jsonrpc":"2.0",  "id":7,  "result":{}})"));
}

TEST(Remote, ASessionIsOpenedHeardAndEnded) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(std::string(kInitialize)));
  EXPECT_EQ(way.next().request.headers.find("mcp-protocol-version"), std::nullopt);
  way.answer(200, std::string(kOpened), "application/json", {{"mcp-session-id", "abc-1"}});
  way.wait_heard(1);
  ASSERT_TRUE(way.send(std::string(kReady)));
  // Nothing overtakes the word that the client is ready.
  ASSERT_TRUE(way.send(call(2)));
  const auto ready = way.next().request.body;
  EXPECT_EQ(ready, kReady);
  way.settle();
  EXPECT_EQ(way.asked.size(), 2U);
  way.answer(202, "", "");
  std::vector<std::string> methods = {way.next().request.method};
  for (int i = 0; i < 1; ++i) methods.push_back(way.next().request.method);
  EXPECT_THAT(methods, testing::UnorderedElementsAre("GET", "POST"));
  for (std::size_t i = 1; i < 4; ++i) {
    const http::Headers& headers = way.asked.at(i).request.headers;
    EXPECT_EQ(headers.find("mcp-session-id"), "abc-1");
    EXPECT_EQ(headers.find("mcp-protocol-version"), "2025-11-25");
  }
  auto& get = way.asked.at(way.asked.at(2).request.method == "GET" ? 2 : 3);
  http::Stream stream = std::move(*get.responder).stream(http::event_stream());
  stream.write(event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})"));
  way.wait_heard(2);
  EXPECT_THAT(way.heard.back(), HasSubstr("list_changed"));
  way.transport.reset();
  EXPECT_EQ(way.next().request.method, "DELETE");
  EXPECT_EQ(way.asked.back().request.headers.find("mcp-session-id"), "abc-1");
}

TEST(Remote, AStreamBringsMessagesAndThenTheAnswer) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(call(3)));
  way.next();
  http::Stream stream = way.stream();
  stream.write(event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{}})"));
  stream.write(event(R"({"jsonrpc":"2.0","id":"q","method":"roots/list"})") + event(answer_to(3)));
  way.wait_heard(3);
  EXPECT_EQ(way.heard.at(2), answer_to(3));
  stream.end();
  way.settle();
  EXPECT_THAT(way.lost, IsEmpty());
}

TEST(Remote, AStreamThatBreaksIsResumedBehindItsLastEvent) {
  Way way;
  way.open();
  way.begin();
  ASSERT_TRUE(way.send(call(4)));
  way.next();
  {
    http::Stream stream = way.stream();
    stream.write("retry: 100\n" + event(R"({"jsonrpc":"2.0","method":"notifications/x"})", "e-1"));
    way.wait_heard(1);
    stream.end();
  }
  const http::Request& again = way.next().request;
  EXPECT_EQ(again.method, "GET");
  EXPECT_EQ(again.headers.find("last-event-id"), "e-1");
  EXPECT_EQ(again.headers.find("mcp-session-id"), "s1");
  EXPECT_EQ(again.body, "");
  http::Stream stream = way.stream();
  stream.write(event(answer_to(4), "e-2"));
  way.wait_heard(2);
  EXPECT_EQ(way.heard.back(), answer_to(4));
  EXPECT_THAT(way.lost, IsEmpty());
}

TEST(Remote, WhatMayHaveHappenedIsLost) {
  for (const int status : {500, 502, 503, 301, 302, 303, 202, 204}) {
    Way way;
    way.open();
    ASSERT_TRUE(way.send(call(5)));
    way.next();
    way.answer(status, "", "");
    way.wait_lost();
    EXPECT_THAT(way.lost, ElementsAre(HasSubstr("5: "))) << status;
    EXPECT_THAT(way.heard, IsEmpty()) << status;
    EXPECT_EQ(way.asked.size(), 1U) << status;
  }
}

TEST(Remote, AnAnswerThatIsCutOrNoneIsLost) {
  const auto stream_that = [](const std::string& text) {
    Way way;
    way.open();
    EXPECT_TRUE(way.send(call(5)));
    way.next();
    http::Stream stream = way.stream();
    stream.write(text);
    stream.end();
    way.wait_lost();
    return way.lost.at(0);
  };
  EXPECT_THAT(stream_that(": nothing\n\n"), HasSubstr("too early"));
  EXPECT_THAT(stream_that(event(answer_to(6))), HasSubstr("too early"));
  Way other;
  other.open();
  ASSERT_TRUE(other.send(call(5)));
  other.next();
  other.answer(200, answer_to(6));
  other.wait_lost();
  Way cut;
  cut.open();
  ASSERT_TRUE(cut.send(call(5)));
  cut.next();
  cut.server = http::Server(cut.loop, {}, [](http::Request, http::Responder) {});
  cut.wait_lost();
  EXPECT_THAT(cut.lost.at(0), HasSubstr("127.0.0.1"));
  EXPECT_THAT(cut.lost.at(0), Not(HasSubstr("tenant")));
}

// What a server says to a notification is of no matter, and neither is whether it ends.
TEST(Remote, ANotificationIsOverWithAnyAnswer) {
  const std::pair<int, std::string> answers[] = {{200, "null"}, {200, ""},   {200, "{}"},
                                                 {200, "[]"},   {204, ""},   {200, answer_to(2)},
                                                 {400, "no"},   {500, "no"}, {302, ""}};
  for (const auto& [status, body] : answers) {
    for (const char* type : {"application/json", "text/html", "text/event-stream", ""}) {
      Way way;
      way.open();
      ASSERT_TRUE(way.send(std::string(kInitialize)));
      way.next();
      way.answer(200, std::string(kOpened));
      way.wait_heard(1);
      ASSERT_TRUE(way.send(std::string(kReady)));
      ASSERT_TRUE(way.send(call(2)));
      EXPECT_EQ(way.next().request.body, kReady);
      way.answer(status, body, type);
      EXPECT_EQ(way.next().request.body, call(2)) << status << body << type;
      way.answer(200, answer_to(2));
      way.wait_heard(2);
      EXPECT_EQ(way.heard.back(), answer_to(2)) << status << body << type;
      EXPECT_THAT(way.lost, IsEmpty());
    }
  }
}

TEST(Remote, ANotificationNeedNotWaitForTheEndOfItsAnswer) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(std::string(kInitialize)));
  way.next();
  way.answer(200, std::string(kOpened));
  way.wait_heard(1);
  ASSERT_TRUE(way.send(std::string(kReady)));
  ASSERT_TRUE(way.send(call(2)));
  way.next();
  http::Stream stream = way.stream();
  EXPECT_EQ(way.next().request.body, call(2));
}

TEST(Remote, AnIdIsTheSameInAnySpelling) {
  for (const char* id : {"5.0", "5e0", R"("5")"}) {
    const std::string said = R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"result":{}})";
    Way way;
    way.open();
    ASSERT_TRUE(way.send(call(5)));
    way.next();
    way.answer(200, said);
    way.wait_heard(1);
    way.settle();
    EXPECT_THAT(way.heard, ElementsAre(said));
    EXPECT_THAT(way.lost, IsEmpty()) << id;
  }
}

// One JSON text is the whole answer to a request: anything else ends it.
TEST(Remote, WhatCannotBeReadEndsItsRequest) {
  for (const char* body :
       {"", "null", "{}", "[]", "no JSON", R"({"jsonrpc":"2.0","result":{}})",
        R"([{"jsonrpc":"2.0","id":6,"result":{}}])", R"({"jsonrpc":"2.0","id":6,"result":{}})",
        R"({"jsonrpc":"2.0","id":null,"error":"no"})", R"({"jsonrpc":"2.0","method":"x"})"}) {
    for (const int status : {200, 201}) {
      Way way;
      way.open();
      ASSERT_TRUE(way.send(call(5)));
      way.next();
      way.answer(status, body);
      way.wait_lost();
      EXPECT_THAT(way.lost, ElementsAre(HasSubstr("5: "))) << body;
    }
  }
}

// These go to the session, which ends the request that they name.
TEST(Remote, AnAnswerThatCannotBeReadIsLookedAtByTheSession) {
  for (const char* body :
       {R"({"jsonrpc":"2.0","id":5,"result":null})", R"({"id":5,"result":{}})",
        R"([{"jsonrpc":"2.0","id":5,"result":{}}])",
        R"({"jsonrpc":"2.0","id":5,"result":{"n":NaN}})",
        R"({"jsonrpc":"2.0","id":5,"result":{},"error":{"code":1,"message":"m"}})"}) {
    for (const bool events : {false, true}) {
      Way way;
      way.open();
      ASSERT_TRUE(way.send(call(5)));
      way.next();
      way.answer(200, events ? event(body) : body,
                 events ? "text/event-stream" : "application/json");
      way.wait_heard(1);
      way.settle();
      EXPECT_THAT(way.heard, ElementsAre(body));
      EXPECT_THAT(way.lost, IsEmpty()) << body;
    }
  }
}

TEST(Remote, AnErrorWithoutAnIdIsTheAnswerToTheOnlyRequestThereIs) {
  const std::string body = R"({"jsonrpc":"2.0","id":null,"error":{"code":7,"message":"m"}})";
  for (const bool events : {false, true}) {
    Way way;
    way.open();
    ASSERT_TRUE(way.send(call(5)));
    way.next();
    way.answer(200, events ? event(body) : body, events ? "text/event-stream" : "application/json");
    way.wait_heard(1);
    EXPECT_THAT(way.heard,
                ElementsAre(R"({"jsonrpc":"2.0","id":5,"error":{"code":7,"message":"m"}})"));
    EXPECT_THAT(way.lost, IsEmpty());
  }
}

// Servers whose streams can be gone on with begin them so.
TEST(Remote, AnEventThatOnlyHasAnIdIsNotAMessage) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(call(5)));
  way.next();
  way.answer(200, event("", "e-1") + event(answer_to(5)), "text/event-stream");
  way.wait_heard(1);
  EXPECT_THAT(way.heard, ElementsAre(answer_to(5)));
  EXPECT_THAT(way.lost, IsEmpty());
}

TEST(Remote, AnUnreadableTypeEndsTheRequestThoughItsBodyNeverEnds) {
  for (const char* type : {"text/html", "text/plain", "application/octet-stream"}) {
    Way way;
    way.open();
    ASSERT_TRUE(way.send(call(5)));
    way.next();
    http::Response head{200, {}, {}};
    head.headers.add("content-type", type);
    http::Stream stream = std::move(*way.asked.back().responder).stream(std::move(head));
    way.wait_lost();
    EXPECT_THAT(way.lost, ElementsAre(AllOf(HasSubstr("5: "), HasSubstr(type))));
  }
}

TEST(Remote, WhatNoServerActedOnIsAnError) {
  for (const int status : {400, 401, 403, 404, 405, 429, 307, 308}) {
    Way way;
    way.open();
    ASSERT_TRUE(way.send(call(5)));
    way.next();
    way.answer(status, "<html>", "text/html", {{"location", "http://127.0.0.1:1/"}});
    way.wait_heard(1);
    EXPECT_THAT(way.heard.at(0), AllOf(HasSubstr(R"("id":5)"), HasSubstr(std::to_string(status))));
    EXPECT_THAT(way.lost, IsEmpty());
    EXPECT_EQ(way.asked.size(), 1U);
  }
  Way said;
  said.open();
  ASSERT_TRUE(said.send(call(5)));
  said.next();
  said.answer(400, R"({"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"mismatch"}})");
  said.wait_heard(1);
  EXPECT_THAT(said.heard.at(0), AllOf(HasSubstr(R"("id":5)"), HasSubstr("-32020")));
  Way unanswered;
  unanswered.server = http::Server(unanswered.loop, {}, [](http::Request, http::Responder) {});
  unanswered.open();
  ASSERT_TRUE(unanswered.send(call(5)));
  unanswered.wait_heard(1);
  EXPECT_THAT(unanswered.heard.at(0), HasSubstr(R"("error")"));
}

TEST(Remote, AServerThatLostItsSessionIsOpenedAnew) {
  Way way;
  way.open();
  way.begin();
  ASSERT_TRUE(way.send(call(9)));
  way.next();
  way.answer(404, "", "");
  way.wait_heard(2);
  // What is offered has to be read again, before anything else is called.
  EXPECT_THAT(way.heard.at(0), HasSubstr("tools/list_changed"));
  EXPECT_THAT(way.heard.at(1), AllOf(HasSubstr(R"("id":9)"), HasSubstr("lost its session")));
  const http::Request& again = way.next().request;
  EXPECT_EQ(again.body, kInitialize);
  EXPECT_EQ(again.headers.find("mcp-session-id"), std::nullopt);
  const std::string list = R"({"jsonrpc":"2.0","id":11,"method":"tools/list"})";
  ASSERT_TRUE(way.send(list));      // waits
  ASSERT_TRUE(way.send(call(10)));  // was judged by what another program said
  way.answer(200, std::string(kOpened), "application/json", {{"mcp-session-id", "s2"}});
  EXPECT_EQ(way.next().request.body, kReady);
  way.answer(202, "", "");
  // The answer to `initialize` belongs to no request.
  way.wait_heard(3);
  EXPECT_THAT(way.heard.at(2), AllOf(HasSubstr(R"("id":10)"), HasSubstr("opened again")));
  http::Request& first = way.next().request;
  http::Request& second = way.next().request;
  const http::Request& asked = first.method == "POST" ? first : second;
  EXPECT_EQ(asked.body, list);
  EXPECT_EQ(asked.headers.find("mcp-session-id"), "s2");
}

TEST(Remote, AnAddressThatOffersNoStreamHasNotLostItsSession) {
  for (const int status : {404, 405}) {
    Way way;
    way.open();
    way.begin();
    way.answer(status, "", "");
    way.settle();
    EXPECT_EQ(way.asked.size(), 3U) << status;
    ASSERT_TRUE(way.send(call(9)));
    EXPECT_EQ(way.next().request.headers.find("mcp-session-id"), "s1");
    way.answer(200, answer_to(9));
    way.wait_heard(1);
    EXPECT_THAT(way.heard, ElementsAre(answer_to(9))) << status;
  }
}

TEST(Remote, ASessionWhoseStreamIsGoneIsOpenedAnew) {
  Way way;
  way.open();
  way.begin();
  way.stream().end();
  EXPECT_EQ(way.next().request.method, "GET");
  way.answer(404, "", "");
  EXPECT_EQ(way.next().request.body, kInitialize);
  way.wait_heard(1);
  EXPECT_THAT(way.heard, ElementsAre(HasSubstr("tools/list_changed")));
}

TEST(Remote, SessionsThatAreLostAtOnceAreOpenedEverMoreRarely) {
  Way way;
  way.open();
  way.begin();
  ASSERT_TRUE(way.send(call(9)));
  way.next();
  way.answer(404, "", "");
  Duration lost_at = way.loop.now();
  for (int i = 0; i < 3; ++i) {
    // The first time at once, then after a pause that grows.
    EXPECT_EQ(way.next().request.body, kInitialize);
    const std::int64_t pause_ns = i == 0 ? 0 : again_after.ns << (i - 1);
    EXPECT_GE(way.loop.now().ns - lost_at.ns, pause_ns) << i;
    way.answer(200, std::string(kOpened), "application/json", {{"mcp-session-id", "s2"}});
    EXPECT_EQ(way.next().request.body, kReady);
    lost_at = way.loop.now();
    way.answer(404, "", "");
  }
  const std::size_t asked = way.asked.size();
  way.settle();
  // A message without a request does not shorten it, and the client hears of each loss once.
  ASSERT_TRUE(way.send(R"({"jsonrpc":"2.0","id":11,"method":"tools/list"})"));
  way.settle();
  EXPECT_EQ(way.asked.size(), asked);
  EXPECT_EQ(std::ranges::count_if(way.heard,
                                  [](const std::string& one) {
                                    return one.find("list_changed") != std::string::npos;
                                  }),
            4);
  // A client that leaves meanwhile waits for nothing.
  way.transport->finish_sending();
  EXPECT_TRUE(way.loop.run_until([&] { return way.ended; }));
}

TEST(Remote, WhatWaitsForASessionThatCannotBeOpenedIsAnError) {
  Way way;
  way.open();
  way.begin();
  ASSERT_TRUE(way.send(call(9)));
  way.next();
  way.answer(404, "", "");
  way.next();
  ASSERT_TRUE(way.send(call(10)));
  way.answer(503, "", "");
  way.wait_heard(3);
  EXPECT_THAT(way.heard.at(2), AllOf(HasSubstr(R"("id":10)"), HasSubstr("cannot be opened")));
  ASSERT_TRUE(way.send(call(11)));  // tries again
  EXPECT_EQ(way.next().request.body, kInitialize);
}

}  // namespace
}  // namespace pawl::mcp
