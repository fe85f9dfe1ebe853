#include "analysis/drift/access_use.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Month {
  AccessHistory history;
  Instant now = *parse_instant("2026-11-01T08:00:00Z");
  std::uint64_t seq = 0;

  explicit Month(Instant since = {}) : history(since) {}
  void take(Body body) { history.take({seq++, now, 0, std::move(body)}); }
  void open(const std::string& run, const std::string& agent = "desk") {
    RunOpened opened;
    opened.run = opened.key = run;
    opened.agent = agent;
    take(opened);
  }
  void ask(const std::string& id, const std::string& run = "r-1",
           const std::string& tool = "crm/pawl:access:merge", const std::string& agent = "desk") {
    ApprovalOpened asked;
    asked.approval = id;
    asked.run = run;
    asked.agent = agent;
    asked.tool = tool;
    take(asked);
  }
  void answer(const std::string& id, const std::string& word) {
    ApprovalAnswered answered;
    answered.approval = id;
    answered.person = "ada";
    answered.answer = word;
    take(answered);
  }
  void grant(const std::string& id, const std::string& approval, const std::string& run = "r-1") {
    GrantMade made;
    made.grant = id;
    made.run = run;
    made.approval = approval;
    made.tool = "crm/merge";
    take(made);
  }
  void call(const std::string& grant, const std::string& effect = "allow") {
    CallDecided decided;
    decided.run = "r-1";
    decided.tool = "merge";
    decided.effect = effect;
    decided.grant = grant;
    take(decided);
  }
  void next_day() { now = now + Duration::seconds(86'400); }
  AccessUse use() const {
    const auto found = history.uses().find({"desk", "crm/merge"});
    return found == history.uses().end() ? AccessUse{} : found->second;
  }
};

TEST(AccessHistory, CountsWhatWasAskedGrantedAndUsed) {
  Month m;
  m.open("r-1");
  m.ask("a-1");
  m.grant("g-1", "a-1");
  m.call("g-1");
  m.call("g-1", "notify");
  m.call("g-1", "hold");
  m.call("g-1", "deny");
  m.call("");
  m.call("g-9");
  const Instant first = m.now;
  m.next_day();
  m.ask("a-2");
  m.answer("a-2", "reject");
  m.ask("a-3");
  m.take(ApprovalEnded{"a-3", "expired", "c"});
  m.ask("a-4");
  m.answer("a-4", "approve");
  m.grant("g-2", "a-4");
  m.take(GrantEnded{"g-2", "r-1", "bob", "over"});
  const AccessUse use = m.use();
  EXPECT_EQ(use.asked, 4U);
  EXPECT_EQ(use.granted, 2U);
  EXPECT_EQ(use.rejected, 1U);
  EXPECT_EQ(use.used, 1U);
  EXPECT_EQ(use.calls, 2U);
  EXPECT_EQ(use.taken_back, 1U);
  EXPECT_EQ(use.days, 2U);
  EXPECT_EQ(use.first, first);
  EXPECT_EQ(use.last, m.now);
}

TEST(AccessHistory, ACallThatPeopleAreAskedAboutIsNoRequestForAccess) {
  Month m;
  m.open("r-1");
  m.ask("a-1", "r-1", "crm/merge");
  m.ask("a-2", "r-1", "merge");
  m.take(GrantEnded{"a-1", "r-1", "bob", "an approval that stood"});
  EXPECT_THAT(m.history.uses(), IsEmpty());
  m.ask("a-3", "r-1", "pawl:access:merge");
  EXPECT_TRUE(m.history.uses().contains({"desk", "merge"})) << "of a tool without a server";
}

TEST(AccessHistory, RolesAndTimesAreKeptApart) {
  Month all;
  Month late(*parse_instant("2026-11-02T00:00:00Z"));
  for (Month* m : {&all, &late}) {
    m->open("r-1");
    m->open("r-2", "night");
    m->ask("a-1");
    m->grant("g-1", "a-1");
    m->call("g-1");
    m->next_day();
    m->ask("a-2", "r-2", "crm/pawl:access:merge", "night");
    m->call("g-1");
  }
  EXPECT_EQ(all.history.uses().size(), 2U);
  EXPECT_EQ(all.use().calls, 2U);
  EXPECT_EQ(all.use().used, 1U) << "a grant that is used twice is one";
  EXPECT_EQ(late.use().asked, 0U);
  EXPECT_EQ(late.use().granted, 0U);
  EXPECT_EQ(late.use().calls, 1U) << "a grant of before, used since";
  EXPECT_EQ(late.use().used, 1U);
}

TEST(AccessHistory, NothingCountsUnderAClosedRun) {
  Month m;
  m.open("r-1");
  m.ask("a-1");
  m.ask("a-2");
  m.grant("g-1", "a-1");
  m.take(RunClosed{"r-1", "over"});
  m.call("g-1");
  m.grant("g-2", "a-2");
  m.answer("a-2", "reject");
  EXPECT_EQ(m.use().calls, 0U);
  EXPECT_EQ(m.use().granted, 1U);
  EXPECT_EQ(m.use().rejected, 0U);
}

TEST(AccessHistory, OnlySoManyPairsAreListed) {
  Month m;
  m.open("r-1");
  for (std::size_t i = 0; i <= access_keys_max; ++i) {
    m.ask("a-" + std::to_string(i), "r-1", "crm/pawl:access:t" + std::to_string(i));
  }
  EXPECT_EQ(m.history.uses().size(), access_keys_max);
  EXPECT_EQ(m.history.unlisted(), 1U);
}

TEST(AccessHistory, AdviceIsForWhatStandsAndForWhatIsUnused) {
  Month m;
  m.open("r-1");
  const auto granted = [&m](int n) {
    const std::string id = std::to_string(n);
    m.ask("a-" + id);
    m.grant("g-" + id, "a-" + id);
  };
  granted(1);
  EXPECT_THAT(advice_on_access(m.history), IsEmpty());
  granted(2);
  EXPECT_THAT(advice_on_access(m.history), ElementsAre(HasSubstr("got `crm/merge` 2 times and "
                                                                 "never used it")));
  m.call("g-1");
  granted(3);
  EXPECT_THAT(advice_on_access(m.history), IsEmpty()) << "all of it on one day";
  m.next_day();
  granted(4);
  EXPECT_THAT(advice_on_access(m.history),
              ElementsAre(HasSubstr("`desk` asked for `crm/merge` on 2 days and got it 4 times")));
  m.ask("a-5");
  m.answer("a-5", "reject");
  EXPECT_THAT(advice_on_access(m.history), IsEmpty()) << "people decide";
}

}  // namespace
}  // namespace pawl
