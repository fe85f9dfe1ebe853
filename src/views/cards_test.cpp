#include "views/cards.h"
#include "kernel/policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace pawl::views {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Approval question_of(std::string sponsor = "sam") {
  Approval approval;
  approval.asked.approval = "a-1";
  approval.asked.run = "r-1";
  approval.asked.terms = std::make_shared<const QuestionTerms>(
      QuestionTerms{.sponsor = std::move(sponsor), .tool = "crm/mail"});
  approval.opened = Instant{50'000'000'000};
  return approval;
}

template <class Write>
std::string written(Write write) {
  json::Writer out;
  out.object();
  write(out);
  return out.end().take();
}

std::string past_of(const Approval& approval, const ActivityFeed& activity, Instant run_opened) {
  Run run;
  run.id = "r-1";
  run.opened = run_opened;
  return written([&](json::Writer& out) { write_past(out, approval, &run, activity); });
}

void halt(ActivityFeed& activity, std::int64_t second) {
  const State state;
  activity.note({0, Instant{second * 1'000'000'000}, 0, RunHalted{"r-1", "ceiling", "steps"}},
                state);
}

TEST(Past, SaysWhereTheRestIsWhenTheNodeBeganLater) {
  ActivityFeed activity;
  halt(activity, 40);
  const Approval approval = question_of();
  const std::string late = past_of(approval, activity, Instant{39'000'000'000});
  EXPECT_THAT(late, HasSubstr("\"earlier\":\"what it did before that is not kept here: see "
                              "`pawl replay r-1`\""));
  EXPECT_THAT(late, HasSubstr("\"effect\":\"halted\""));
  const std::string whole = past_of(approval, activity, Instant{40'000'000'000});
  EXPECT_THAT(whole, Not(HasSubstr("earlier")));
}

TEST(Past, SaysWhatItDoesNotKeepOfACall) {
  ActivityFeed activity;
  halt(activity, 40);
  Approval approval = question_of();
  EXPECT_THAT(past_of(approval, activity, Instant{}), HasSubstr("facts_missing"));
  CallDecided found;
  found.facts = "{}";
  activity.recall("a-1", &found);
  EXPECT_THAT(past_of(approval, activity, Instant{}), Not(HasSubstr("facts_missing")));
  // What was found out is about the call as its agent made it.
  activity.recall("a-1", nullptr);
  approval.changed = std::make_shared<const ChangedQuestion>();
  EXPECT_THAT(past_of(approval, activity, Instant{}), Not(HasSubstr("facts")));
}

TEST(Past, TheTaskIsTheSponsorsAndEscapedAndNotEndless) {
  Policy policy;
  const auto task_of = [&](const Approval& approval) {
    return written([&](json::Writer& out) { write_task(out, approval, policy); });
  };
  EXPECT_EQ(task_of(question_of()), "{}");
  policy.task_words = "pay\x1b[2J acme";
  EXPECT_EQ(task_of(question_of()), R"({"task":"sam said: pay\\u{1b}[2J acme"})");
  EXPECT_EQ(task_of(question_of("")), R"({"task":"pay\\u{1b}[2J acme"})");
  policy.task_words = std::string(399, 'x') + "ëë";
  EXPECT_EQ(task_of(question_of("")),
            R"({"task":")" + std::string(399, 'x') + R"x(… (more is not shown)"})x");
}

}  // namespace
}  // namespace pawl::views
