// Examples of an entry against the tools' own schemas: what a schema refuses never comes to a rule.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "analysis/check/parts.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

void look(const Subject& subject, const ToolDefinition& tool, const Example& example) {
  const auto arguments = json::parse(example.arguments);
  if (!arguments || tool.validator == nullptr) return;
  const auto violation = tool.validator->validate(arguments->root());
  if (!violation) return;
  const std::string name = escape_untrusted(tool.name);
  if (example.expected == Effect::deny) {
    subject.finding(
        warning, example.rule.at,
        fmt::format("this example shows nothing any more: the schema of `{}` refuses it "
                    "before any rule is asked",
                    name));
    return;
  }
  subject.finding(warning, example.rule.at,
                  fmt::format("this example of `{}` is not a call that could happen: the schema of "
                              "`{}` refuses it",
                              to_string(example.expected), name));
}

// Another example of the same verdict with the same arguments.
void check_twins(const Subject& subject, const ToolRule& entry) {
  for (std::size_t i = 0; i < entry.examples.size(); ++i) {
    const Example& one = entry.examples[i];
    const auto before = std::ranges::find_if(
        entry.examples.begin(), entry.examples.begin() + static_cast<std::ptrdiff_t>(i),
        [&](const Example& other) {
          return other.expected == one.expected && other.arguments == one.arguments;
        });
    if (before == entry.examples.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    subject.finding(
        note, one.rule.at,
        fmt::format("this example says again what the one in line {} says", before->rule.at.line));
  }
}

}  // namespace

void check_call_examples(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    check_twins(subject, entry);
    for (const ToolDefinition* tool : subject.tools_of(entry)) {
      for (const Example& example : entry.examples) look(subject, *tool, example);
    }
  }
}

}  // namespace pawl::checking
