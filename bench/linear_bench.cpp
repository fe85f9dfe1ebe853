// What each scan over untrusted text and values costs, over sizes: everything that test/linear
// tries. The time for a byte stays the same from row to row of one name. Its filter picks a kind:
//   bench_linear --benchmark_filter='^hosts_in: data'
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "test/linear/subjects.h"

namespace {

constexpr std::size_t smallest = 64UL << 10;
constexpr std::size_t largest = 4UL << 20;

void scan(benchmark::State& state, const pawl::linear::Subject& subject) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const pawl::linear::Work work = subject.prepare(bytes);
  for (auto _ : state) work();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

}  // namespace

int main(int count, char** words) {
  for (const pawl::linear::Subject& subject : pawl::linear::subjects()) {
    auto* row = benchmark::RegisterBenchmark(
        subject.name.c_str(), [&subject](benchmark::State& state) { scan(state, subject); });
    // What is longer than this is refused without a look.
    const std::size_t most = std::min(largest, subject.bytes_most);
    for (std::size_t bytes = std::min(smallest, most); bytes <= most; bytes *= 4) {
      row->Arg(static_cast<std::int64_t>(bytes));
    }
    row->Unit(benchmark::kMillisecond)->MinTime(0.01);
  }
  benchmark::Initialize(&count, words);
  if (benchmark::ReportUnrecognizedArguments(count, words)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
