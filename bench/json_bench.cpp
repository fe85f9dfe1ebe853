// What reading, writing and hashing one ordinary message costs.
#include <benchmark/benchmark.h>

#include <string>

#include "base/hash.h"
#include "base/json.h"

namespace {

// A `tools/call` of about 500 bytes.
const std::string& message() {
  static const std::string text =
      R"({"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"update_order_status",)"
      R"("arguments":{"order_id":"ord_2026_11_004711","status":"refunded","reason":"the customer )"
      R"(returned the goods, see the attached note","amount":129.95,"currency":"EUR","lines":[1,2,)"
      R"(5],"notify":true,"customer":{"id":"c-991","email":"someone@myco.example","tags":["gold",)"
      R"("returning"]}},"_meta":{"progressToken":17}}})";
  return text;
}

std::string without_fractions() {
  std::string text = message();
  text.replace(text.find("129.95"), 6, "129950");
  return text;
}

void parse(benchmark::State& state, const std::string& text) {
  pawl::json::Parser parser;
  pawl::json::Document document;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.parse(text, document).has_value());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void parse_call(benchmark::State& state) {
  parse(state, without_fractions());
}
BENCHMARK(parse_call);

void parse_call_with_fraction(benchmark::State& state) {
  parse(state, message());
}
BENCHMARK(parse_call_with_fraction);

void parse_megabytes(benchmark::State& state) {
  std::string text = "[" + message();
  while (text.size() < (10UL << 20)) text += "," + message();
  parse(state, text + "]");
}
BENCHMARK(parse_megabytes)->Unit(benchmark::kMillisecond);

void write_canonical(benchmark::State& state) {
  const auto document = pawl::json::parse(message());
  std::string out;
  for (auto _ : state) {
    out.clear();
    pawl::json::write(document->root(), out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(write_canonical);

void hash_message(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(pawl::sha256(message()));
}
BENCHMARK(hash_message);

void checksum_message(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(pawl::crc32c(message()));
}
BENCHMARK(checksum_message);

}  // namespace
