#include "doors/console/live.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

#include "io/http/server.h"
#include "io/http/socket_testing.h"

namespace pawl::console {
namespace {

// A listener that answers every request with the stream of the session that its path names.
struct Office {
  explicit Office(LiveLimits limits = {})
      : live([this](const std::string& approval) { return row(approval); }, limits),
        server(loop, {}, [this](http::Request request, http::Responder responder) {
          const auto session = static_cast<std::uint64_t>(request.target.size());
          if (live.watch(session, http::event_stream(), responder)) return;
          std::move(responder).answer(http::respond({503, "too many"}));
        }) {
    port = server.listen("127.0.0.1", 0).value_or(0);
  }
  std::string row(const std::string& approval) const {
    return waiting.contains(approval) ? R"({"approval":")" + approval + "\"}" : std::string();
  }
  http::RawClient page(const std::string& path = "/") {
    http::RawClient client(loop, port);
    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(client.sees(": .") || client.sees("503"));
    client.forget();
    return client;
  }
  void tell(Body body) { live.note({seq++, {}, 0, std::move(body)}); }
  void opens(const std::string& approval) {
    waiting.insert(approval);
    ApprovalOpened opened;
    opened.approval = approval;
    tell(opened);
  }

  net::Loop loop;
  std::set<std::string> waiting;
  std::uint64_t seq = 0;
  std::uint16_t port = 0;
  Live live;
  http::Server server;
};

TEST(Live, AQuestionComesAsItsRowAndGoesByItsName) {
  Office office;
  auto page = office.page();
  office.opens("a-1");
  EXPECT_TRUE(office.live.waiting());
  office.live.flush();
  EXPECT_TRUE(page.sees("event: question\ndata: {\"approval\":\"a-1\"}\n\n"));
  office.waiting.clear();
  office.tell(ApprovalEnded{"a-1", "expired", {}});
  office.live.flush();
  EXPECT_TRUE(page.sees("event: answered\ndata: {\"approval\":\"a-1\"}\n\n"));
}

TEST(Live, ManyThingsInOneTurnAreOneReadingAnew) {
  Office office({.events_of_a_turn_max = 10});
  auto page = office.page();
  for (int i = 0; i < 1000; ++i) office.opens("a-" + std::to_string(i));
  office.live.flush();
  EXPECT_TRUE(page.sees("event: again\n"));
  EXPECT_EQ(page.got().find("question"), std::string::npos);
}

TEST(Live, OneThingThatHappensOftenInATurnIsOneEvent) {
  Office office;
  auto page = office.page();
  for (int i = 0; i < 50; ++i) {
    CallDecided decided;
    decided.run = "r-1";
    decided.effect = "allow";
    office.tell(decided);
  }
  office.live.flush();
  EXPECT_TRUE(page.sees("event: run\ndata: {\"run\":\"r-1\"}\n\n"));
  EXPECT_EQ(page.got().find("event: run"), page.got().rfind("event: run"));
}

TEST(Live, WhoReadsTooSlowlyReadsAnewLater) {
  Office office({.unread_bytes_max = 8192});
  http::RawClient slow(office.loop, office.port);
  slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(office.loop.run_until([&] { return office.live.streams() == 1; }));
  // What the kernel takes is gone; what it does not take is counted.
  for (int i = 0; i < 20'000; ++i) {
    office.opens("question-with-a-long-name-" + std::to_string(i));
    office.live.flush();
    office.waiting.clear();
    if (i % 500 == 0) office.loop.turn();
  }
  EXPECT_EQ(office.live.streams(), 1u);
  EXPECT_EQ(slow.got().find("event: again"), std::string::npos);
  ASSERT_TRUE(slow.sees("event: question"));
  // It has read everything that there was for it.
  ASSERT_TRUE(office.loop.run_until([&] {
    office.live.beat([](std::uint64_t) { return true; });
    return slow.has(slow.got().size() + 1) && slow.got().find("event: again") != std::string::npos;
  }));
}

TEST(Live, APageEndsWithItsSession) {
  Office office;
  auto mine = office.page("/a");
  auto other = office.page("/bb");
  office.live.beat([](std::uint64_t session) { return session == 3; });
  EXPECT_TRUE(mine.sees("0\r\n\r\n"));
  EXPECT_EQ(office.live.streams(), 1u);
  office.live.end(3);
  EXPECT_EQ(office.live.streams(), 0u);
}

TEST(Live, PagesAreBounded) {
  Office office({.streams_max = 3, .streams_of_one_max = 2});
  auto a = office.page("/");
  auto b = office.page("/");
  auto c = office.page("/");
  EXPECT_EQ(office.live.streams(), 2u) << "the oldest of a session makes room";
  auto d = office.page("/a");
  EXPECT_EQ(office.live.streams(), 3u);
  http::RawClient e(office.loop, office.port);
  e.send("GET /bb HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(e.sees("503"));
}

}  // namespace
}  // namespace pawl::console
