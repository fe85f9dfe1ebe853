#include "kernel/definition/made.h"

#include <utility>

namespace pawl {

std::optional<ToolDefinition> tool_that_takes(std::string_view server, std::string_view tool,
                                              json::View arguments) {
  if (!arguments.is_object()) return std::nullopt;
  json::Writer text;
  text.object().key("type").string("object").key("properties").object();
  for (const auto [name, value] : arguments.members()) text.key(name).object().end();
  const auto schema = json::parse(text.end().end().take());
  if (!schema) return std::nullopt;
  auto made = definition_of(server, tool, schema->root(), {});
  return made ? std::optional(*std::move(made)) : std::nullopt;
}

}  // namespace pawl
