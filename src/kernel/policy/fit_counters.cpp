// Counters of an entry against one tool's own schema.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/policy/fit.h"

namespace pawl {
namespace {

bool can_count(const Shape& shape, bool adds) {
  switch (shape.type) {
    case ValueType::any:
    case ValueType::integer:
    case ValueType::number:
      return true;
    case ValueType::string:
    case ValueType::boolean:
      return !adds;
    case ValueType::null:
    case ValueType::array:
    case ValueType::object:
      return false;
  }
  return false;
}

// A list that the path enters without saying `[]`: no such call is ever counted.
bool enters_list(const Shape& arguments, const ArgumentPath& path) {
  const Shape* at = &arguments;
  for (const Step& step : path) {
    if (at == nullptr) return false;
    if (!step.each && at->type == ValueType::array) return true;
    if (step.each) {
      at = at->element.get();
      continue;
    }
    const Shape::Property* property = at->find(step.name);
    at = property == nullptr ? nullptr : &property->shape;
  }
  return false;
}

}  // namespace

void fit_counters(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound) {
  const std::string name =
      escape_untrusted(tool.server.empty() ? tool.name : tool.server + "/" + tool.name);
  for (const CounterRule& counter : entry.counters) {
    for (const ArgumentPath* path : {&counter.add, &counter.by}) {
      if (path->empty()) continue;
      const bool adds = path == &counter.add;
      const std::string argument = escape_untrusted(to_string(*path));
      const Reached reached = reach(tool.arguments, *path);
      std::string says;
      if (!reached.missing.empty()) {
        const std::string near = closest_match(reached.missing, reached.candidates);
        says = fmt::format(
            "`{}` has no argument `{}`, which a counter {}{}", name, argument,
            adds ? "adds up" : "tells its sums apart by",
            near.empty() ? "" : fmt::format(": did you mean `{}`?", escape_untrusted(near)));
      } else if (enters_list(tool.arguments, *path)) {
        says = fmt::format(
            "`{}` of `{}` is in a list: a counter adds up all elements of it with "
            "`[]`, and cannot tell sums apart by one",
            argument, name);
      } else if (reached.shape != nullptr && !can_count(*reached.shape, adds)) {
        says = fmt::format("a counter cannot {} `{}` of `{}`, which is of type {}",
                           adds ? "add up" : "tell its sums apart by", argument, name,
                           to_string(reached.shape->type));
      }
      if (!says.empty())
        bound.misfits.push_back({ErrorKind::invalid, std::move(says), counter.rule.at});
    }
  }
}

}  // namespace pawl
