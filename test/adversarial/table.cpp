#include "table.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"

namespace pawl {
namespace {

bool read_line(const std::string& text, TableLine& line) {
  line.allow = text.starts_with("allow ");
  if (!line.allow && !text.starts_with("deny ")) return false;
  const std::size_t begin = text.find_first_of("\"[");
  const std::size_t end = text.find_last_of("\"]", text.rfind("  # "));
  if (begin == std::string::npos || end == std::string::npos || end <= begin) return false;
  line.value = text.substr(begin, end - begin + 1);
  return json::parse(line.value).has_value();
}

}  // namespace

std::shared_ptr<const Policy> policy_with_rule(const std::string& rule) {
  const std::string text =
      "agent: {id: a, identity: a@x, owner: o@x}\n"
      "tools:\n  allowed:\n    - {name: t, class: read_only, args: {x: " +
      rule + "}}\n";
  Loaded loaded = load_policy(text, "table.yaml", {});
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  return loaded.policy;
}

std::vector<TableLine> read_table(const std::string& file) {
  std::vector<TableLine> lines;
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::shared_ptr<const Policy> policy;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    if (text.empty() || text.starts_with('#')) continue;
    if (text.starts_with("rule ")) {
      policy = policy_with_rule(text.substr(5));
      continue;
    }
    TableLine line{.policy = policy, .number = number, .allow = false, .value = {}};
    if (policy == nullptr || !read_line(text, line)) {
      ADD_FAILURE() << file << ":" << number << " cannot be read: " << text;
      continue;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string objection(const Policy& policy, std::string_view arguments,
                      const std::vector<sql::Fact>& facts) {
  const auto document = json::parse(arguments);
  if (!document) return "no JSON: " + document.error().message;
  for (const ArgumentRule& rule : policy.tools.front().arguments) {
    std::vector<Rewrite> rewrites;
    if (const auto found = evaluate(rule, document->root(), nullptr, {}, rewrites, facts)) {
      return found->says;
    }
    if (!rewrites.empty()) return "it is forwarded in another spelling";
  }
  return {};
}

}  // namespace pawl
