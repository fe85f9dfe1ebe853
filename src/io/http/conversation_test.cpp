#include "io/http/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "io/http/conversation_testing.h"

namespace pawl::http {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Conversation, AnswersAndGoesOn) {
  Talk talk;
  talk.at_once = true;
  talk.ask("/a");
  EXPECT_EQ(talk.written(), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/a");
  EXPECT_FALSE(talk.conversation->finished());
  talk.ask("/b", "Connection: close\r\n");
  EXPECT_EQ(talk.written(), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n/b");
  EXPECT_TRUE(talk.conversation->finished());
}

TEST(Conversation, AnswersInTheOrderOfTheRequests) {
  Talk talk;
  talk.ask("/a");
  talk.ask("/b");
  talk.ask("/c");
  EXPECT_THAT(talk.targets, ElementsAre("/a", "/b", "/c"));
  talk.answer("/c", "third");
  talk.answer("/b", "second");
  EXPECT_EQ(talk.written(), "");
  talk.answer("/a", "first");
  const std::string all = talk.written();
  EXPECT_LT(all.find("first"), all.find("second"));
  EXPECT_LT(all.find("second"), all.find("third"));
}

TEST(Conversation, ReadsNoFurtherThanItMayAnswer) {
  Talk talk({.requests_in_flight_max = 2});
  for (const char* target : {"/a", "/b", "/c", "/d"}) talk.ask(target);
  EXPECT_THAT(talk.targets, ElementsAre("/a", "/b"));
  talk.answer("/b", "b");
  talk.written();
  EXPECT_THAT(talk.targets, ElementsAre("/a", "/b"));
  talk.answer("/a", "a");
  talk.written();
  EXPECT_THAT(talk.targets, ElementsAre("/a", "/b", "/c", "/d"));
}

TEST(Conversation, StopsReadingWhereTooMuchWaits) {
  Talk talk({.requests_in_flight_max = 1, .input_ahead_bytes_max = 100});
  talk.ask("/a");
  while (talk.conversation->wants_bytes()) talk.ask("/b");
  EXPECT_EQ(talk.targets.size(), 1U);
  talk.at_once = true;
  talk.answer("/a", "a");
  talk.written();
  EXPECT_GT(talk.targets.size(), 2U);
  EXPECT_TRUE(talk.conversation->wants_bytes());
}

TEST(Conversation, AsksNoMoreOfWhoDoesNotRead) {
  Talk talk({.input_ahead_bytes_max = 1000, .response_queued_bytes_low = 500});
  talk.at_once = true;
  std::size_t asked = 0;
  for (; talk.conversation->wants_bytes(); ++asked) talk.ask("/a");
  EXPECT_LT(talk.conversation->out().bytes(), 1000U);
  EXPECT_LT(talk.targets.size(), asked);
  talk.written();
  EXPECT_EQ(talk.targets.size(), asked);
}

TEST(Conversation, LeavesTurnsToOthers) {
  Talk talk;
  talk.at_once = true;
  std::string many;
  for (int i = 0; i < 100; ++i) many += "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  talk.conversation->receive(many);
  EXPECT_EQ(talk.targets.size(), 16U);
  talk.conversation->pump();
  EXPECT_EQ(talk.targets.size(), 32U);
  while (talk.conversation->input_bytes() > 0) talk.conversation->pump();
  EXPECT_EQ(talk.targets.size(), 100U);
}

TEST(Conversation, SaysWhatIsWrongAfterWhatWasAskedBefore) {
  Talk talk;
  talk.ask("/a");
  talk.conversation->receive("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  talk.ask("/never");
  EXPECT_EQ(talk.written(), "");
  talk.answer("/a", "first");
  const std::string all = talk.written();
  EXPECT_LT(all.find("first"), all.find("HTTP/1.1 400 Bad Request"));
  EXPECT_THAT(all, HasSubstr("connection: close"));
  EXPECT_THAT(talk.targets, ElementsAre("/a"));
  EXPECT_TRUE(talk.conversation->finished());
}

TEST(Conversation, StreamsInChunksThatAreNotKept) {
  Talk talk;
  talk.ask("/a");
  Stream stream = talk.stream("/a");
  const std::string head = talk.written();
  EXPECT_THAT(head, HasSubstr("content-type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("cache-control: no-store\r\n"));
  EXPECT_THAT(head, HasSubstr("x-accel-buffering: no\r\n"));
  EXPECT_THAT(head, HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("content-length")));
  EXPECT_TRUE(stream.write("data: x\n\n"));
  EXPECT_TRUE(stream.write(""));
  EXPECT_EQ(talk.written(), "9\r\ndata: x\n\n\r\n");
  stream.end();
  EXPECT_EQ(talk.written(), "0\r\n\r\n");
  EXPECT_FALSE(talk.conversation->finished());
}

TEST(Conversation, StreamsToHttp10UntilTheEnd) {
  Talk talk;
  talk.conversation->receive("GET /a HTTP/1.0\r\nHost: a\r\n\r\n");
  Stream stream = talk.stream("/a");
  stream.write("text");
  stream.end();
  const std::string all = talk.written();
  EXPECT_THAT(all, EndsWith("connection: close\r\n\r\ntext"));
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
  EXPECT_TRUE(talk.conversation->finished());
}

TEST(Conversation, CutsAnUnfinishedStream) {
  Talk talk;
  talk.ask("/a");
  {
    const Stream stream = talk.stream("/a");
  }
  EXPECT_TRUE(talk.conversation->lost());
}

TEST(Conversation, CutsAReaderThatDoesNotRead) {
  Talk talk({.response_queued_bytes_max = 1000});
  talk.ask("/a");
  Stream stream = talk.stream("/a");
  bool gone = false;
  stream.on_gone([&] { gone = true; });
  const std::string part(100, 'x');
  int written = 0;
  while (stream.write(part)) ++written;
  EXPECT_GT(written, 3);
  EXPECT_LT(written, 10);
  EXPECT_TRUE(gone);
  EXPECT_TRUE(stream.gone());
  EXPECT_TRUE(talk.conversation->lost());
}

Task<void> note(Stream& stream, std::optional<bool>& into) {
  into = co_await stream.drained();
}

TEST(Conversation, LetsAWriterWaitForItsReader) {
  Talk talk({.response_queued_bytes_low = 10});
  talk.ask("/a");
  Stream stream = talk.stream("/a");
  stream.write("more than ten bytes");
  std::optional<bool> drained;
  spawn(note(stream, drained));
  EXPECT_EQ(drained, std::nullopt);
  talk.written();
  EXPECT_EQ(drained, true);
  drained.reset();
  stream.write("more than ten bytes");
  spawn(note(stream, drained));
  talk.conversation->lose();
  EXPECT_EQ(drained, false);
}

TEST(Conversation, TellsThatTheClientIsGoneAndStillWrites) {
  Talk talk;
  talk.ask("/a");
  bool gone = false;
  talk.waiting.at("/a").on_gone([&] { gone = true; });
  talk.conversation->receive_end();
  EXPECT_TRUE(gone);
  EXPECT_TRUE(talk.waiting.at("/a").gone());
  talk.answer("/a", "late");
  EXPECT_THAT(talk.written(), EndsWith("late"));
  EXPECT_TRUE(talk.conversation->finished());
}

TEST(Conversation, ForgetsHalfARequestAtTheEnd) {
  Talk talk;
  talk.conversation->receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(talk.service.bodies_bytes, 4U);
  talk.conversation->receive_end();
  EXPECT_TRUE(talk.targets.empty());
  EXPECT_TRUE(talk.conversation->finished());
  talk.conversation.reset();
  EXPECT_EQ(talk.service.bodies_bytes, 0U);
}

TEST(Conversation, BodiesHaveABoundTogether) {
  Talk talk({.bodies_bytes_max = 20});
  talk.conversation->receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" +
                             std::string(30, 'x'));
  EXPECT_THAT(talk.written(), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(talk.service.bodies_bytes, 0U);
}

TEST(Conversation, AResponderThatIsDroppedAnswers500) {
  Talk talk;
  talk.ask("/a");
  talk.waiting.clear();
  EXPECT_THAT(talk.written(), StartsWith("HTTP/1.1 500"));
}

TEST(Conversation, AnAnswerCannotSplitItself) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"x", "a\r\nset-cookie: b"},
                                                        {"x\r\ny", "a"},
                                                        {"x y", "a"},
                                                        {"content-length", "3"},
                                                        {"Transfer-Encoding", "chunked"}}) {
    Talk talk;
    talk.ask("/a");
    Response response;
    response.headers.add(name, value);
    std::move(talk.waiting.extract("/a").mapped()).answer(std::move(response));
    EXPECT_THAT(talk.written(), StartsWith("HTTP/1.1 500")) << name;
  }
}

TEST(Conversation, HeadAndNoContentHaveNoBody) {
  Talk talk;
  talk.conversation->receive("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n");
  talk.answer("/a", "body");
  EXPECT_EQ(talk.written(), "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
  talk.ask("/b");
  std::move(talk.waiting.extract("/b").mapped()).answer({204, {}, "ignored"});
  EXPECT_EQ(talk.written(), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(Conversation, InvitesABodyThatWaitsToBeInvited) {
  Talk talk;
  talk.conversation->receive(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(talk.written(), "HTTP/1.1 100 Continue\r\n\r\n");
  talk.conversation->receive("ok");
  EXPECT_THAT(talk.bodies, ElementsAre("ok"));
}

TEST(Conversation, DrainsWithWhatIsUnderWay) {
  Talk talk;
  talk.ask("/a");
  talk.service.draining = true;
  talk.conversation->drain();
  talk.ask("/never");
  EXPECT_FALSE(talk.conversation->finished());
  talk.answer("/a", "done");
  EXPECT_THAT(talk.written(), HasSubstr("connection: close"));
  EXPECT_TRUE(talk.conversation->finished());
  EXPECT_THAT(talk.targets, ElementsAre("/a"));

  Talk half;
  half.conversation->receive("GET /a HTTP/1.1\r\n");
  half.service.draining = true;
  half.conversation->drain();
  EXPECT_FALSE(half.conversation->finished());
  half.conversation->receive("Host: a\r\n\r\n");
  EXPECT_THAT(half.written(), StartsWith("HTTP/1.1 503"));
  EXPECT_TRUE(half.conversation->finished());
  EXPECT_TRUE(half.targets.empty());
}

}  // namespace
}  // namespace pawl::http
