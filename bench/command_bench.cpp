// Understanding command lines: reading, analysing and judging one. The budget of a typical command
// is 10 us.
#include <benchmark/benchmark.h>

#include <string_view>

#include "lang/shell/rows.h"

namespace pawl::shell {
namespace {

constexpr std::string_view kStatus = "git status --short";
constexpr std::string_view kTypical = "cd src && npm test -- --coverage 2>&1 | tail -5";
constexpr std::string_view kLoop = "for f in $(git ls-files '*.ts'); do wc -l \"$f\"; done";
constexpr std::string_view kWrapped = "timeout 60 env CI=1 bash -lc 'git log --oneline | head -20'";

const Rows& rows() {
  static const Rows all = [] {
    std::vector<Row> out(4);
    out[0].run = {"ls",         "cat",      "rg",      "grep",     "find",         "sed",
                  "awk",        "head",     "tail",    "wc",       "jq",           "cd",
                  "git status", "git diff", "git log", "git show", "git ls-files", "echo"};
    out[1].run = {"git add", "git commit", "git switch", "mkdir", "cp", "mv", "rm"};
    out[2].run = {"npm test", "npm run", "node", "pytest", "make"};
    out[3].run = {"sudo", "ssh", "docker", "kubectl", "npm publish", "gh auth"};
    out[1].writes = true;
    out[2].writes = true;
    out[3].stops = true;
    return *Rows::compile(out);
  }();
  return all;
}

void judge_line(benchmark::State& state, std::string_view text) {
  const Place place;
  for (auto _ : state) {
    const Result<Line> line = parse(text, Dialect::bash);
    const Judgement judgement = judge(analyse(*line), rows(), place);
    if (judgement.outcome != Outcome::covered) state.SkipWithError("not covered");
    benchmark::DoNotOptimize(judgement.commands.size());
  }
}

void read_line(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(parse(text, Dialect::bash)->list.nodes.size());
}

BENCHMARK_CAPTURE(judge_line, git_status, kStatus);
BENCHMARK_CAPTURE(judge_line, pipeline, kTypical);
BENCHMARK_CAPTURE(judge_line, loop, kLoop);
BENCHMARK_CAPTURE(judge_line, wrapped, kWrapped);
BENCHMARK_CAPTURE(read_line, pipeline, kTypical);

void worst(benchmark::State& state) {
  std::string text = "echo";
  while (text.size() < 32000) text += " $(a b|c)";
  for (auto _ : state)
    benchmark::DoNotOptimize(analyse(*parse(text, Dialect::bash)).commands.size());
}
BENCHMARK(worst)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pawl::shell
