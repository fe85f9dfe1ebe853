// Reads lines {"schema": …, "values": [...]} and writes for each one line: a list of true and
// false, one for each value, or {"error": "…"} where the schema is refused, or {"finding": "…"}
// where something of it cannot be checked.
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/json.h"
#include "lang/json_schema/schema.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

std::string answer(const std::string& line) {
  json::Writer out;
  const Result<json::Document> pair =
      json::parse(line, {.duplicate_keys = json::DuplicateKeys::refuse_exact_only});
  if (!pair) {
    out.object().key("error").string("unread: " + pair.error().message).end();
    return out.take();
  }
  const Result<json_schema::Schema> compiled = json_schema::compile(pair->root()["schema"]);
  if (!compiled) {
    out.object().key("error").string(compiled.error().message).end();
    return out.take();
  }
  if (!compiled->findings().empty()) {
    const json_schema::Finding& first = compiled->findings().front();
    out.object().key("finding").string(first.pointer + " " + first.says).end();
    return out.take();
  }
  out.array();
  for (json::View value : pair->root()["values"].elements()) {
    const bool valid = compiled->valid(value);
    // Both walks agree, or the program ends and the comparison with it.
    if (valid != compiled->violations(value).empty() ||
        valid == compiled->validate(value).has_value()) {
      std::abort();
    }
    out.boolean(valid);
  }
  out.end();
  return out.take();
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) std::cout << answer(line) << "\n";
  return 0;
}
