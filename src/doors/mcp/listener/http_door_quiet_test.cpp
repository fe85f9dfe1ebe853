// Sessions that are quiet make room where their caller lacks it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "doors/mcp/listener/http_door.h"
#include "doors/mcp/listener/http_door_testing.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {
namespace {

using http::RawClient;
using testing::ElementsAre;
using testing::IsEmpty;

// A session that answers what it is asked under the id 1, and stays after its end.
struct Obliging final : Attended {
  Obliging(std::unique_ptr<Transport> transport, HttpDoorPorts::Ended over)
      : Attended(std::move(transport), std::move(over)) {
    leaves = false;
  }
  void hear(std::string_view text) override {
    const bool first = !std::exchange(begun, true);  // `opened` answers it
    if (!first && text.find("\"id\":1,") != text.npos) client->send(result_line("1", "{}"), "1");
  }
  bool begun = false;
};

struct Crowd : Gatehouse<Obliging> {
  explicit Crowd(Duration quiet)
      : Gatehouse({.session_quiet = quiet}, [this](HttpDoorPorts& ports) {
          ports.crowded = [this](const std::string& account) { return crowded[account]; };
          ports.processes_of = [](const std::string&) { return 2U; };
          ports.calls = [this](const std::string&) { return calls; };
        }) {}

  // Those that were told to end.
  std::vector<std::size_t> ended() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < behind.size(); ++i) {
      if (!behind[i]->why.empty()) out.push_back(i);
    }
    return out;
  }

  std::map<std::string, std::size_t> crowded;
  bool calls = false;
};

TEST(HttpDoorQuiet, TheLongestQuietOfTheCallerEndFirst) {
  Crowd crowd(Duration{});
  const std::string first = crowd.opened();
  (void)crowd.opened();
  (void)crowd.opened("Who: bob\r\n");
  (void)crowd.opened();
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}})";
  EXPECT_TRUE(crowd.post(list, first).sees(R"("result")"));
  EXPECT_EQ(crowd.door.end_quiet("ada", 1), 2U);
  EXPECT_THAT(crowd.ended(), ElementsAre(1));
  // What ends already counts, and makes room only once.
  EXPECT_EQ(crowd.door.end_quiet("ada", 2), 2U);
  EXPECT_THAT(crowd.ended(), ElementsAre(1));
  EXPECT_EQ(crowd.door.end_quiet("ada", 3), 4U);
  EXPECT_THAT(crowd.ended(), ElementsAre(1, 3));
  EXPECT_EQ(crowd.door.end_quiet("ada", 100), 6U);
  EXPECT_THAT(crowd.ended(), ElementsAre(0, 1, 3)) << "never another's";
  EXPECT_EQ(crowd.door.end_quiet("eve", 1), 0U);
  EXPECT_TRUE(crowd.post(list, first).sees("HTTP/1.1 404"));
}

TEST(HttpDoorQuiet, WhatIsInUseStays) {
  Crowd crowd(Duration{});
  const std::string waits = crowd.opened();
  const RawClient call =
      crowd.post(R"({"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}})", waits);
  const std::string heard = crowd.opened();
  RawClient listens = crowd.listen(heard);
  EXPECT_TRUE(listens.sees("text/event-stream"));
  // A task goes on without a request that waits for it, and so may what was cancelled.
  const std::string tasked = crowd.opened();
  EXPECT_TRUE(crowd
                  .post(R"({"jsonrpc":"2.0","id":1,"method":"tools/call",)"
                        R"("params":{"name":"a","task":{}}})",
                        tasked)
                  .sees(R"("result")"));
  const std::string cancelled = crowd.opened();
  EXPECT_TRUE(crowd
                  .post(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                        R"("params":{"requestId":7}})",
                        cancelled)
                  .sees("HTTP/1.1 202"));
  crowd.calls = true;
  EXPECT_EQ(crowd.door.end_quiet("ada", 100), 0U);
  crowd.calls = false;
  EXPECT_EQ(crowd.door.end_quiet("ada", 100), 4U);
  EXPECT_THAT(crowd.ended(), ElementsAre(2, 3));
}

TEST(HttpDoorQuiet, NotBeforeItWasQuietForAWhile) {
  Crowd crowd(session_quiet_min);
  (void)crowd.opened();
  EXPECT_EQ(crowd.door.end_quiet("ada", 1), 0U);
  crowd.crowded["ada"] = 100;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), IsEmpty());
}

TEST(HttpDoorQuiet, ACallerNearItsShareIsLookedAfterBeforeItIsRefused) {
  Crowd crowd(Duration{});
  for (int i = 0; i < 3; ++i) (void)crowd.opened();
  (void)crowd.opened("Who: bob\r\n");
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), IsEmpty());
  crowd.crowded["ada"] = 1;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), IsEmpty()) << "that would be more than is too many";
  crowd.crowded["ada"] = 3;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), ElementsAre(0));
  crowd.crowded["ada"] = 4;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), ElementsAre(0, 1));
}

}  // namespace
}  // namespace pawl::mcp
