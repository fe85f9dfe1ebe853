// What packs know about the tools of a policy and its file does not say.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/config/name.h"
#include "kernel/pack/pack.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

// Whether a call without this argument is denied by the entry.
bool demanded(const ToolRule& entry, std::string_view argument) {
  return std::ranges::any_of(entry.arguments, [&](const ArgumentRule& rule) {
    return rule.required && rule.path.size() == 1 && rule.path.front().name == argument;
  });
}

// The tools that a name of the policy is about: what servers offer, else the name itself.
std::vector<std::string> tools_of(const Subject& subject, const ToolRule& entry,
                                  const NamePattern& pattern) {
  std::vector<std::string> out;
  for (const ToolDefinition& tool : subject.live) {
    if (pattern.grants(tool.server, tool.name) &&
        subject.policy.find(tool.server, tool.name) == &entry) {
      out.push_back(tool.name);
    }
  }
  if (subject.live.empty() && !pattern.glob()) out.push_back(pattern.tool.text());
  return out;
}

// Whether the server's own schema has the argument and does not demand it; unknown schemas may.
bool may_be_absent(const Subject& subject, std::string_view tool, std::string_view argument) {
  for (const ToolDefinition& live : subject.live) {
    if (live.name != tool || !live.has_schema) continue;
    const Shape::Property* property = live.arguments.find(argument);
    return property != nullptr && !property->required;
  }
  return true;
}

void check_widening(const Subject& subject, const ToolRule& entry, const std::string& tool,
                    const PackTool& known) {
  for (const PackTool::Widening& one : known.widens) {
    if (demanded(entry, one.argument) || !may_be_absent(subject, tool, one.argument)) continue;
    const std::string means =
        fmt::format("and {}: `args: {{{}: {{required: true, …}}}}` asks for it",
                    escape_untrusted(one.says), escape_untrusted(one.argument));
    const std::string name = fmt::format("`{}`", escape_untrusted(tool));
    subject.finding(
        warning, entry.rule.at,
        fmt::format("`{}` is optional in {}, {}", escape_untrusted(one.argument), name, means),
        name, fmt::format("`{}` is optional, {}", escape_untrusted(one.argument), means));
  }
}

// Whether the entry says that this argument may be anything, and be absent: that is meant.
bool left_open(const ToolRule& entry, std::string_view argument) {
  return std::ranges::any_of(entry.arguments, [&](const ArgumentRule& rule) {
    return !rule.required && !rule.lines_allowed && rule.checks.empty() && rule.from.empty() &&
           rule.path.size() == 1 && rule.path.front().name == argument;
  });
}

// Where a server says itself that nothing means everything.
bool says_all(std::string_view description) {
  const std::string text = lower_ascii(description);
  const auto has = [&text](std::string_view words) { return text.contains(words); };
  const bool absent = has("if not ") || has("if omitted") || has("if empty") || has("if absent") ||
                      has("when omitted") || has("when not ") || has("when empty") ||
                      has("defaults to all") || has("default: all") || has("default is all") ||
                      has("leave empty") || has("omit ") || has("unless specified");
  const bool all = has(" all ") || has(" all.") || has("every ") || has("defaults to all") ||
                   text.ends_with(" all");
  return absent && all;
}

void check_descriptions(const Subject& subject, const ToolRule& entry) {
  for (const ToolDefinition* offered : subject.tools_of(entry)) {
    const ToolDefinition& tool = *offered;
    for (const Shape::Property& property : tool.arguments.properties) {
      if (property.required || demanded(entry, property.name) || left_open(entry, property.name)) {
        continue;
      }
      if (!says_all(property.description)) continue;
      const std::string place =
          fmt::format("`{}` is optional in `{}`, and", escape_untrusted(property.name),
                      escape_untrusted(tool.name));
      subject.finding(
          warning, entry.rule.at,
          fmt::format("{} by the server's own words its absence means more: `args: {{{}: "
                      "{{required: true, …}}}}` asks for it, and `{{required: false}}` alone says "
                      "that it is meant",
                      place, escape_untrusted(property.name)),
          fmt::format("`{}` of `{}`", escape_untrusted(property.name), escape_untrusted(tool.name)),
          "optional, and by the server's own words their absence means more: `args: {NAME: "
          "{required: true, …}}` asks for one, and `{required: false}` alone says that it is "
          "meant");
    }
  }
}

}  // namespace

void check_packs(const Subject& subject) {
  std::set<const Pack*> used;
  for (const ToolRule& entry : subject.policy.tools) {
    check_descriptions(subject, entry);
    for (const std::string& name : entry.names) {
      const auto pattern = parse_name(name);
      if (!pattern || pattern->reserved()) continue;
      for (const std::string& tool : tools_of(subject, entry, *pattern)) {
        for (const auto& pack : subject.policy.packs) {
          const PackTool* known = pack->find(tool);
          if (known == nullptr) continue;
          used.insert(pack.get());
          check_widening(subject, entry, tool, *known);
        }
      }
    }
  }
  for (const auto& pack : subject.policy.packs) {
    if (used.contains(pack.get())) continue;
    subject.finding(note, subject.file(),
                    fmt::format("the pack `{}` describes no tool that this file grants by name",
                                pack->spelled_name()));
  }
}

}  // namespace pawl::checking
