#include "lang/sql/judge.h"

#include <gtest/gtest.h>

#include "lang/sql/names.h"

namespace pawl::sql {
namespace {

SqlRule reading() {
  return {.dialect = "postgresql", .statements = {"select"}, .tables = {"orders"}};
}

TEST(SqlRule, NeedsADialectThatIsUnderstood) {
  for (const char* dialect : {"", "mysql", "sqlite", "PostgreSQL", "postgres"}) {
    SqlRule rule = reading();
    rule.dialect = dialect;
    EXPECT_FALSE(compile(rule)) << dialect;
  }
}

TEST(SqlRule, RefusesWordsThatNothingCanMean) {
  for (const char* kind :
       {"do", "copy_program", "copy_file", "create_function", "other", "Select", "drop", ""}) {
    SqlRule rule = reading();
    rule.statements = {kind};
    EXPECT_FALSE(compile(rule)) << kind;
  }
  for (const char* table : {"Orders", "a.b.c.d", "", "a..b", "\"a", "*.a", "a b"}) {
    SqlRule rule = reading();
    rule.tables = {table};
    EXPECT_FALSE(compile(rule)) << table;
  }
  SqlRule rule = reading();
  rule.columns = {"*"};
  EXPECT_FALSE(compile(rule));
  rule = reading();
  rule.statements.clear();
  EXPECT_FALSE(compile(rule));
}

TEST(SqlRule, NamesHaveOneSpelling) {
  EXPECT_EQ(parse_name("orders").value_or("?"), "orders");
  EXPECT_EQ(parse_name("\"orders\"").value_or("?"), "orders");
  EXPECT_EQ(parse_name("public.\"Orders\"").value_or("?"), "public.\"Orders\"");
  EXPECT_EQ(parse_name("\"a\"\"b\"").value_or("?"), "\"a\"\"b\"");
  EXPECT_FALSE(parse_name(std::string(64, 'a')));
  EXPECT_TRUE(parse_name(std::string(63, 'a')));
}

TEST(SqlRule, AnEmptySummaryIsNotAllowed) {
  SqlRule rule = reading();
  ASSERT_TRUE(compile(rule));
  EXPECT_TRUE(judge(rule, Summary{}));
  Fact fact;
  fact.failure = "the SQL parser died";
  EXPECT_EQ(judge(rule, fact).value_or(""), "the SQL parser died");
}

TEST(Summary, SurvivesItsJson) {
  Summary summary;
  summary.statements = 2;
  summary.kinds = {"delete", "select"};
  summary.reads = {"\"Orders\"", "orders"};
  summary.unbounded = {"delete"};
  Fact fact{.pointer = "/query", .failure = "", .summary = summary};
  const auto document = json::parse(to_json(fact));
  ASSERT_TRUE(document);
  const auto read = parse_fact(document->root());
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, fact);
}

TEST(Summary, RefusesWhatNoParserSays) {
  for (const char* text : {R"({"kinds":["select","delete"]})", R"({"kinds":["select","select"]})",
                           R"({"kinds":[""]})", R"({"more":1})", R"({"statements":-1})", R"([])"}) {
    const auto document = json::parse(text);
    ASSERT_TRUE(document);
    EXPECT_FALSE(parse_summary(document->root())) << text;
  }
}

}  // namespace
}  // namespace pawl::sql
