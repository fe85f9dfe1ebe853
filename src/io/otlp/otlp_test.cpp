// Spans as text, and on their way to a collector that takes them, refuses them or is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "io/http/server.h"
#include "io/otlp/exporter.h"

namespace pawl::otlp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Span a_span(std::string name) {
  Span span;
  span.trace.fill(1);
  span.id.fill(2);
  span.name = std::move(name);
  span.start = Instant{5};
  span.end = Instant{7};
  return span;
}

TEST(Otlp, ASpanIsWrittenAsTheProtocolSays) {
  Span span = a_span("tools/call x");
  span.parent.fill(3);
  span.kind = SpanKind::server;
  span.attributes = {{"mcp.method.name", "tools/call"}, {"n", std::int64_t{4}}, {"b", true}};
  span.error = "constraint";
  EXPECT_EQ(to_json({"pawl", "1", "node"}, {&span, 1}),
            R"({"resourceSpans":[{"resource":{"attributes":[)"
            R"({"key":"service.name","value":{"stringValue":"pawl"}},)"
            R"({"key":"service.version","value":{"stringValue":"1"}},)"
            R"({"key":"service.instance.id","value":{"stringValue":"node"}}]},)"
            R"("scopeSpans":[{"scope":{"name":"pawl","version":"1"},"spans":[)"
            R"({"traceId":"01010101010101010101010101010101","spanId":"0202020202020202",)"
            R"("parentSpanId":"0303030303030303","name":"tools/call x","kind":2,)"
            R"("startTimeUnixNano":"5","endTimeUnixNano":"7","attributes":[)"
            R"({"key":"mcp.method.name","value":{"stringValue":"tools/call"}},)"
            R"({"key":"n","value":{"intValue":"4"}},{"key":"b","value":{"boolValue":true}}],)"
            R"("status":{"code":2,"message":"constraint"}}]}]}]})");
}

TEST(Otlp, ALongTextIsCutWhereACharacterEnds) {
  Span span = a_span(std::string(attribute_bytes_max - 1, 'x') + "\u00e9");
  const std::string text = to_json({"p", "1", "n"}, {&span, 1});
  EXPECT_TRUE(json::parse(text));
  EXPECT_THAT(text, HasSubstr(std::string(attribute_bytes_max - 1, 'x') + "\""));
}

TEST(Otlp, WhatAnAnswerSaysOfRejectedSpans) {
  EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":"3"}})"), 3U);
  EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":2}})"), 2U);
  for (const std::string_view text :
       {"", "{}", "[]", R"({"partialSuccess":{"rejectedSpans":-2}})",
        R"({"partialSuccess":{"rejectedSpans":"many"}})", R"({"partialSuccess":7})"}) {
    EXPECT_EQ(rejected_spans(text), 0U) << text;
  }
}

// A collector, and an exporter that sends to it.
struct Collected {
  explicit Collected(ExporterLimits limits = {}, decltype(ExporterSetup::prove) prove = {}) {
    const auto port = server.listen("127.0.0.1", 0).value_or(0);
    ExporterSetup setup;
    setup.collector = "http://127.0.0.1:" + std::to_string(port) + "/v1/traces";
    setup.client.reach.private_hosts = {"127.0.0.1"};
    setup.resource = {"pawl", "1", "node"};
    limits.pause = limits.again_after = Duration::milliseconds(5);
    setup.limits = limits;
    setup.prove = std::move(prove);
    exporter.emplace(loop, std::move(setup),
                     [this](const std::string& text) { told.push_back(text); });
  }
  void send(std::size_t many) {
    for (std::size_t i = 0; i < many; ++i) exporter->add({a_span("s")});
  }
  bool until(const std::function<bool()>& done) {
    return loop.run_until(done, Duration::seconds(20));
  }

  net::Loop loop;
  std::vector<int> statuses;  // for the next requests; then 200
  std::string answer = "{}";
  std::vector<std::string> bodies, told, proofs;
  http::Server server{loop, {}, [this](http::Request request, http::Responder responder) {
                        http::Response response;
                        if (!statuses.empty()) {
                          response.status = statuses.front();
                          statuses.erase(statuses.begin());
                        }
                        response.headers.add("content-type", "application/json");
                        response.body = answer;
                        bodies.push_back(std::move(request.body));
                        proofs.emplace_back(request.headers.find("x-key").value_or(""));
                        std::move(responder).answer(std::move(response));
                      }};
  std::optional<Exporter> exporter;
};

TEST(Exporter, SpansGoTogetherAndAreCounted) {
  Collected world;
  world.send(3);
  ASSERT_TRUE(world.until([&] { return world.exporter->sent() == 3; }));
  EXPECT_EQ(world.bodies.size(), 1U);
  EXPECT_EQ(world.exporter->waiting(), 0U);
  EXPECT_THAT(world.told, IsEmpty());
}

TEST(Exporter, EachRequestCarriesWhatTheCollectorWantsToSee) {
  int read = 0;
  const auto key = [&read]() -> Task<Result<Proof>> {
    if (++read == 1) co_return fail(ErrorKind::environment, "the key cannot be read");
    co_return Proof{"x-key", secrets::Credential::copy_of("key " + std::to_string(read))};
  };
  Collected world({}, key);
  world.statuses = {503};
  world.send(1);
  ASSERT_TRUE(world.until([&] { return world.exporter->sent() == 1; }));
  // Without it nothing was sent, and a rotated one is the next request's.
  EXPECT_THAT(world.proofs, ElementsAre("key 2", "key 3"));
  EXPECT_THAT(world.told,
              ElementsAre("the collector of traces does not take them: the key cannot be read",
                          "the collector of traces takes them again"));
}

TEST(Exporter, ACollectorThatIsBusyIsAskedAgainWithTheSame) {
  Collected world;
  world.statuses = {503, 429};
  world.send(2);
  ASSERT_TRUE(world.until([&] { return world.exporter->sent() == 2; }));
  ASSERT_EQ(world.bodies.size(), 3U);
  EXPECT_EQ(world.bodies[0], world.bodies[2]);
  EXPECT_EQ(world.exporter->lost(), 0U);
  EXPECT_THAT(world.told, ElementsAre("the collector of traces does not take them: it answered 503",
                                      "the collector of traces takes them again"));
}

TEST(Exporter, WhatIsRefusedIsLostAndNotTriedAgain) {
  Collected world;
  world.statuses = {400, 302};
  world.send(1);
  ASSERT_TRUE(world.until([&] { return world.exporter->lost() == 1; }));
  world.send(1);
  ASSERT_TRUE(world.until([&] { return world.exporter->lost() == 2; }));
  EXPECT_EQ(world.bodies.size(), 2U);
  world.answer = R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}})";
  world.send(3);
  ASSERT_TRUE(world.until([&] { return world.exporter->sent() == 2; }));
  EXPECT_EQ(world.exporter->lost(), 3U);
}

TEST(Exporter, WithoutRoomSpansAreLostAndCounted) {
  Collected world({.waiting_max = 4, .batch_max = 2});
  world.send(10);
  EXPECT_EQ(world.exporter->waiting(), 4U);
  EXPECT_EQ(world.exporter->lost(), 6U);
  ASSERT_TRUE(world.until([&] { return world.exporter->sent() == 4; }));
  EXPECT_EQ(world.bodies.size(), 2U);
}

TEST(Exporter, ACollectorThatIsNotThereTakesNothingWithIt) {
  Collected world({.tries_max = 2});
  world.server = http::Server(world.loop, {}, [](http::Request, http::Responder) {});
  world.send(1);
  ASSERT_TRUE(world.until([&] { return world.exporter->lost() == 1; }));
  EXPECT_EQ(world.told.size(), 1U);
}

Task<void> flushed(Exporter& exporter, std::optional<bool>& how) {
  how = co_await exporter.flush(Duration::seconds(10));
}

TEST(Exporter, AtTheEndWhatWaitsIsSentAtOnce) {
  Collected world;
  world.send(1);
  std::optional<bool> how;
  spawn(flushed(*world.exporter, how));
  ASSERT_TRUE(world.until([&] { return how.has_value(); }));
  EXPECT_TRUE(*how);
  EXPECT_EQ(world.exporter->sent(), 1U);
}

}  // namespace
}  // namespace pawl::otlp
