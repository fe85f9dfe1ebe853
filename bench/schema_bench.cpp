// The arguments of a call against the schema of its tool, and compiling that schema.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/json.h"
#include "lang/json_schema/schema.h"

namespace pawl {
namespace {

// What a server made with zod offers for one tool.
constexpr std::string_view tool_schema =
    R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object",
        "required":["status","order","count"],"additionalProperties":false,"properties":{
        "status":{"type":"string","enum":["cancelled","refunded","processing"]},
        "order":{"type":"string","minLength":1,"maxLength":20},
        "count":{"type":"integer","minimum":1,"maximum":100},
        "note":{"type":"string","maxLength":1000},
        "tags":{"type":"array","maxItems":10,"items":{"type":"string"}},
        "notify":{"anyOf":[{"type":"boolean"},{"type":"null"}]}}})";

std::string arguments() {
  return R"({"status":"refunded","order":"ORD-123456","count":7,"tags":["a","b"],"notify":null,)"
         R"("note":")" +
         std::string(380, 'n') + R"("})";
}

json::Document read(std::string_view text) {
  auto document = json::parse(text);
  if (!document) std::exit(1);
  return std::move(*document);
}

json_schema::Schema compiled(std::string_view text) {
  auto made = json_schema::compile(read(text).root());
  if (!made) std::exit(1);
  return std::move(*made);
}

void check(benchmark::State& loop, std::string_view schema_text, const std::string& value_text) {
  const json_schema::Schema schema = compiled(schema_text);
  const json::Document value = read(value_text);
  if (!schema.valid(value.root())) loop.SkipWithError("not valid");
  for (auto _ : loop) benchmark::DoNotOptimize(schema.validate(value.root()));
}

void validate_types_only(benchmark::State& loop) {
  check(loop,
        R"({"type":"object","required":["status","order","count"],"properties":{
            "status":{"type":"string"},"order":{"type":"string"},"count":{"type":"integer"},
            "note":{"type":"string"}}})",
        arguments());
}
BENCHMARK(validate_types_only);

void validate_call(benchmark::State& loop) {
  check(loop, tool_schema, arguments());
}
BENCHMARK(validate_call);

void validate_pattern(benchmark::State& loop) {
  check(loop, R"({"properties":{"order":{"pattern":"^ORD-\\d+$"}}})", arguments());
}
BENCHMARK(validate_pattern);

void say_why(benchmark::State& loop) {
  const json_schema::Schema schema = compiled(tool_schema);
  const json::Document value = read(R"({"status":"shipped","order":"ORD-1","count":7})");
  for (auto _ : loop) benchmark::DoNotOptimize(schema.validate(value.root()));
}
BENCHMARK(say_why);

void compile_schema(benchmark::State& loop) {
  const json::Document document = read(tool_schema);
  for (auto _ : loop) benchmark::DoNotOptimize(json_schema::compile(document.root()).has_value());
}
BENCHMARK(compile_schema);

}  // namespace
}  // namespace pawl
