#include "io/http/sse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl::http {
namespace {

struct Heard {
  std::vector<std::string> events;  // name|text|id
  std::string last_id;
  std::optional<Duration> retry;
  bool refused = false;
};

Heard hear(std::string_view bytes, std::size_t piece, EventLimits limits = {}) {
  Heard heard;
  EventReader reader(
      [&](const Event& event) {
        heard.events.push_back(event.name + "|" + event.text + "|" + event.id);
        return true;
      },
      limits);
  while (!bytes.empty() && !heard.refused) {
    heard.refused = !reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  heard.last_id = reader.last_id();
  heard.retry = reader.retry();
  return heard;
}

std::vector<std::string> events_of(std::string_view bytes) {
  const Heard whole = hear(bytes, bytes.size());
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    EXPECT_EQ(hear(bytes, piece).events, whole.events) << piece;
  }
  return whole.events;
}

using Events = std::vector<std::string>;

TEST(Events, AreReadWithEveryEndOfLine) {
  EXPECT_EQ(events_of("data: a\n\ndata: b\r\rdata: c\r\n\r\n"), (Events{"|a|", "|b|", "|c|"}));
  EXPECT_EQ(events_of("data: a\r\ndata: b\r\n\r\n"), Events{"|a\nb|"});
  EXPECT_EQ(events_of("\r\n\r\n\n\r"), Events{});
}

TEST(Events, HaveANameAnIdAndLinesOfText) {
  EXPECT_EQ(events_of("event: x\nid: 7\ndata: a\ndata:  b\ndata:c\n\n"), Events{"x|a\n b\nc|7"});
  EXPECT_EQ(events_of("data\n\ndata\ndata\n\n"), (Events{"||", "|\n|"}));
  EXPECT_EQ(events_of("id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"),
            (Events{"|a|7", "|b|7", "|c|"}));
  EXPECT_EQ(events_of(": comment\nother: x\nevent: lost\n\ndata: a\n\n"), Events{"|a|"});
}

TEST(Events, ThatAreNotEndedAreNone) {
  EXPECT_EQ(events_of("data: a\n\ndata: b\n"), Events{"|a|"});
}

TEST(Events, AByteOrderMarkStandsAtTheBeginningOnly) {
  EXPECT_EQ(events_of("\xEF\xBB\xBF"
                      "data: a\n\n\xEF\xBB\xBF"
                      "data: b\n\n"),
            Events{"|a|"});
  EXPECT_EQ(events_of("\xEF\xBB"
                      "data: b\n\n"),
            Events{});
}

TEST(Events, KeepTheLastIdAndTheTimeToWait) {
  const Heard heard = hear("retry: 1500\nid: 9\n\nretry: soon\nretry: -1\nretry: 9999999999\n", 3);
  EXPECT_EQ(heard.last_id, "9");
  EXPECT_EQ(heard.retry, Duration::milliseconds(1500));
  EXPECT_EQ(hear(std::string("id: a\0b\n\n", 9), 4).last_id, "");
}

TEST(Events, HaveALimitThatCommentsDoNotFill) {
  const EventLimits limits{.event_bytes_max = 32, .id_bytes_max = 4};
  EXPECT_TRUE(hear("data: " + std::string(40, 'x'), 7, limits).refused);
  EXPECT_TRUE(hear("data: 0123456789\ndata: 0123456789\n", 1, limits).refused);
  std::string alive;
  for (int i = 0; i < 100; ++i) alive += ": alive\n";
  EXPECT_FALSE(hear(alive, 5, limits).refused);
  EXPECT_EQ(hear("id: 12345\n\n", 1, limits).last_id, "");
}

TEST(Events, StopWhenTheReaderWantsNoMore) {
  int seen = 0;
  EventReader reader([&](const Event&) { return ++seen < 2; });
  EXPECT_TRUE(reader.feed("data: a\n\ndata: b\n\ndata: c\n\n"));
  EXPECT_TRUE(reader.feed("data: d\n\n"));
  EXPECT_EQ(seen, 2);
}

TEST(Events, AreReadAsTheyWereWritten) {
  for (const std::string_view text : {"", "a", "a\nb", "\n", "a\n\nb\n", " a", "data: x", ":"}) {
    const auto bytes = write_event(
        {.name = "message", .text = text, .id = "4", .retry = Duration::milliseconds(20)});
    ASSERT_TRUE(bytes);
    EXPECT_EQ(events_of(*bytes), Events{"message|" + std::string(text) + "|4"});
  }
  EXPECT_EQ(*write_event({.name = {}, .text = "a\r\nb\rc", .id = {}, .retry = {}}),
            "data: a\ndata: b\ndata: c\n\n");
  EXPECT_EQ(write_comment("a\nb"), ": a b\n\n");
}

TEST(Events, CannotSmuggleFields) {
  EXPECT_FALSE(write_event({.name = "a\ndata: b", .text = "x", .id = {}, .retry = {}}));
  EXPECT_FALSE(write_event({.name = {}, .text = "x", .id = "a\rb", .retry = {}}));
}

}  // namespace
}  // namespace pawl::http
