// What a statement costs: the bounds, the whole reading in one process, and with the way to the
// isolated process and back. Answers are not kept here.
#include <benchmark/benchmark.h>

#include <string>

#include "io/sql/parse.h"
#include "io/sql/parser.h"
#include "lang/sql/judge.h"
#include "lang/sql/scan.h"

namespace pawl::sql {
namespace {

constexpr std::string_view kTypical =
    "SELECT id, status, total FROM orders WHERE customer_id = 42 AND status = 'open' "
    "ORDER BY created_at DESC LIMIT 20";

void Bounds(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(scan(kTypical));
}
BENCHMARK(Bounds);

void Summary(benchmark::State& state) {
  TextReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.parse(kTypical));
}
BENCHMARK(Summary);

void Judgement(benchmark::State& state) {
  SqlRule rule{.dialect = "postgresql", .statements = {"select"}, .tables = {"orders"}};
  const auto summary = parse(kTypical);
  if (!compile(rule) || !summary) return state.SkipWithError("no rule");
  for (auto _ : state) benchmark::DoNotOptimize(judge(rule, *summary));
}
BENCHMARK(Judgement);

void Isolated(benchmark::State& state) {
  Parser parser({PAWL_PROGRAM, "sql-parser"}, {.kept_max = 0});
  if (!parser.read(kTypical)) return state.SkipWithError("no process");
  for (auto _ : state) benchmark::DoNotOptimize(parser.read(kTypical));
}
BENCHMARK(Isolated)->UseRealTime();

void IsolatedAndKept(benchmark::State& state) {
  Parser parser({PAWL_PROGRAM, "sql-parser"});
  if (!parser.read(kTypical)) return state.SkipWithError("no process");
  for (auto _ : state) benchmark::DoNotOptimize(parser.read(kTypical));
}
BENCHMARK(IsolatedAndKept);

}  // namespace
}  // namespace pawl::sql
