// What expressions cost: on parsed arguments, with a pattern, and to compile.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "base/json.h"
#include "lang/cel/expr.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

constexpr std::string_view kSchema = R"({
  "type": "object", "required": ["order_ids", "status", "amount", "to", "tags"],
  "properties": {
    "order_ids": {"type": "array", "items": {"type": "string"}},
    "status": {"enum": ["cancelled", "refunded", "processing"]},
    "amount": {"type": "integer"},
    "to": {"type": "string"},
    "note": {"type": "string"},
    "tags": {"type": "array", "items": {"type": "string"}}
  }})";

constexpr std::string_view kArguments = R"({
  "order_ids": ["ORD-000001", "ORD-000002"], "status": "refunded", "amount": 7,
  "to": "someone@myco.example", "tags": ["a", "b", "c", "d", "e", "f", "g", "h"]})";

struct World {
  cel::Environment names;
  json::Document document;

  World() {
    names.declare("args", cel::type_of_schema(json::parse(kSchema)->root()));
    names.declare("run.steps", cel::simple(cel::TypeKind::integer));
    names.declare("tool", cel::simple(cel::TypeKind::string));
    document = *json::parse(kArguments);
  }
};

void evaluate(benchmark::State& state, std::string_view text) {
  const World world;
  const auto program = cel::compile({text, {}}, world.names);
  if (!program) {
    state.SkipWithError(to_string(program.error().front()).c_str());
    return;
  }
  cel::Scratch scratch;
  for (auto _ : state) {
    const cel::Value values[] = {cel::Value::of(world.document.root()),
                                 cel::Value::of(std::int64_t{3}),
                                 cel::Value::of(std::string_view("refund_order"))};
    cel::Fuel fuel;
    const cel::Value result = program->evaluate(values, scratch, fuel);
    if (!result.is_true()) std::abort();
    benchmark::DoNotOptimize(result);
  }
}

void compile(benchmark::State& state, std::string_view text) {
  const World world;
  for (auto _ : state) {
    const auto program = cel::compile({text, {}}, world.names);
    if (!program) std::abort();
    benchmark::DoNotOptimize(program);
  }
}

constexpr const char* kThree =
    "args.amount <= 10 && args.status == 'refunded' && args.to.endsWith('@myco.example')";
constexpr const char* kList =
    "args.amount <= 10 && args.status in ['cancelled', 'processing', 'refunded'] && run.steps < 25";
constexpr const char* kPattern =
    "args.amount <= 10 && args.status == 'refunded' && args.to.matches('^[a-z.]+@myco[.]example$')";
// What bench/engines asks other engines.
constexpr const char* kSameQuestion =
    "tool in ['read_order', 'update_order', 'refund_order'] && args.amount <= 10 && "
    "args.status in ['cancelled', 'refunded', 'processing'] && args.to.endsWith('@myco.example')";
constexpr const char* kFold = "args.tags.all(t, t != 'forbidden')";

BENCHMARK_CAPTURE(evaluate, one, "args.amount <= 10");
BENCHMARK_CAPTURE(evaluate, three_conditions, kThree);
BENCHMARK_CAPTURE(evaluate, three_with_a_list, kList);
BENCHMARK_CAPTURE(evaluate, three_with_a_pattern, kPattern);
BENCHMARK_CAPTURE(evaluate, same_question, kSameQuestion);
BENCHMARK_CAPTURE(evaluate, eight_elements, kFold);
BENCHMARK_CAPTURE(evaluate, missing_property, "!has(args.note) || args.note.size() < 500");
BENCHMARK_CAPTURE(compile, three_conditions, kThree);
BENCHMARK_CAPTURE(compile, with_a_pattern, kPattern);

}  // namespace
