// What it costs to look for the secrets of a call in its result.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "lang/secret/scrub.h"

namespace {

constexpr std::size_t text_bytes = 1UL << 20;

const pawl::Scrubber& scrubber() {
  static const std::vector<pawl::Scrubber::Secret> secrets = {
      {"github", "ghs_16C7e42F292c6912E7710c838347Ae178B4a"},
      {"mail-relay", "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"},
      {"database", "correct horse battery staple"}};
  static const pawl::Scrubber made = *pawl::Scrubber::make(secrets);
  return made;
}

std::string filled(std::string_view row) {
  std::string text;
  while (text.size() < text_bytes) text += row;
  return text;
}

void scrub(benchmark::State& state, const std::string& text) {
  const pawl::Scrubber& by = scrubber();
  for (auto _ : state) benchmark::DoNotOptimize(by.scrub(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void scrub_json(benchmark::State& state) {
  scrub(state,
        filled(R"({"order":"ord_2026_11_004711","customer":"Someone Else","total":129.95},)"));
}
BENCHMARK(scrub_json);

void scrub_json_inside_json(benchmark::State& state) {
  scrub(state, filled(R"({\"order\":\"ord_2026_11_004711\",\"note\":\"returned\\nlate\"},)"));
}
BENCHMARK(scrub_json_inside_json);

void scrub_percent(benchmark::State& state) {
  scrub(state, filled("q=%22order%22%3A%22ord_2026%22&next=https%3A%2F%2Fmyco.example%2Fa&"));
}
BENCHMARK(scrub_percent);

void scrub_secrets(benchmark::State& state) {
  scrub(state, filled("Authorization: Bearer ghs_16C7e42F292c6912E7710c838347Ae178B4a\r\n"));
}
BENCHMARK(scrub_secrets);

void scrub_beginnings_of_secrets(benchmark::State& state) {
  scrub(state, filled("ghs_16C7e42F292c6912E7710c83834 correct horse battery stapl"));
}
BENCHMARK(scrub_beginnings_of_secrets);

void make_scrubber(benchmark::State& state) {
  const pawl::Scrubber::Secret one[] = {{"github", "ghs_16C7e42F292c6912E7710c838347Ae178B4a"}};
  for (auto _ : state) benchmark::DoNotOptimize(pawl::Scrubber::make(one).has_value());
}
BENCHMARK(make_scrubber);

void scrub_small_result(benchmark::State& state) {
  const std::string text = filled("{\"a\":1},").substr(0, 500);
  for (auto _ : state) benchmark::DoNotOptimize(scrubber().scrub(text));
}
BENCHMARK(scrub_small_result);

}  // namespace
