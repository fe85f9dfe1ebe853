#include "doors/mcp/transport/shared_server.h"
#include "doors/mcp/protocol/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kHello =
    R"({"protocolVersion":"2025-11-25","capabilities":{"logging":{},"tools":{}},)"
    R"("serverInfo":{"name":"s","version":"1"}})";

constexpr const char* kNewerHello = R"({"supportedVersions":["2026-07-28"],"capabilities":{}})";

// The process, as far as its transport goes.
struct OneProcess {
  TransportEvents events;
  std::vector<std::string> got;
  bool gone = false;
};

class ProcessTransport final : public Transport {
 public:
  explicit ProcessTransport(std::shared_ptr<OneProcess> process) : process_(std::move(process)) {}
  ~ProcessTransport() override { process_->gone = true; }
  ProcessTransport(const ProcessTransport&) = delete;
  void open(TransportEvents events) override { process_->events = std::move(events); }
  bool send(std::string message, std::string_view) override {
    process_->got.push_back(std::move(message));
    return true;
  }
  void pause() override {}
  void resume() override {}
  Task<bool> drained() override { co_return true; }
  void finish_sending() override {}
  void stop_hearing() override {}

 private:
  std::shared_ptr<OneProcess> process_;
};

struct OneSession {
  std::unique_ptr<Transport> transport;
  std::vector<std::string> heard;
  bool ended = false;
};

class SharedTest : public testing::Test {
 protected:
  SharedTest() {
    server_ = std::make_shared<SharedServer>(
        loop_, Program{std::make_unique<ProcessTransport>(process_), nullptr},
        [this](const std::string& what) { told_.push_back(what); });
    enter(one_);
    enter(two_);
    server_.reset();  // its transports keep it
  }
  void enter(OneSession& session) {
    auto transport = SharedServer::attach(server_);
    ASSERT_TRUE(transport);
    session.transport = *std::move(transport);
    session.transport->open(
        {.message = [&session](std::string_view text) { session.heard.emplace_back(text); },
         .too_long = {},
         .crowded = {},
         .ended = [&session] { session.ended = true; },
         .failed = {}});
  }
  void turn() {
    bool done = false;
    loop_.post([&done] { done = true; });
    loop_.run_until([&done] { return done; });
  }
  void says(const std::string& line) {
    process_->events.message(line);
    turn();
  }
  // Both have opened it.
  void open() {
    for (OneSession* session : {&one_, &two_}) {
      session->transport->send(request_of(1, "initialize", R"({"capabilities":{"sampling":{}}})"),
                               {});
    }
    says(std::string(R"({"jsonrpc":"2.0","id":1,"result":)") + kHello + "}");
    for (OneSession* session : {&one_, &two_}) {
      session->transport->send(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", {});
      session->heard.clear();
    }
    process_->got.clear();
  }
  static std::string request_of(int id, const std::string& method, const std::string& params) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method +
           R"(","params":)" + params + "}";
  }
  static std::string call(int id) {
    return request_of(
        id, "tools/call",
        R"({"_meta":{"progressToken":)" + std::to_string(id) + R"(},"arguments":{},"name":"x"})");
  }

  net::Loop loop_;
  std::shared_ptr<OneProcess> process_ = std::make_shared<OneProcess>();
  std::vector<std::string> told_;
  std::shared_ptr<SharedServer> server_;
  OneSession one_, two_;
};

TEST_F(SharedTest, IsOpenedOnceInNoClientsName) {
  one_.transport->send(request_of(7, "initialize", R"({"capabilities":{"elicitation":{}}})"), {});
  two_.transport->send(request_of(9, "initialize", "{}"), {});
  ASSERT_EQ(process_->got.size(), 1U);
  EXPECT_THAT(process_->got[0], HasSubstr(R"("capabilities":{},"clientInfo":{"name":"pawl")"));
  says(std::string(R"({"jsonrpc":"2.0","id":1,"result":)") + kHello + "}");
  // No session gets its log, so none is told that it has one.
  EXPECT_THAT(one_.heard, ElementsAre(AllOf(HasSubstr(R"("id":7)"), HasSubstr(R"({"tools":{}})"))));
  EXPECT_THAT(two_.heard, ElementsAre(HasSubstr(R"("id":9)")));
  for (OneSession* session : {&one_, &two_}) {
    session->transport->send(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", {});
  }
  EXPECT_EQ(process_->got.size(), 2U);
}

TEST_F(SharedTest, AnswersAndProgressReachWhoAskedThoughTheirIdsAreTheSame) {
  open();
  one_.transport->send(call(5), {});
  two_.transport->send(call(5), {});
  EXPECT_THAT(process_->got,
              ElementsAre(AllOf(HasSubstr(R"("id":2,)"), HasSubstr(R"("progressToken":2)")),
                          AllOf(HasSubstr(R"("id":3,)"), HasSubstr(R"("progressToken":3)"))));
  says(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,)"
       R"("progress":1}})");
  EXPECT_THAT(one_.heard, IsEmpty());
  EXPECT_THAT(two_.heard, ElementsAre(HasSubstr(R"("progressToken":5)")));
  says(R"({"jsonrpc":"2.0","id":2,"result":{"content":["one's"]}})");
  EXPECT_THAT(one_.heard,
              ElementsAre(R"({"jsonrpc":"2.0","id":5,"result":{"content":["one's"]}})"));
  EXPECT_EQ(two_.heard.size(), 1U);
  // A second answer belongs to no request; nor does one that was never asked for.
  says(R"({"jsonrpc":"2.0","id":2,"result":{}})");
  says(R"({"jsonrpc":"2.0","id":5,"result":{}})");
  EXPECT_EQ(one_.heard.size() + two_.heard.size(), 2U);
}

TEST_F(SharedTest, ACancellationReachesTheCallOfItsSession) {
  open();
  one_.transport->send(call(5), {});
  two_.transport->send(call(5), {});
  process_->got.clear();
  two_.transport->send(
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}})", {});
  two_.transport->send(
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}})", {});
  EXPECT_THAT(process_->got, ElementsAre(HasSubstr(R"("requestId":3)")));
}

TEST_F(SharedTest, WhatItAsksIsRefusedAndWhatItSaysToNoClientReachesNone) {
  open();
  one_.transport->send(call(5), {});
  process_->got.clear();
  says(R"({"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"who?"}})");
  EXPECT_THAT(process_->got, ElementsAre(AllOf(HasSubstr(R"("id":"q")"), HasSubstr("-32601"))));
  says(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":"secret"}})");
  EXPECT_THAT(one_.heard, IsEmpty());
  EXPECT_THAT(two_.heard, IsEmpty());
  EXPECT_EQ(told_.size(), 2U);
  two_.transport->send(request_of(6, "logging/setLevel", R"({"level":"debug"})"), {});
  turn();
  EXPECT_THAT(two_.heard, ElementsAre(HasSubstr("-32601")));
  EXPECT_EQ(process_->got.size(), 1U);
}

TEST_F(SharedTest, ListsAreToldToAllAndResourcesToWhoSubscribed) {
  open();
  one_.transport->send(request_of(5, "resources/subscribe", R"({"uri":"a://x"})"), {});
  says(R"({"jsonrpc":"2.0","id":2,"result":{}})");
  one_.heard.clear();
  says(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  says(
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a://x/y"}})");
  EXPECT_EQ(one_.heard.size(), 2U);
  EXPECT_EQ(two_.heard.size(), 1U);
  // The last who listens ends it.
  two_.transport->send(request_of(6, "resources/subscribe", R"({"uri":"a://x"})"), {});
  says(R"({"jsonrpc":"2.0","id":3,"result":{}})");
  process_->got.clear();
  one_.transport->send(request_of(7, "resources/unsubscribe", R"({"uri":"a://x"})"), {});
  EXPECT_THAT(process_->got, IsEmpty());
  two_.transport.reset();
  EXPECT_THAT(process_->got, ElementsAre(HasSubstr("resources/unsubscribe")));
}

TEST_F(SharedTest, ASessionThatGoesTakesItsCallsAlongAndTheLastOneTheProcess) {
  open();
  one_.transport->send(call(5), {});
  two_.transport->send(call(6), {});
  process_->got.clear();
  one_.transport.reset();
  EXPECT_THAT(process_->got, ElementsAre(HasSubstr(R"("requestId":2)")));
  says(R"({"jsonrpc":"2.0","id":2,"result":{}})");
  says(R"({"jsonrpc":"2.0","id":3,"result":{}})");
  EXPECT_THAT(one_.heard, IsEmpty());
  EXPECT_EQ(two_.heard.size(), 1U);
  EXPECT_FALSE(process_->gone);
  two_.transport.reset();
  turn();
  EXPECT_TRUE(process_->gone);
}

TEST_F(SharedTest, ItEndsForAll) {
  open();
  one_.transport->send(call(5), {});
  process_->events.ended();
  EXPECT_TRUE(one_.ended);
  EXPECT_TRUE(two_.ended);
  EXPECT_FALSE(one_.transport->send(call(6), {}));
}

TEST_F(SharedTest, WhoTakesNothingIsLetGoAndNoOther) {
  open();
  one_.transport->pause();
  const std::string big(1UL << 20, 'x');
  for (std::size_t i = 0; i * big.size() <= untaken_bytes_max; ++i) {
    says(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"x":")" + big +
         "\"}}");
  }
  EXPECT_TRUE(one_.ended);
  EXPECT_FALSE(two_.ended);
  EXPECT_THAT(one_.heard, IsEmpty());
}

TEST_F(SharedTest, TheEraIsThatOfWhoComesFirst) {
  one_.transport->send(request_of(5, "server/discover", "{}"), {});
  two_.transport->send(request_of(6, "initialize", "{}"), {});
  ASSERT_EQ(process_->got.size(), 1U);
  says(std::string(R"({"jsonrpc":"2.0","id":1,"result":)") + kNewerHello + "}");
  EXPECT_THAT(one_.heard, ElementsAre(HasSubstr("supportedVersions")));
  EXPECT_THAT(two_.heard, ElementsAre(HasSubstr("-32022")));
  EXPECT_EQ(process_->got.size(), 1U);
}

TEST_F(SharedTest, WhereNoClientSpeaksTheNewerEraTheOlderOneIsOpened) {
  one_.transport->send(request_of(5, "server/discover", "{}"), {});
  two_.transport->send(request_of(6, "initialize", "{}"), {});
  says(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}})");
  ASSERT_EQ(process_->got.size(), 2U);
  EXPECT_THAT(process_->got[1], HasSubstr("initialize"));
  // The first one's server is silent: it opens it too, and is not left waiting.
  one_.transport->send(request_of(7, "initialize", "{}"), {});
  says(std::string(R"({"jsonrpc":"2.0","id":2,"result":)") + kHello + "}");
  EXPECT_EQ(one_.heard.size(), 2U);
  EXPECT_EQ(two_.heard.size(), 1U);
}

// Some stateful servers answer whatever they do not know with an empty result, others name
// revisions that are none of ours. That is no server of the stateless era, and the session that
// asked says so by asking for the stateful one: so does the next.
TEST_F(SharedTest, AnAnswerThatServesNoNewerEraLeavesTheOlderOneToAll) {
  one_.transport->send(request_of(5, "server/discover", "{}"), {});
  says(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  two_.transport->send(request_of(6, "server/discover", "{}"), {});
  says(R"({"jsonrpc":"2.0","id":2,"result":{"supportedVersions":["2031-01-01"]}})");
  one_.transport->send(request_of(7, "initialize", "{}"), {});
  two_.transport->send(request_of(8, "initialize", "{}"), {});
  ASSERT_EQ(process_->got.size(), 3U);
  EXPECT_THAT(process_->got[2], HasSubstr("initialize"));
  says(std::string(R"({"jsonrpc":"2.0","id":3,"result":)") + kHello + "}");
  EXPECT_THAT(one_.heard, ElementsAre(HasSubstr(R"("id":5)"), HasSubstr("2025-11-25")));
  EXPECT_THAT(two_.heard, ElementsAre(HasSubstr(R"("id":6)"), HasSubstr("2025-11-25")));
}

TEST_F(SharedTest, AnAnswerToTheProbeThatIsTooLongHoldsNoClientUp) {
  one_.transport->send(request_of(5, "server/discover", "{}"), {});
  two_.transport->send(request_of(6, "initialize", "{}"), {});
  ASSERT_EQ(process_->got.size(), 1U);
  process_->events.too_long(R"({"jsonrpc":"2.0","id":1,"result":{"x":")");
  ASSERT_EQ(process_->got.size(), 2U);
  EXPECT_THAT(process_->got[1], HasSubstr("initialize"));
}

TEST_F(SharedTest, WhoLeavesWithAProbeUnansweredHoldsNoClientUp) {
  one_.transport->send(request_of(5, "server/discover", "{}"), {});
  two_.transport->send(request_of(6, "initialize", "{}"), {});
  ASSERT_EQ(process_->got.size(), 1U);
  one_.transport.reset();
  turn();
  ASSERT_EQ(process_->got.size(), 2U);
  EXPECT_THAT(process_->got[1], HasSubstr("initialize"));
  // What was given up decides nothing when it is answered after all.
  says(std::string(R"({"jsonrpc":"2.0","id":1,"result":)") + kNewerHello + "}");
  says(std::string(R"({"jsonrpc":"2.0","id":2,"result":)") + kHello + "}");
  EXPECT_THAT(two_.heard, ElementsAre(HasSubstr("2025-11-25")));
}

TEST_F(SharedTest, ASecretIsNotForIt) {
  open();
  auto pass = std::make_shared<Pass>();
  pass->credential = "crm-token";
  one_.transport->entitle(pass);
  one_.transport->send(call(5), {});
  turn();
  EXPECT_THAT(process_->got, IsEmpty());
  EXPECT_THAT(one_.heard, ElementsAre(HasSubstr("gets no credential")));
}

TEST_F(SharedTest, WhatWasSaidBeforeTheEndIsHeardBeforeIt) {
  open();
  one_.transport->send(call(5), {});
  one_.transport->pause();
  says(R"({"jsonrpc":"2.0","id":2,"result":{}})");
  process_->events.ended();
  turn();
  EXPECT_TRUE(two_.ended);
  EXPECT_FALSE(one_.ended);
  one_.transport->resume();
  turn();
  EXPECT_THAT(one_.heard, ElementsAre(HasSubstr(R"("id":5)")));
  EXPECT_TRUE(one_.ended);
  one_.transport->resume();
  turn();
  EXPECT_EQ(one_.heard.size(), 1U);
}

TEST_F(SharedTest, AnAnswerThatIsWrittenBadlyReachesWhoAsked) {
  open();
  for (OneSession* session : {&one_, &two_}) session->transport->send(call(7), {});
  ASSERT_EQ(process_->got.size(), 2U);
  const auto id_of_call = [this](std::size_t i) { return id_of(process_->got.at(i)); };
  const std::string first = id_of_call(0), second = id_of_call(1);
  // No answers, or to no request.
  says("answering " + first);
  says(R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}})");
  says(R"({"jsonrpc":"2.0","id":)" + first + R"(,"method":"tools/call","params":{"n":NaN}})");
  EXPECT_THAT(one_.heard, IsEmpty());
  EXPECT_THAT(two_.heard, IsEmpty());
  says(R"({"jsonrpc":"2.0","id":")" + second + R"(","result":{"text":"\ud83d"}})");
  EXPECT_THAT(two_.heard, ElementsAre(R"({"jsonrpc":"2.0","id":7,"result":{"text":"\ufffd"}})"));
  // Its session ends the request that it names.
  says(R"({"jsonrpc":"2.0","id":)" + first + R"(,"result":{"n":NaN}})");
  EXPECT_THAT(one_.heard, ElementsAre(R"({"jsonrpc":"2.0","id":7,"result":{"n":NaN}})"));
}

TEST_F(SharedTest, NoCallerTakesAllOfIt) {
  const auto server = std::make_shared<SharedServer>(
      loop_, Program{std::make_unique<ProcessTransport>(std::make_shared<OneProcess>()), nullptr},
      [](const std::string&) {});
  std::vector<std::unique_ptr<Transport>> theirs;
  const auto enters = [&](const std::string& caller) {
    auto transport = SharedServer::attach(server, caller);
    if (transport) theirs.push_back(*std::move(transport));
    return transport ? std::string() : transport.error().message;
  };
  for (std::size_t i = 0; i < sessions_of_one_caller_max; ++i) ASSERT_EQ(enters("ada"), "");
  EXPECT_THAT(enters("ada"), HasSubstr("of this caller"));
  EXPECT_EQ(enters("bob"), "");
  theirs.erase(theirs.begin());
  EXPECT_EQ(enters("ada"), "");
  while (server->sessions() < sessions_of_a_process_max) ASSERT_EQ(enters(""), "");
  EXPECT_THAT(enters("bob"), HasSubstr("too many sessions share"));
}

}  // namespace
}  // namespace pawl::mcp
