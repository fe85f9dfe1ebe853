// A schema and a value, one line each: compiled or refused, and every walk over the value agrees.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "lang/json_schema/pattern.h"
#include "lang/json_schema/schema.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) {
    (void)json_schema::to_re2(text);
    return 0;
  }
  const auto rules =
      json::parse(text.substr(0, line), {.duplicate_keys = json::DuplicateKeys::permit});
  const auto value = json::parse(text.substr(line + 1));
  if (!rules || !value) return 0;
  json_schema::Limits limits;
  limits.work_max = 20'000;
  limits.check_formats = true;
  const auto compiled = json_schema::compile(rules->root(), limits);
  if (!compiled) {
    demand(!compiled.error().message.empty());
    return 0;
  }
  const bool valid = compiled->valid(value->root());
  demand(valid == !compiled->validate(value->root()).has_value());
  demand(valid == compiled->violations(value->root(), 100).empty());
  return 0;
}
