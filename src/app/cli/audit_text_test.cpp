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

}  // namespace
}  // namespace pawl::app
