// Results and output schemas under a scope: valid whatever the server sends, and projecting twice
// gives what projecting once gave.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "kernel/redact/scope.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

void demand(bool holds) {
  if (!holds) std::abort();
}

json::Document reread(const std::string& text) {
  Result<json::Document> document = json::parse(text, {.bytes_max = 256UL << 20, .depth_max = 200});
  demand(document.has_value());
  demand(json::write(document->root()) == text);  // canonical
  return std::move(*document);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Scope scope({"a", "b.c", "content"});
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const Result<json::Document> document = json::parse(text);
  if (!document) return 0;

  std::string once;
  if (scope.project(document->root(), once)) {
    std::string twice;
    demand(scope.project(reread(once).root(), twice) && twice == once);
  }
  const Projected projected = project_result(scope, document->root());
  const json::Document result = reread(projected.result);
  demand(result.root()["content"].is_array());
  for (json::View item : result.root()["content"].elements()) {
    demand(item.text("type") == "text" && item["text"].is_string());
  }
  demand(!result.root()["_meta"].exists());
  demand(projected.withheld.size() <= withheld_names_max + 1);

  const json::Document schema = reread(project_output_schema(scope, document->root()));
  demand(schema.root().text("type") == "object");
  return 0;
}
