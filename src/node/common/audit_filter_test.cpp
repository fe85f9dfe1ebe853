#include <gtest/gtest.h>

#include "node/common/audit_filter.h"

namespace pawl::node {
namespace {

bool wants(AuditFilter& filter, std::string_view record) {
  const auto document = json::parse(record);
  EXPECT_TRUE(document);
  return filter.wants(document->root());
}

constexpr std::string_view kOpened = R"({"agent":"files","run":"r-1","type":"run.opened"})";
constexpr std::string_view kDecided =
    R"({"at":"2026-11-21T08:00:00Z","call":"c-1","code":"none","effect":"hold",)"
    R"("run":"r-1","server":"s","tool":"move","type":"call.decided"})";
constexpr std::string_view kAsked =
    R"({"approval":"a-1","call":"c-1","run":"r-1","tool":"s/move","type":"approval.opened"})";
constexpr std::string_view kAnswered =
    R"({"answer":"approve","approval":"a-1","person":"ada","type":"approval.answered"})";
constexpr std::string_view kEnded =
    R"({"call":"c-1","outcome":"completed","run":"r-1","type":"call.ended"})";

TEST(AuditFilter, AnAnswerBelongsToTheRunAndToolOfItsQuestion) {
  AuditFilter filter;
  filter.run = "r-1";
  filter.tool = "move";
  filter.agent = "files";
  EXPECT_FALSE(wants(filter, kOpened));  // it names no tool
  EXPECT_TRUE(wants(filter, kDecided));
  EXPECT_TRUE(wants(filter, kAsked));
  EXPECT_TRUE(wants(filter, kAnswered));
  EXPECT_TRUE(wants(filter, kEnded));
}

TEST(AuditFilter, AnArgumentFindsItsCallWithItsQuestionAndItsEnd) {
  AuditFilter filter;
  filter.argument = "APP.conf";
  filter.payload = [](std::string_view commitment) {
    return std::string(commitment == "sha256:a" ? R"({"path":"/srv/app.CONF"})" : "{}");
  };
  const auto decided = [](const char* call, const char* args) {
    return std::string(R"({"args":")") + args + R"(","approval":"a-)" + (call + 2) +
           R"(","call":")" + call + R"(","effect":"hold","run":"r-1","type":"call.decided"})";
  };
  EXPECT_FALSE(wants(filter, kOpened));
  EXPECT_TRUE(wants(filter, decided("c-1", "sha256:a")));
  EXPECT_FALSE(wants(filter, decided("c-2", "sha256:b")));
  EXPECT_TRUE(wants(filter, kAsked));
  EXPECT_TRUE(wants(filter, kAnswered)) << "who let it";
  EXPECT_FALSE(
      wants(filter, R"({"answer":"approve","approval":"a-2","type":"approval.answered"})"));
  EXPECT_TRUE(wants(filter, kEnded));
  EXPECT_FALSE(wants(filter, R"({"call":"c-2","outcome":"completed","type":"call.ended"})"));
}

TEST(AuditFilter, APersonHasWhatTheyDidAndTheCallsOfTheirRuns) {
  AuditFilter filter;
  filter.person = "sam";
  EXPECT_TRUE(wants(filter, R"({"agent":"a","run":"r-1","sponsor":"sam","type":"run.opened"})"));
  EXPECT_FALSE(wants(filter, R"({"agent":"a","run":"r-2","sponsor":"eve","type":"run.opened"})"));
  EXPECT_TRUE(wants(filter, kDecided));
  EXPECT_FALSE(wants(filter, R"({"call":"c-9","run":"r-2","type":"call.decided"})"));
  EXPECT_FALSE(wants(filter, kAnswered));
  filter.person = "ada";
  EXPECT_TRUE(wants(filter, kAnswered));
}

TEST(AuditFilter, ANameWithAServerIsExact) {
  AuditFilter filter;
  filter.tool = "other/move";
  EXPECT_FALSE(wants(filter, kDecided));
  filter.tool = "s/move";
  EXPECT_TRUE(wants(filter, kDecided));
  filter.tool = "ove";
  EXPECT_FALSE(wants(filter, kDecided));
}

TEST(AuditFilter, TimesIncludeTheFirstAndExcludeTheLast) {
  AuditFilter filter;
  filter.since = *parse_instant("2026-11-21T08:00:00Z");
  EXPECT_TRUE(wants(filter, kDecided));
  filter.until = filter.since;
  EXPECT_FALSE(wants(filter, kDecided));
  EXPECT_FALSE(wants(filter, kAnswered));  // without a time it is in no period
}

TEST(Moment, IsATimeADateOrHowLongAgo) {
  const Instant now = *parse_instant("2026-11-21T08:00:00Z");
  EXPECT_EQ(moment_of("2026-11-20T10:00:00+02:00", now), *parse_instant("2026-11-20T08:00:00Z"));
  EXPECT_EQ(moment_of("2026-11-20", now), *parse_instant("2026-11-20T00:00:00Z"));
  EXPECT_EQ(moment_of("2h", now), *parse_instant("2026-11-21T06:00:00Z"));
  EXPECT_EQ(moment_of("1d12h", now), *parse_instant("2026-11-19T20:00:00Z"));
  for (const char* none : {"", "yesterday", "2026-02-30", "2026-11-20T10:00", "-2h", "2"}) {
    EXPECT_EQ(moment_of(none, now), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace pawl::node
