// Short ways to write policies and calls in the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "kernel/constraint/constraint.h"

namespace pawl::testing_rules {

inline json::Document parsed(std::string_view text) {
  Result<json::Document> document = json::parse(text);
  EXPECT_TRUE(document.has_value()) << text << (document ? "" : ": " + document.error().message);
  return document ? std::move(*document) : json::Document{};
}

inline Shape shape_of(std::string_view properties) {
  const json::Document schema =
      parsed(R"({"type":"object","properties":)" + std::string(properties) + "}");
  Result<ToolDefinition> tool = definition_of("", "t", schema.root(), {});
  EXPECT_TRUE(tool.has_value());
  return tool ? tool->arguments : Shape{};
}

inline Check compiled(Check check) {
  const Status status = compile(check);
  EXPECT_TRUE(status.has_value()) << (status ? "" : status.error().message);
  return check;
}

inline Check check_of(CheckKind kind) {
  Check check{};
  check.kind = kind;
  check.rule.path = std::string("args/") + std::string(to_string(kind));
  return check;
}

// `values` are JSON texts.
inline Check listed(CheckKind kind, const std::vector<std::string>& values) {
  Check check = check_of(kind);
  for (const std::string& value : values) check.values.push_back(Literal{value, {}, {}, {}});
  return compiled(std::move(check));
}
inline Check texts(CheckKind kind, std::vector<std::string> texts) {
  Check check = check_of(kind);
  check.texts = std::move(texts);
  return compiled(std::move(check));
}
inline Check counted(CheckKind kind, std::uint64_t count) {
  Check check = check_of(kind);
  check.count = count;
  return compiled(std::move(check));
}
inline Check bounded(CheckKind kind, std::int64_t bound) {
  Check check = check_of(kind);
  check.exact_bound = bound;
  return compiled(std::move(check));
}
inline Check path_check(PathCheck path) {
  Check check = check_of(CheckKind::path);
  check.path = std::make_shared<const PathCheck>(std::move(path));
  return compiled(std::move(check));
}
inline Check url_check(UrlCheck url) {
  Check check = check_of(CheckKind::url);
  check.url = std::make_shared<const UrlCheck>(std::move(url));
  return compiled(std::move(check));
}

inline ArgumentRule rule_of(std::string_view path, std::vector<Check> checks) {
  ArgumentRule rule;
  const Result<ArgumentPath> parsed_path = parse_argument_path(path);
  EXPECT_TRUE(parsed_path.has_value()) << path;
  if (parsed_path) rule.path = *parsed_path;
  rule.rule.path = "args/" + std::string(path);
  rule.checks = std::move(checks);
  return rule;
}

struct Outcome {
  std::optional<Violation> violation;
  std::vector<Rewrite> rewrites;
  bool passes() const { return !violation.has_value(); }
};

inline Outcome outcome(const ArgumentRule& rule, std::string_view arguments,
                       const Shape* shape = nullptr, const std::vector<PathFact>& facts = {}) {
  const json::Document document = parsed(arguments);
  Outcome out;
  out.violation = evaluate(rule, document.root(), shape, facts, out.rewrites);
  return out;
}

inline bool passes(const ArgumentRule& rule, std::string_view arguments,
                   const Shape* shape = nullptr) {
  return outcome(rule, arguments, shape).passes();
}

// One string under one check.
inline bool accepts(const Check& check, std::string_view text) {
  std::string arguments = R"({"x":)";
  json::write_string(text, arguments);
  return passes(rule_of("x", {check}), arguments + "}");
}

}  // namespace pawl::testing_rules
