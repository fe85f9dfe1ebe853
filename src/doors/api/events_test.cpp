#include "doors/api/events.h"

#include <gtest/gtest.h>

#include <string>

#include "io/http/server.h"
#include "io/http/socket_testing.h"

namespace pawl::api {
namespace {

constexpr EventLimits kLimits{.events_per_run_max = 4,
                              .streams_per_run_max = 1,
                              .streams_max = 1,
                              .runs_max = 8,
                              .events_max = 20};

void hear(Events& events, std::uint64_t seq, const std::string& run) {
  Record record;
  record.seq = seq;
  record.body = DenialsCounted{run, "blocked", 1, 0};
  events.note(record, State());
  events.flush();
}

// A node lives for months and hears of every run: what it keeps of them has an end.
TEST(Events, AreBoundedForARunAndForAllOfThem) {
  Events events(kLimits);
  for (std::uint64_t seq = 1; seq <= 10; ++seq) hear(events, seq, "r-1");
  EXPECT_EQ(events.events(), 4U);
  for (std::uint64_t seq = 11; seq <= 1000; ++seq) {
    hear(events, seq, "r-" + std::to_string(seq / 3));
    ASSERT_LE(events.events(), 20U);
  }
  EXPECT_GE(events.events(), 16U);
}

// At its time, or because what proved the watcher counts no longer.
TEST(Events, AStreamEndsWithWhatProvedItsWatcher) {
  net::Loop loop;
  Events events(kLimits);
  const auto stands = std::make_shared<bool>(true);
  http::Server server(loop, {}, [&events, stands](const http::Request&, http::Responder responder) {
    EXPECT_TRUE(events.watch("r-1", {}, responder, {Instant{10}, stands}));
  });
  const auto port = server.listen("127.0.0.1", 0);
  ASSERT_TRUE(port);
  http::RawClient client(loop, *port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.sees("event: gap"));
  events.sign_of_life(Instant{9});
  EXPECT_TRUE(client.sees(": ."));
  EXPECT_EQ(events.streams(), 1U);
  events.sign_of_life(Instant{10});
  EXPECT_TRUE(client.sees("\r\n0\r\n\r\n"));
  EXPECT_EQ(events.streams(), 0U);
  http::RawClient other(loop, *port);
  other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(other.sees("event: gap"));
  *stands = false;
  events.sign_of_life(Instant{9});
  EXPECT_TRUE(other.sees("\r\n0\r\n\r\n"));
}

// What is kept of a record becomes the JSON that the API promises, whenever a watcher asks.
TEST(Events, SayOfARecordWhatAWatcherMayKnow) {
  Record record;
  record.seq = 7;
  CallDecided decided;
  decided.run = "r-1";
  decided.call = "c-1";
  decided.tool = "say \"it\"\n";
  decided.effect = "deny";
  decided.code = "blocked";
  record.body = decided;
  const auto event = event_of(record);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->run, "r-1");
  EXPECT_EQ(json_of(event->run, event->event),
            R"({"at":"1970-01-01T00:00:00Z","call":"c-1","tool":"say \"it\"\n","effect":"deny",)"
            R"("code":"blocked","run":"r-1","seq":7,"type":"call.decided"})");

  CallEnded ended;
  ended.run = "r-1";
  ended.call = "c-1";
  ended.outcome = "result";
  ended.is_error = true;
  ended.records = 12;
  record.body = ended;
  const auto end = event_of(record);
  ASSERT_TRUE(end);
  EXPECT_EQ(json_of(end->run, end->event),
            R"({"at":"1970-01-01T00:00:00Z","call":"c-1","outcome":"result","is_error":true,)"
            R"("records":12,"run":"r-1","seq":7,"type":"call.ended"})");

  record.body = NodeStopped{"the end"};
  EXPECT_FALSE(event_of(record));
}

}  // namespace
}  // namespace pawl::api
