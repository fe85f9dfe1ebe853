// The tables beside this file, line by line: `rule` in the words of a policy, then texts with what
// has to happen to them. A table of fewer than forty texts is no table.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/sql/parse.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

constexpr std::size_t lines_min = 40;

std::shared_ptr<const Policy> policy_with(const std::string& rule) {
  const std::string text =
      "agent: {id: a, identity: a@x, owner: o@x}\n"
      "tools:\n  allowed:\n    - {name: t, class: read_only, args: {x: " +
      rule + "}}\n";
  Loaded loaded = load_policy(text, "table.yaml", {});
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  return loaded.policy;
}

// What the gate would have gathered for the text; paths are judged by their text alone.
std::vector<SqlFact> statements(const std::vector<ArgumentRule>& rules, json::View arguments) {
  std::vector<SqlFact> facts;
  for (const auto& [pointer, text] : sql_to_read(rules, arguments)) {
    SqlFact fact;
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

// Why the text is refused; nothing where it passes and is forwarded as it is.
std::optional<std::string> objection(const Policy& policy, std::string_view text) {
  std::string written = R"({"x":)";
  json::write_string(text, written);
  const auto document = json::parse(written + "}");
  if (!document) return "no JSON: " + document.error().message;
  const std::vector<ArgumentRule>& rules = policy.tools.front().arguments;
  const auto facts = statements(rules, document->root());
  for (const ArgumentRule& rule : rules) {
    std::vector<Rewrite> rewrites;
    if (const auto found = evaluate(rule, document->root(), nullptr, {}, rewrites, facts)) {
      return found->says;
    }
    if (!rewrites.empty()) return "it is forwarded in another spelling";
  }
  return std::nullopt;
}

struct Line {
  bool allow = false;
  std::string text;
};

// `allow "text"  # why`
std::optional<Line> read_line(const std::string& line) {
  Line out{.allow = line.starts_with("allow "), .text = {}};
  if (!out.allow && !line.starts_with("deny ")) return std::nullopt;
  const std::size_t begin = line.find('"');
  const std::size_t end = line.rfind("\"", line.rfind("  # "));
  if (begin == std::string::npos || end <= begin) return std::nullopt;
  const auto document = json::parse(line.substr(begin, end - begin + 1));
  if (!document || !document->root().is_string()) return std::nullopt;
  out.text = document->root().string();
  return out;
}

class AdversarialTest : public ::testing::TestWithParam<const char*> {};

TEST_P(AdversarialTest, EveryLineOfTheTable) {
  std::ifstream file(std::string(PAWL_TABLES_DIR) + "/" + GetParam() + ".table");
  ASSERT_TRUE(file);
  std::shared_ptr<const Policy> policy;
  std::size_t lines = 0, denied = 0;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (text.empty() || text.starts_with('#')) continue;
    if (text.starts_with("rule ")) {
      policy = policy_with(text.substr(5));
      ASSERT_NE(policy, nullptr);
      continue;
    }
    const auto line = read_line(text);
    ASSERT_TRUE(line && policy) << "line " << number << " cannot be read: " << text;
    const auto why = objection(*policy, line->text);
    EXPECT_EQ(line->allow, !why) << GetParam() << ".table:" << number << ": " << text << "\n  "
                                 << why.value_or("it passes");
    ++lines;
    denied += !line->allow;
  }
  EXPECT_GE(lines, lines_min);
  EXPECT_GT(denied, 0U);
  EXPECT_LT(denied, lines);
}

INSTANTIATE_TEST_SUITE_P(Kinds, AdversarialTest,
                         ::testing::Values("path", "url", "email_domain", "cidr", "hosts_in",
                                           "single_line", "sql"));

}  // namespace
}  // namespace pawl
