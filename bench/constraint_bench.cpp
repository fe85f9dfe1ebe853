// What a call pays for its arguments: three typical rules, and the defaults for all others.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/line_rule.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

ArgumentRule rule_of(const char* path, Check check) {
  if (!compile(check)) std::abort();
  ArgumentRule rule;
  rule.path = *parse_argument_path(path);
  rule.checks.push_back(std::move(check));
  return rule;
}

Check check_of(CheckKind kind) {
  Check check{};
  check.kind = kind;
  return check;
}

Check one_of(std::size_t count) {
  Check check = check_of(CheckKind::in);
  for (std::size_t i = 0; i + 1 < count; ++i) {
    check.values.push_back(Literal{"\"value-" + std::to_string(i) + "\"", {}, {}, {}});
  }
  check.values.push_back(Literal{"\"refunded\"", {}, {}, {}});
  return check;
}

Check at_most(std::int64_t bound) {
  Check check = check_of(CheckKind::max);
  check.exact_bound = bound;
  return check;
}

Check of_texts(CheckKind kind, std::vector<std::string> texts) {
  Check check = check_of(kind);
  check.texts = std::move(texts);
  return check;
}

Check under(const char* directory) {
  Check check = check_of(CheckKind::path);
  check.path = std::make_shared<const PathCheck>(PathCheck{{directory}, {}, ""});
  return check;
}

Check at_host(const char* host) {
  Check check = check_of(CheckKind::url);
  check.url = std::make_shared<const UrlCheck>(UrlCheck{{host}, {}, 200});
  return check;
}

const json::Document& call() {
  static const json::Document document = *json::parse(
      R"({"status":"refunded","amount":7,"to":"jane.doe@myco.example","path":"/srv/ok/n/a.txt",)"
      R"("url":"https://docs.myco.example/a/b?x=1","order":"ORD-123456",)"
      R"("body":"Hello Jane, your order is on its way: https://docs.myco.example/orders. Bye"})");
  return document;
}

void run(benchmark::State& state, const std::vector<ArgumentRule>& rules) {
  std::vector<Rewrite> rewrites;
  const json::View arguments = call().root();
  for (auto _ : state) {
    for (const ArgumentRule& rule : rules) {
      if (evaluate(rule, arguments, nullptr, {}, rewrites)) state.SkipWithError("violated");
    }
  }
}

void three_rules_mail(benchmark::State& state) {
  run(state, {rule_of("status", one_of(3)), rule_of("amount", at_most(10)),
              rule_of("to", of_texts(CheckKind::email_domain, {"myco.example"}))});
}
BENCHMARK(three_rules_mail);

void three_rules_prefix(benchmark::State& state) {
  run(state, {rule_of("status", one_of(3)), rule_of("amount", at_most(10)),
              rule_of("order", of_texts(CheckKind::prefix, {"ORD-"}))});
}
BENCHMARK(three_rules_prefix);

void list_of_10000(benchmark::State& state) {
  run(state, {rule_of("status", one_of(10'000))});
}
BENCHMARK(list_of_10000);

void pattern(benchmark::State& state) {
  run(state, {rule_of("order", of_texts(CheckKind::matches, {"ORD-[0-9]{6}"}))});
}
BENCHMARK(pattern);

void path(benchmark::State& state) {
  run(state, {rule_of("path", under("/srv/ok"))});
}
BENCHMARK(path);

void url(benchmark::State& state) {
  run(state, {rule_of("url", at_host("docs.myco.example"))});
}
BENCHMARK(url);

void links(benchmark::State& state) {
  run(state, {rule_of("body", of_texts(CheckKind::hosts_in, {"docs.myco.example"}))});
}
BENCHMARK(links);

void unnamed(benchmark::State& state) {
  const json::View arguments = call().root();
  const Result<json::Document> schema = json::parse(
      R"({"type":"object","properties":{"status":{"type":"string"},"amount":{"type":"integer"},)"
      R"("to":{"type":"string"},"path":{"type":"string"},"url":{"type":"string"},)"
      R"("order":{"type":"string"},"body":{"type":"string"}}})");
  const Result<ToolDefinition> tool = definition_of("", "t", schema->root(), {});
  const std::vector<std::string> named = {"status", "amount", "to"};
  const Rule from;
  for (auto _ : state) {
    if (evaluate_unnamed(arguments, &tool->arguments, named, from)) state.SkipWithError("violated");
  }
}
BENCHMARK(unnamed);

// The budget of a typical command is 10 us.
void shell(benchmark::State& state, const char* text) {
  LineRule line;
  line.dialect = shell::Dialect::bash;
  std::vector<shell::Row> rows(2);
  rows[0].run = {"ls",   "cat", "rg", "grep", "find", "sed",        "awk",      "head",
                 "tail", "wc",  "jq", "cd",   "echo", "git status", "git diff", "git log"};
  rows[1].run = {"npm test", "npm run", "pytest", "make", "git add", "git commit"};
  rows[1].writes = true;
  line.rows = *shell::Rows::compile(rows);
  Check check = check_of(CheckKind::shell);
  check.line = std::make_shared<const LineRule>(std::move(line));
  const std::vector<ArgumentRule> rules = {rule_of("command", std::move(check))};
  json::Writer writer;
  const json::Document arguments =
      *json::parse(writer.object().key("command").string(text).end().text());
  std::vector<Rewrite> rewrites;
  for (auto _ : state) {
    if (evaluate(rules[0], arguments.root(), nullptr, {}, rewrites)) {
      state.SkipWithError("violated");
    }
  }
}
BENCHMARK_CAPTURE(shell, status, "git status --short");
BENCHMARK_CAPTURE(shell, pipeline, "cd src && npm test -- --coverage 2>&1 | tail -5");

}  // namespace
