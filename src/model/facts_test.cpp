#include "model/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

Result<Facts> read(std::string_view text) {
  auto document = json::parse(text);
  PAWL_TRY(document);
  return parse_facts(document->root());
}

TEST(FactsTest, FewFactsMakeShortText) {
  EXPECT_EQ(to_json(Facts{}), R"({"pin":"none"})");
}

TEST(FactsTest, AreReadBackWhole) {
  Facts facts;
  facts.pin = PinState::accepted;
  facts.definition = "sha256:00";
  facts.paths = {{"/path", "/srv/a", ""}, {"/edits/0/path", "", "no such directory"}};
  facts.approval = ApprovalFact{"a-1", "sha256:11", true, "", "", false};
  facts.clock_suspect = true;
  facts.fault = "the disk is full";
  sql::Fact& statement = facts.sql.emplace_back();
  statement.pointer = "/query";
  statement.summary.statements = 1;
  statement.summary.kinds = {"select"};
  statement.summary.reads = {"orders"};
  facts.sql.push_back({"/other", "not SQL", {}});
  const std::string text = to_json(facts);
  const auto back = read(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), text);
  EXPECT_TRUE(back->approval->granted);
  EXPECT_EQ(back->paths[1].failure, "no such directory");
  EXPECT_TRUE(back->clock_suspect);
  EXPECT_EQ(back->sql, facts.sql);
}

TEST(FactsTest, TextIsCanonical) {
  Facts facts;
  facts.approval = ApprovalFact{"a", "b", false, "someone", "no", true};
  facts.paths = {{"/p", "/r", "f"}};
  const std::string text = to_json(facts);
  const auto document = json::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(json::write(document->root()), text);
}

TEST(FactsTest, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"[]", "{}", R"({"pin":"lost"})", R"({"pin":"none","more":1})", R"({"pin":1})",
        R"({"pin":"none","paths":{}})", R"({"pin":"none","paths":[1]})",
        R"({"pin":"none","sql":{}})", R"({"pin":"none","sql":[{"pointer":"/q"}]})",
        R"({"pin":"none","sql":[{"failure":"f","pointer":"/q","summary":{}}]})",
        R"({"pin":"none","approval":{}})", R"({"pin":"none","approval":{"approval":""}})",
        R"({"pin":"none","clock_suspect":"yes"})"}) {
    EXPECT_FALSE(read(text)) << text;
  }
}

TEST(FactsTest, EveryPinStateIsReadBack) {
  for (int i = 0; i <= static_cast<int>(PinState::unknown_tool); ++i) {
    const auto pin = static_cast<PinState>(i);
    EXPECT_EQ(parse_pin(to_string(pin)), pin);
  }
  EXPECT_EQ(parse_pin("Accepted"), std::nullopt);
}

}  // namespace
}  // namespace pawl
