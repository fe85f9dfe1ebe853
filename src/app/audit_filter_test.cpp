#include <gtest/gtest.h>

#include "app/audit_text.h"

namespace pawl::app {
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

TEST(AuditText, NothingOfARecordMovesTheCursor) {
  const auto record = json::parse(R"({"at":"2026-11-21T08:00:00Z","reason":"a\u001b[2Jb","seq":1,)"
                                  R"("effect":"deny","type":"call.decided"})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record_line(record->root()).find('\x1b'), std::string::npos);
  EXPECT_EQ(pretty("not json \x1b[2J", "", 100).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace pawl::app
