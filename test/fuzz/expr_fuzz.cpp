// Expressions from anybody: no text crashes the parser, the checker or the machine, what is
// compiled ends within its fuel, and constants that are folded have the value that they have
// unfolded.
//
// The text up to the first zero byte is the expression, the rest a JSON document of arguments.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "lang/cel/case.h"
#include "lang/cel/expr.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

void demand(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kSchema = R"({"type":"object","required":["s","n","l"],"properties":{
  "s":{"type":"string"},"e":{"enum":["a","b"]},"n":{"type":"number"},"i":{"type":"integer"},
  "l":{"type":"array","items":{"type":"string"}},"o":{"type":"object","properties":{
  "x":{"type":"integer"}}},"m":{"type":"object","additionalProperties":{"type":"integer"}},
  "d":{}}})";

const cel::Environment& names() {
  static const cel::Environment all = [] {
    cel::Environment environment;
    environment.declare("args", cel::type_of_schema(json::parse(kSchema)->root()));
    environment.declare("d", cel::simple(cel::TypeKind::dyn));
    return environment;
  }();
  return all;
}

void evaluate(std::string_view text, json::View arguments, cel::Checked checked) {
  const auto program = cel::compile(
      {text, {}}, names(), {.limits = cel::policy_limits, .result = nullptr, .checked = checked});
  if (!program) {
    demand(!program.error().empty());
    for (const Error& error : program.error()) demand(!error.message.empty());
    return;
  }
  const cel::Value value = cel::Value::of(arguments);
  const cel::Value values[] = {value, value};
  cel::Scratch scratch;
  cel::Fuel fuel{.left = 20'000};
  const cel::Value found = program->evaluate(values, scratch, fuel);
  demand(fuel.left <= 20'000);
  if (!found.failed()) {
    const std::string written = cel::encode_value(found);
    demand(json::parse(written, {.duplicate_keys = json::DuplicateKeys::permit}).has_value());
  }
  if (const auto constant = program->constant(); constant && !constant->failed()) {
    demand(!found.failed() && cel::encode_value(found) == cel::encode_value(*constant));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t end = std::min(text.find('\0'), text.size());
  const auto document = json::parse(end < size ? text.substr(end + 1) : "{}");
  const json::View arguments = document ? document->root() : json::View();
  evaluate(text.substr(0, end), arguments, cel::Checked::on);
  evaluate(text.substr(0, end), arguments, cel::Checked::off);
  (void)cel::answer_case(text, [](std::string_view) -> Result<Zone> { return Zone(); });
  if (document) (void)cel::type_of_schema(arguments);
  return 0;
}
