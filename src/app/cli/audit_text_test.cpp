#include "app/cli/audit_text.h"

#include <gmock/gmock.h>

#include <string>

#include "base/json.h"

namespace pawl::app {
namespace {

TEST(AuditText, NothingOfARecordMovesTheCursor) {
  const auto record = json::parse(R"({"at":"2026-11-21T08:00:00Z","reason":"a\u001b[2Jb","seq":1,)"
                                  R"("effect":"deny","type":"call.decided"})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record_line(record->root()).find('\x1b'), std::string::npos);
  EXPECT_EQ(pretty("not json \x1b[2J", "", 100).find('\x1b'), std::string::npos);
}

// The record has the protocol's word, people read the glossary's.
TEST(AuditText, AReviewerWhoSaysNoDenies) {
  const auto answer = json::parse(
      R"({"answer":"reject","approval":"a-1","at":"2026-11-21T08:00:00Z","person":"ada",)"
      R"("seq":1,"type":"approval.answered"})");
  ASSERT_TRUE(answer);
  EXPECT_THAT(record_line(answer->root()), ::testing::HasSubstr("deny       a-1  by ada"));
  EXPECT_EQ(word_for_people("rejected"), "denied");
  EXPECT_EQ(word_for_people("withdrawn"), "withdrawn");
}

}  // namespace
}  // namespace pawl::app
