#include "recorded.h"

#include <utility>

namespace pawl::score {
namespace {

std::string text_of(json::View object, std::string_view key) {
  return std::string(object.text(key).value_or(""));
}

std::vector<std::vector<std::size_t>> read_goal(json::View groups) {
  std::vector<std::vector<std::size_t>> out;
  for (const json::View group : groups.elements()) {
    auto& calls = out.emplace_back();
    for (const json::View index : group.elements()) {
      if (index.is_integer()) calls.push_back(static_cast<std::size_t>(index.integer()));
    }
  }
  return out;
}

}  // namespace

Result<Recorded> parse_recorded(std::string_view line) {
  const auto document = json::parse(line, {.duplicate_keys = json::DuplicateKeys::permit});
  PAWL_TRY(document);
  const json::View root = document->root();
  Recorded out;
  out.run.role = text_of(root, "suite");
  out.run.words = text_of(root, "user_text");
  for (const json::View call : root["calls"].elements()) {
    out.run.calls.push_back(
        {text_of(call, "tool"), json::write(call["arguments"]), text_of(call, "result"),
         call["executed"].kind() == json::Kind::boolean && call["executed"].boolean()});
  }
  out.truth.attack = root.text("label") == "attack";
  out.truth.task = text_of(root, "user_task");
  out.truth.goal = read_goal(root["goal_calls"]);
  if (out.run.role.empty() || !root["calls"].is_array()) {
    return fail(ErrorKind::invalid, "a recorded run has a `suite` and `calls`");
  }
  return out;
}

Result<std::vector<ToolSchema>> parse_tools(std::string_view text) {
  const auto document = json::parse(text, {.duplicate_keys = json::DuplicateKeys::permit});
  PAWL_TRY(document);
  std::vector<ToolSchema> out;
  for (const auto [role, tools] : document->root().members()) {
    for (const auto [tool, definition] : tools.members()) {
      out.push_back({std::string(role), std::string(tool), json::write(definition["inputSchema"])});
    }
  }
  return out;
}

}  // namespace pawl::score
