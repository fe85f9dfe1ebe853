// Several questions answered in one act: each is still an approval of its own call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* policy_of_batches = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - name: set_status
      class: reversible small
      requires_approval: true
      constraints: {max_records_per_run: 5}
      args: {ids: {max_items: 4}, status: {single_line: true}}
      records: size(args.ids)
    - {name: set_limit, class: reversible small, requires_approval: true}
    - {name: send_mail, class: irreversible small, requires_approval: true}
    - {name: erase, class: irreversible small, approval: {typed: args.name}}
    - {name: pair, class: reversible large, requires_approval: true, approval: {quorum: 2}}
execution: {max_steps: 100}
approval: {reviewers: [leads], within: 5m}
)";

class GateTogether : public ::testing::Test {
 protected:
  GateTogether() : world(policy_of_batches) {
    world.start();
    world.open();
  }
  Asked& held(const std::string& tool, const std::string& arguments) {
    Asked& asked = world.ask(tool, arguments);
    world.settle();
    EXPECT_FALSE(asked.done());
    return asked;
  }
  Status answer(const std::vector<BatchAnswer::One>& to, bool approve = true,
                const std::string& person = "ann") {
    return world.gate->approvals.answer(BatchAnswer{.to = to,
                                                    .approve = approve,
                                                    .person = person,
                                                    .groups = world.groups[person],
                                                    .reason = "",
                                                    .proof = "test",
                                                    .batch = "sha256:all"});
  }
  std::string why_not(const std::vector<BatchAnswer::One>& to, bool approve = true,
                      const std::string& person = "ann") {
    const Status done = answer(to, approve, person);
    return done ? "it was done" : done.error().message;
  }
  std::size_t answers() { return world.count("approval.answered"); }
  std::size_t runs() const { return world.server.executed.size(); }
  World world;
};

TEST_F(GateTogether, EachCallRunsOnceByItsOwnApproval) {
  Asked& one = held("set_limit", R"({"n":1})");
  Asked& two = held("set_limit", R"({"n":2})");
  Asked& twin = held("set_limit", R"({"n":2})");
  ASSERT_TRUE(answer({{one.approval, "sha256:1"}, {two.approval, "sha256:2"}}));
  world.settle();
  EXPECT_TRUE(one.done());
  EXPECT_TRUE(two.done());
  EXPECT_FALSE(twin.done()) << "an identical call is another question";
  EXPECT_EQ(runs(), 2U);
  std::vector<std::string> written;
  for (const Record& record : world.records()) {
    const auto* b = std::get_if<ApprovalAnswered>(&record.body);
    if (b != nullptr) written.push_back(b->approval + ' ' + b->shown + ' ' + b->batch);
  }
  EXPECT_THAT(written, ElementsAre(one.approval + " sha256:1 sha256:all",
                                   two.approval + " sha256:2 sha256:all"));
  // What was approved once is not approved for the next one like it.
  held("set_limit", R"({"n":1})");
  EXPECT_EQ(runs(), 2U);
}

TEST_F(GateTogether, AllOfThemOrNone) {
  Asked& one = held("set_limit", R"({"n":1})");
  Asked& two = held("set_limit", R"({"n":2})");
  EXPECT_THAT(why_not({{one.approval, "d"}, {"a-nothing", "d"}}), HasSubstr("no approval request"));
  EXPECT_THAT(why_not({{one.approval, "d"}, {one.approval, "d"}}), HasSubstr("twice"));
  EXPECT_THAT(why_not({}), HasSubstr("1 to 50"));
  EXPECT_THAT(why_not(std::vector<BatchAnswer::One>(51, {one.approval, "d"})),
              HasSubstr("1 to 50"));
  EXPECT_THAT(why_not({{one.approval, "d"}, {two.approval, "d"}}, true, "eve"),
              HasSubstr("nothing was answered"));
  ASSERT_TRUE(world.reject(two.approval));
  EXPECT_THAT(why_not({{one.approval, "d"}, {two.approval, "d"}}), HasSubstr("is denied"));
  world.settle();
  EXPECT_EQ(answers(), 1U);
  EXPECT_FALSE(one.done());
  EXPECT_EQ(runs(), 0U);
}

TEST_F(GateTogether, OneToolAndOneClass) {
  Asked& status = held("set_status", R"({"ids":["a"],"status":"x"})");
  Asked& limit = held("set_limit", R"({"n":1})");
  EXPECT_THAT(why_not({{status.approval, "d"}, {limit.approval, "d"}}), HasSubstr("another tool"));
  ASSERT_TRUE(answer({{status.approval, "d"}, {limit.approval, "d"}}, false));
  world.settle();
  EXPECT_EQ(status.reply->code, Code::approval_rejected);
  EXPECT_EQ(limit.reply->code, Code::approval_rejected);
}

TEST_F(GateTogether, WhatCannotBeUndoneNeedsItsOwnTypedConfirmation) {
  Asked& mail = held("send_mail", R"({"to":"a"})");
  Asked& other = held("send_mail", R"({"to":"b"})");
  EXPECT_THAT(why_not({{mail.approval, "d", true}, {other.approval, "d", true}}),
              HasSubstr("cannot be undone"));
  Asked& one = held("erase", R"({"name":"web-1"})");
  Asked& two = held("erase", R"({"name":"web-2"})");
  EXPECT_THAT(why_not({{one.approval, "d", true}, {two.approval, "d", false}}),
              HasSubstr("the typed confirmation is missing"));
  EXPECT_EQ(answers(), 0U);
  ASSERT_TRUE(answer({{one.approval, "d", true}, {two.approval, "d", true}}));
  world.settle();
  EXPECT_EQ(runs(), 2U);
}

TEST_F(GateTogether, ACallThatAReviewerChangedIsReadAlone) {
  Asked& one = held("pair", R"({"n":1})");
  Asked& two = held("pair", R"({"n":2})");
  ASSERT_TRUE(world.change(one.approval, R"({"n":7})", "bob"));
  EXPECT_THAT(why_not({{one.approval, "d"}, {two.approval, "d"}}), HasSubstr("was changed"));
  EXPECT_EQ(answers(), 0U);
}

TEST_F(GateTogether, AQuorumIsReachedByDistinctPersonsHereToo) {
  Asked& one = held("pair", R"({"n":1})");
  Asked& two = held("pair", R"({"n":2})");
  const std::vector<BatchAnswer::One> both = {{one.approval, "d"}, {two.approval, "d"}};
  ASSERT_TRUE(answer(both));
  EXPECT_THAT(why_not(both), HasSubstr("has approved it already"));
  EXPECT_THAT(why_not(both, true, "sam"), HasSubstr("second reviewer"));
  world.settle();
  EXPECT_EQ(runs(), 0U);
  ASSERT_TRUE(answer(both, true, "bob"));
  world.settle();
  EXPECT_EQ(runs(), 2U);
}

TEST_F(GateTogether, WhatTheyWouldTakeIsKnownAndCeilingsAreJudgedAnew) {
  Asked& one = held("set_status", R"({"ids":["a","b","c"],"status":"x"})");
  Asked& two = held("set_status", R"({"ids":["d","e","f"],"status":"x"})");
  const auto taken = world.gate->approvals.would_take(one.approval);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->records, 3U);
  EXPECT_EQ(taken->steps, 0U);
  EXPECT_FALSE(world.gate->approvals.would_take("a-nothing"));
  EXPECT_TRUE(world.gate->state().run(world.run)->entries.empty()) << "nothing is reserved by that";
  ASSERT_TRUE(answer({{one.approval, "d"}, {two.approval, "d"}}));
  world.settle();
  EXPECT_EQ(runs(), 1U) << "six records are more than the run has left";
  EXPECT_TRUE(one.done());
  EXPECT_TRUE(two.done());
}

TEST_F(GateTogether, AKillBetweenTheAnswerAndTheCallsStopsThemAll) {
  Asked& one = held("set_limit", R"({"n":1})");
  Asked& two = held("set_limit", R"({"n":2})");
  ASSERT_TRUE(answer({{one.approval, "d"}, {two.approval, "d"}}));
  ASSERT_TRUE(world.gate->kill_switch.kill("all", "", "ann", "stop"));
  world.settle();
  EXPECT_THAT(world.server.executed, IsEmpty());
  EXPECT_EQ(one.reply->code, Code::killed);
  EXPECT_EQ(two.reply->code, Code::killed);
}

}  // namespace
}  // namespace pawl::crash
