// The tables beside this file, line by line. A table of fewer than forty values is not a table.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/sql/parse.h"
#include "table.h"

namespace pawl {
namespace {

constexpr std::size_t lines_min = 40;

// What the gate would have gathered for the text; paths are judged by their text alone.
std::vector<sql::Fact> statements(const TableLine& line) {
  std::vector<sql::Fact> facts;
  const auto document = json::parse(line.arguments());
  if (!document) return facts;
  const std::vector<ArgumentRule>& rules = line.policy->tools.front().arguments;
  for (const auto& [pointer, text] : sql_to_read(rules, document->root())) {
    sql::Fact fact;
    fact.pointer = pointer;
    if (auto summary = sql::parse(text)) {
      fact.summary = std::move(*summary);
    } else {
      fact.failure = summary.error().message;
    }
    facts.push_back(std::move(fact));
  }
  return facts;
}

class AdversarialTest : public ::testing::TestWithParam<const char*> {};

TEST_P(AdversarialTest, EveryLineOfTheTable) {
  const auto lines = read_table(std::string(PAWL_TABLES_DIR) + "/" + GetParam() + ".table");
  std::size_t denied = 0;
  for (const TableLine& line : lines) {
    const std::string why = objection(*line.policy, line.arguments(), statements(line));
    EXPECT_EQ(line.allow, why.empty()) << GetParam() << ".table:" << line.number << ": "
                                       << line.value << "\n  " << (why.empty() ? "it passes" : why);
    denied += line.allow ? 0 : 1;
  }
  EXPECT_GE(lines.size(), lines_min);
  EXPECT_GT(denied, 0U);
  EXPECT_LT(denied, lines.size());
}

INSTANTIATE_TEST_SUITE_P(Kinds, AdversarialTest,
                         ::testing::Values("path", "url", "email_domain", "cidr", "hosts_in",
                                           "single_line", "sql", "shell", "argv"));

}  // namespace
}  // namespace pawl
