// Rules of an argument that can never be satisfied together: such an entry denies every call.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/check/parts.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

constexpr std::size_t values_tried_max = 1000;

// The values that `in` lists, tried one by one against everything that the rule says.
void try_values(const Subject& subject, const ToolRule& entry, const ArgumentRule& rule) {
  if (rule.path.size() != 1 || rule.path.front().each || rule.checks.size() < 2) return;
  for (const Check& check : rule.checks) {
    if (check.kind != CheckKind::in || check.values.size() > values_tried_max) continue;
    const bool one_passes = std::ranges::any_of(check.values, [&](const Literal& value) {
      std::string arguments = "{";
      json::write_string(rule.path.front().name, arguments);
      arguments += ":" + value.json + "}";
      const auto parsed = json::parse(arguments);
      if (!parsed) return true;
      std::vector<Rewrite> rewrites;
      return !evaluate(rule, parsed->root(), nullptr, {}, rewrites).has_value();
    });
    if (one_passes) continue;
    subject.finding(warning, check.rule.at,
                    fmt::format("no value of `{}` passes: those that `in` lists fail the other "
                                "checks, so every call of `{}` is denied",
                                argument_of(rule), escape_untrusted(entry.key)));
  }
}

// Facts about a file system or a database are not known here.
bool needs_facts(const ArgumentRule& rule) {
  return std::ranges::any_of(rule.checks, [](const Check& check) {
    return check.kind == CheckKind::path || check.kind == CheckKind::sql;
  });
}

// Values of `in` that the tool's own `enum` does not have: no call can ever have them.
void check_choices(const Subject& subject, const BoundTool& bound, const ToolDefinition& tool) {
  for (const ArgumentRule& rule : bound.arguments) {
    if (rule.path.size() != 1 || rule.path.front().each) continue;
    const Shape::Property* property = tool.arguments.find(rule.path.front().name);
    const Shape* shape = property == nullptr ? nullptr : &property->shape;
    while (shape != nullptr && shape->type == ValueType::array) shape = shape->element.get();
    if (shape == nullptr || !shape->choices) continue;
    for (const Check& check : rule.checks) {
      if (check.kind != CheckKind::in) continue;
      const auto unknown = std::ranges::find_if(check.values, [&](const Literal& value) {
        return std::ranges::find(*shape->choices, value.json) == shape->choices->end();
      });
      if (unknown == check.values.end()) continue;
      subject.finding(
          warning, check.rule.at,
          fmt::format("`{}` is listed for `{}`, and the schema of `{}` has no such value",
                      escape_untrusted(unknown->json), argument_of(rule),
                      escape_untrusted(tool.name)));
    }
  }
}

}  // namespace

std::string argument_of(const ArgumentRule& rule) {
  return escape_untrusted(rule.name());
}

void check_contradictions(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    for (const ArgumentRule& rule : entry.arguments) {
      if (!needs_facts(rule)) try_values(subject, entry, rule);
    }
    for (const ToolDefinition* tool : subject.tools_of(entry)) {
      const auto known = std::make_shared<const ToolDefinition>(*tool);
      check_choices(subject, bind(subject.policy, entry, known, subject.now), *tool);
    }
  }
}

}  // namespace pawl::checking
