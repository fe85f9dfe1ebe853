// A transport to several processes of one server, with processes that a test plays.
#include "doors/mcp/transport/process_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "doors/mcp/transport/http_upstream_testing.h"

namespace pawl::mcp {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What a process heard, and how it says something.
struct PlayedProcess {
  std::string secret;
  std::vector<std::string> heard;
  TransportEvents events;
  bool alive = true, closed = false;

  void says(const std::string& text) { events.message(text); }
};

class PlayedTransport final : public Transport {
 public:
  explicit PlayedTransport(std::shared_ptr<PlayedProcess> process) : process_(std::move(process)) {}
  void open(TransportEvents events) override { process_->events = std::move(events); }
  bool send(std::string message, std::string_view) override {
    process_->heard.push_back(std::move(message));
    return true;
  }
  void pause() override {}
  void resume() override {}
  Task<bool> drained() override { co_return true; }
  void finish_sending() override { process_->closed = true; }
  void stop_hearing() override {}

 private:
  std::shared_ptr<PlayedProcess> process_;
};

struct Stage {
  Stage() {
    ServerPrograms programs;
    programs.own = "reader";
    programs.equip = [this](Pass pass) { return equip(std::move(pass)); };
    programs.start = [this](const ProcessCredentials& with) { return start(with); };
    programs.scrub = [](std::string& text) {
      if (const std::size_t at = text.find("zq-secret"); at != text.npos)
        text.replace(at, 9, "***");
    };
    transport = over_programs(loop, std::move(programs));
    transport->open(
        {.message = [this](std::string_view text) { heard.emplace_back(text); },
         .too_long = {},
         .crowded = {},
         .ended = [this] { ended = true; },
         .failed = {},
         .lost = [this](std::string_view id,
                        const std::string& why) { lost.push_back(std::string(id) + ": " + why); }});
  }

  Task<Result<ProcessCredentials>> equip(Pass pass) {
    const std::string name = pass.credential.empty() ? "reader" : pass.credential;
    asked.push_back(name + "/" + pass.tool);
    if (slow) co_await loop.sleep(Duration::milliseconds(20));
    const auto value = values.find(name);
    if (value == values.end())
      co_return fail(ErrorKind::refused, "it is not for `" + pass.tool + "`");
    ProcessCredentials out;
    out.mark = value->second;
    out.used.name = name;
    co_return out;
  }
  Result<Program> start(const ProcessCredentials& with) {
    if (broken) return fail(ErrorKind::environment, "it cannot be started");
    auto process = std::make_shared<PlayedProcess>();
    process->secret = with.mark;
    processes.push_back(process);
    Program program;
    program.transport = std::make_unique<PlayedTransport>(process);
    program.life =
        std::shared_ptr<void>(process.get(), [process](void*) { process->alive = false; });
    return program;
  }

  bool send(std::string text) { return transport->send(std::move(text), {}); }
  std::shared_ptr<Pass> call_as(int id, const std::string& credential = {},
                                const std::string& tool = "read") {
    auto pass = std::make_shared<Pass>();
    pass->tool = tool;
    pass->credential = credential;
    transport->entitle(pass);
    EXPECT_TRUE(send(call(id, tool)));
    settle();
    return pass;
  }
  void settle() {
    bool over = false;
    const net::Timer timer =
        loop.after(Duration::milliseconds(slow ? 60 : 1), [&] { over = true; });
    loop.run_until([&] { return over; });
  }
  // As a session of the stateful era begins.
  void begin() {
    send(std::string(kInitialize));
    settle();
    processes.at(0)->says(std::string(kOpened));
    send(std::string(kReady));
    settle();
    heard.clear();
    processes.at(0)->heard.clear();
  }
  // A later process answers its opening.
  void opens(std::size_t which, const std::string& revision = "2025-11-25") {
    ASSERT_THAT(processes, SizeIs(which + 1));
    EXPECT_THAT(processes[which]->heard.at(0),
                AllOf(HasSubstr("initialize"), HasSubstr(R"("id":"pawl-opens")")));
    processes[which]->says(R"({"jsonrpc":"2.0","id":"pawl-opens","result":{"protocolVersion":")" +
                           revision + R"(","capabilities":{}}})");
    settle();
  }

  net::Loop loop;
  std::map<std::string, std::string> values{{"reader", "one"}, {"writer", "two"}};
  std::vector<std::shared_ptr<PlayedProcess>> processes;
  std::vector<std::string> asked, heard, lost;
  std::unique_ptr<Transport> transport;
  bool ended = false, broken = false, slow = false;
};

TEST(ProcessPool, AnAnswerThatIsWrittenBadlyIsAnAnswer) {
  Stage stage;
  stage.begin();
  for (int id = 2; id < 5; ++id) stage.call_as(id);
  const auto process = stage.processes.at(0);
  process->says(R"({"jsonrpc":"2.0","id":"2","result":{}})");
  process->says(R"({"jsonrpc":"2.0","id":3.0,"result":{"text":"\ud83d"}})");
  process->says(R"({"jsonrpc":"2.0","id":4,"result":{"n":NaN}})");
  stage.settle();
  EXPECT_THAT(stage.heard, ElementsAre(R"({"jsonrpc":"2.0","id":"2","result":{}})",
                                       R"({"jsonrpc":"2.0","id":3.0,"result":{"text":"\ufffd"}})",
                                       R"({"jsonrpc":"2.0","id":4,"result":{"n":NaN}})"));
  // None of them is waited for: a process with another secret takes its place, and it may end.
  stage.values["reader"] = "three";
  stage.call_as(5);
  stage.opens(1);
  EXPECT_FALSE(process->alive);
}

TEST(ProcessPool, AProcessForEachCredentialOpenedAsTheFirst) {
  Stage stage;
  stage.begin();
  EXPECT_THAT(stage.asked, ElementsAre("reader/"));
  const auto first = stage.call_as(7);
  EXPECT_EQ(first->used.name, "reader");
  EXPECT_THAT(stage.processes.at(0)->heard, ElementsAre(call(7)));
  const auto second = stage.call_as(8, "writer", "write");
  EXPECT_EQ(second->used.name, "writer");
  stage.opens(1);
  EXPECT_THAT(stage.processes[1]->heard,
              ElementsAre(testing::_, std::string(kReady), call(8, "write")));
  EXPECT_EQ(stage.processes[1]->secret, "two");
  stage.processes[1]->says(answer_to(8));
  stage.processes[0]->says(answer_to(7));
  EXPECT_THAT(stage.heard, ElementsAre(answer_to(8), answer_to(7)));
  // The server's own credential by its name is no other one, and no process is started again.
  stage.call_as(9, "reader");
  stage.call_as(10, "writer", "write");
  EXPECT_THAT(stage.processes, SizeIs(2));
  EXPECT_THAT(stage.processes[0]->heard.back(), call(9));
  EXPECT_THAT(stage.processes[1]->heard.back(), call(10, "write"));
}

TEST(ProcessPool, ACallThatCannotBeEquippedIsAnErrorAndWasNotSent) {
  Stage stage;
  stage.begin();
  stage.call_as(7, "unknown", "write");
  ASSERT_THAT(stage.heard, SizeIs(1));
  EXPECT_THAT(stage.heard[0], AllOf(HasSubstr(R"("id":7)"), HasSubstr("it is not for `write`")));
  stage.broken = true;
  stage.call_as(8, "writer");
  EXPECT_THAT(stage.heard.at(1), AllOf(HasSubstr(R"("id":8)"), HasSubstr("cannot be started")));
  EXPECT_THAT(stage.processes, SizeIs(1));
  EXPECT_THAT(stage.processes[0]->heard, IsEmpty());
}

TEST(ProcessPool, AnotherValueIsAnotherProcessAndTheOldOneFinishesItsCalls) {
  Stage stage;
  stage.begin();
  stage.call_as(7);
  stage.values["reader"] = "one-more";
  stage.call_as(8);
  stage.opens(1);
  EXPECT_EQ(stage.processes[1]->secret, "one-more");
  EXPECT_THAT(stage.processes[1]->heard.back(), call(8));
  // What the server offers may be another thing now.
  EXPECT_THAT(stage.heard, ElementsAre(HasSubstr("tools/list_changed")));
  EXPECT_TRUE(stage.processes[0]->alive);
  stage.processes[0]->says(answer_to(7));
  stage.settle();
  EXPECT_THAT(stage.heard.back(), answer_to(7));
  EXPECT_FALSE(stage.processes[0]->alive);
  stage.processes[1]->says(answer_to(8));
  EXPECT_THAT(stage.heard.back(), answer_to(8));
  EXPECT_FALSE(stage.ended);
}

TEST(ProcessPool, OneThatOpensOtherwiseGetsNoCall) {
  Stage stage;
  stage.begin();
  stage.call_as(7, "writer");
  stage.opens(1, "2024-11-05");
  ASSERT_THAT(stage.heard, SizeIs(1));
  EXPECT_THAT(stage.heard[0],
              AllOf(HasSubstr(R"("id":7)"), HasSubstr("did not initialize as before")));
  EXPECT_FALSE(stage.processes[1]->alive);
}

TEST(ProcessPool, QuestionsOfTwoProcessesKeepTheirIdsApart) {
  Stage stage;
  stage.begin();
  stage.call_as(7);
  stage.call_as(8, "writer");
  stage.opens(1);
  const std::string question = R"({"jsonrpc":"2.0","id":0,"method":"roots/list"})";
  stage.processes[0]->says(question);
  stage.processes[1]->says(question);
  EXPECT_THAT(stage.heard, ElementsAre(R"({"jsonrpc":"2.0","id":"p1:0","method":"roots/list"})",
                                       R"({"jsonrpc":"2.0","id":"p2:0","method":"roots/list"})"));
  stage.send(R"({"jsonrpc":"2.0","id":"p2:0","result":{}})");
  stage.send(R"({"jsonrpc":"2.0","id":"p1:0","result":{}})");
  EXPECT_THAT(stage.processes[0]->heard.back(), answer_to(0));
  EXPECT_THAT(stage.processes[1]->heard.back(), answer_to(0));
  // An answer goes out once.
  const std::size_t before = stage.processes[0]->heard.size();
  stage.send(R"({"jsonrpc":"2.0","id":"p1:0","result":{}})");
  EXPECT_THAT(stage.processes[0]->heard, SizeIs(before));
  stage.processes[1]->says(
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}})");
  EXPECT_THAT(stage.heard.back(), HasSubstr(R"("requestId":"p2:5")"));
}

TEST(ProcessPool, AProcessAnswersOnlyWhatItWasAsked) {
  Stage stage;
  stage.begin();
  stage.call_as(7);
  stage.call_as(8, "writer");
  stage.opens(1);
  stage.processes[1]->says(answer_to(7));
  EXPECT_THAT(stage.heard, ElementsAre(R"({"jsonrpc":"2.0","id":"p2:7","result":{}})"));
  stage.processes[0]->says(answer_to(7));
  EXPECT_THAT(stage.heard.back(), answer_to(7));
}

TEST(ProcessPool, WhatTheySayIsScrubbedAndWhatTakesBackFollowsItsCall) {
  Stage stage;
  stage.slow = true;
  stage.begin();
  const auto pass = std::make_shared<Pass>();
  pass->credential = "writer";
  stage.transport->entitle(pass);
  stage.send(call(7));
  stage.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})");
  stage.settle();
  stage.opens(1);
  EXPECT_THAT(stage.processes[1]->heard,
              ElementsAre(testing::_, std::string(kReady), call(7), HasSubstr("cancelled")));
  EXPECT_THAT(stage.processes[0]->heard, IsEmpty());
  stage.processes[1]->says(R"({"jsonrpc":"2.0","id":7,"result":{"x":"zq-secret"}})");
  EXPECT_THAT(stage.heard, ElementsAre(R"({"jsonrpc":"2.0","id":7,"result":{"x":"***"}})"));
}

TEST(ProcessPool, TheEndOfOneIsItsCallsAndTheEndOfTheFirstIsTheWires) {
  Stage stage;
  stage.begin();
  stage.call_as(7);
  stage.call_as(8, "writer");
  stage.opens(1);
  stage.processes[1]->events.ended();
  stage.settle();
  EXPECT_THAT(stage.lost, ElementsAre(HasSubstr("8: the tool server ended")));
  EXPECT_FALSE(stage.ended);
  EXPECT_FALSE(stage.processes[1]->alive);
  stage.call_as(9, "writer");
  stage.opens(2);
  EXPECT_THAT(stage.processes[2]->heard.back(), call(9));
  stage.processes[0]->events.ended();
  stage.settle();
  EXPECT_TRUE(stage.ended);
  stage.transport.reset();
  EXPECT_FALSE(stage.processes[2]->alive);
}

TEST(ProcessPool, NoMoreThanSoManyCredentialsAtOnce) {
  Stage stage;
  stage.begin();
  for (std::size_t i = 1; i < programs_max; ++i) {
    const std::string name = "c" + std::to_string(i);
    stage.values[name] = name;
    stage.call_as(static_cast<int>(i) + 10, name);
    stage.opens(i);
  }
  stage.values["more"] = "more";
  stage.call_as(100, "more");
  EXPECT_THAT(stage.heard.back(), HasSubstr("too many credentials"));
  // One that has nothing to do any more makes room.
  stage.processes[1]->says(answer_to(11));
  stage.call_as(101, "more");
  stage.opens(programs_max);
  EXPECT_FALSE(stage.processes[1]->alive);
  EXPECT_THAT(stage.processes.back()->heard.back(), call(101));
}

}  // namespace
}  // namespace pawl::mcp
