#include "analysis/replay/watched.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

using testing::SizeIs;

struct Week {
  WatchedReport report{[](std::string_view role, Instant) { return role == "desk"; }};
  Instant now = *parse_instant("2026-11-23T23:59:58Z");

  void take(Body body) {
    Record record;
    record.at = now;
    record.body = std::move(body);
    report.take(record);
  }
  void open(const std::string& run, const std::string& agent) {
    RunOpened opened;
    opened.run = opened.key = run;
    opened.agent = agent;
    take(opened);
  }
  void decide(const std::string& effect, bool enforced, const std::string& rule_at = "p.yaml:5",
              const std::string& run = "r-1") {
    CallDecided decided;
    decided.run = run;
    decided.server = "crm";
    decided.tool = "put_note";
    decided.effect = effect;
    decided.code = effect == "deny" ? "constraint" : "approval_pending";
    decided.rule = "tools/put_note";
    decided.rule_at = rule_at;
    decided.enforced = enforced;
    take(decided);
  }
};

TEST(WatchedReportTest, EachDayHasWhatWouldHaveBeenStoppedAndByWhat) {
  Week w;
  w.open("r-1", "desk");
  w.open("r-2", "another");
  w.decide("deny", false);
  w.decide("deny", false);
  w.decide("deny", false, "p.yaml:9");
  w.decide("hold", false);
  w.decide("deny", true);
  w.decide("allow", true);
  w.decide("deny", false, "p.yaml:5", "r-2");
  w.now = w.now + Duration::seconds(2);
  w.decide("hold", false);
  w.now = w.now + Duration::seconds(86'400);
  w.decide("allow", true);
  const auto& days = w.report.days();
  ASSERT_THAT(days, SizeIs(2)) << "on the third nothing was let through";
  const WatchedDay& first = days.at("2026-11-23").at("desk");
  EXPECT_EQ(first.stopped, 3U);
  EXPECT_EQ(first.asked, 1U);
  EXPECT_EQ(first.ran, 1U);
  EXPECT_THAT(first.reasons, SizeIs(3));
  EXPECT_EQ(first.reasons.begin()->second, 1U) << "questions first";
  EXPECT_EQ(std::next(first.reasons.begin())->first.rule_at, "p.yaml:5");
  EXPECT_EQ(std::next(first.reasons.begin())->second, 2U);
  EXPECT_EQ(days.at("2026-11-24").at("desk").asked, 1U);
}

}  // namespace
}  // namespace pawl
