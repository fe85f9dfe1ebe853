// The table of tools, and how entries fit what a server offers.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/config/name.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

std::string name_of(const ToolDefinition& tool) {
  return tool.server.empty() ? tool.name : tool.server + "/" + tool.name;
}

std::string asked(const Question& question) {
  if (question.effect != Effect::hold) return {};
  const std::string who =
      question.reviewers.empty()
          ? std::string("no reviewer yet")
          : fmt::format("{} of {}", question.quorum,
                        escape_untrusted(fmt::format("{}", fmt::join(question.reviewers, ", "))));
  return fmt::format("{}, within {}{}", who, to_string(question.within),
                     question.typed ? ", typed" : "");
}

std::string counted(const ToolRule& entry, const ToolDefinition* tool) {
  if (entry.records_by) return escape_untrusted(entry.conditions[*entry.records_by]->text());
  if (entry.records_stated) return fmt::format("{} (stated)", *entry.records_stated);
  if (tool == nullptr || !tool->has_schema) return "1, or one per element of its only array";
  if (!countable(tool->arguments)) return "cannot be counted";
  const bool array = std::ranges::any_of(
      tool->arguments.properties,
      [](const Shape::Property& one) { return one.shape.type == ValueType::array; });
  return array ? "one per element" : "1";
}

void add_row(const Subject& subject, const ToolRule& entry, const std::string& name,
             const BoundTool& bound) {
  const std::vector<Outcome> outcomes = outcomes_of(subject, entry, bound);
  CheckReport::Row row{.tool = escape_untrusted(name),
                       .class_text = to_string(bound.action_class),
                       .class_source = escape_untrusted(bound.class_source),
                       .effect = Effect::deny,
                       .approval = {},
                       .records = counted(entry, bound.definition.get()),
                       .why = {},
                       .effects = effects_of(outcomes)};
  row.effect = row.effects.empty() ? Effect::deny : row.effects.back();
  if (!bound.misfits.empty()) row.why = bound.misfits.front().message;
  if (outcomes.size() > 1) {
    for (const Outcome& one : outcomes) {
      const std::string when = one.when.empty() ? "otherwise" : one.when;
      const bool others = one.by == Outcome::By::layer || one.by == Outcome::By::freeze;
      row.parts.push_back({when, one.question.effect, others ? "" : asked(one.question)});
    }
  } else if (!outcomes.empty()) {
    row.approval = asked(outcomes.front().question);
  }
  if (outcomes.size() == 1 && row.effect == Effect::deny && row.why.empty()) {
    row.why = "a layer denies it";
  }
  subject.report.table.push_back(std::move(row));
}

void add_denied(const Subject& subject, const ToolDefinition& tool, std::string why) {
  const ToolRule none;
  const BoundTool bound =
      bind(subject.policy, none, std::make_shared<const ToolDefinition>(tool), subject.now);
  subject.report.table.push_back({.tool = escape_untrusted(name_of(tool)),
                                  .class_text = to_string(bound.action_class),
                                  .class_source = escape_untrusted(bound.class_source),
                                  .effect = Effect::deny,
                                  .approval = {},
                                  .records = {},
                                  .why = std::move(why)});
}

// The argument that a place of a schema is about, as far as its own tokens tell.
std::vector<std::string> argument_at(std::string_view pointer) {
  std::vector<std::string> names;
  const std::vector<std::string_view> tokens = split(pointer.substr(pointer.empty() ? 0 : 1), '/');
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i] == "$defs" || tokens[i] == "definitions") return {};
    if (tokens[i] == "properties") names.emplace_back(tokens[++i]);
  }
  return names;
}

// What of the tool's schema cannot be checked, and what stands for it.
void check_schema(const Subject& subject, const ToolRule& entry, const ToolDefinition& tool,
                  const BoundTool& bound) {
  if (!tool.validator) return;
  for (const json_schema::Finding& finding : tool.validator->findings()) {
    const std::vector<std::string> names = argument_at(finding.pointer);
    const auto covers = [&names](const std::vector<std::string>& limited) {
      return limited.size() <= names.size() &&
             std::ranges::equal(limited, std::span(names).first(limited.size()));
    };
    const bool stands = !names.empty() && std::ranges::any_of(bound.trusted, covers);
    std::string argument;
    for (const std::string& name : names) argument += (argument.empty() ? "" : ".") + name;
    const std::string of =
        argument.empty() ? "" : fmt::format("`{}` of ", escape_untrusted(argument));
    std::string means =
        "no value passes it until the policy limits the argument itself (`args`), which "
        "then stands for it";
    if (stands) {
      means = fmt::format("your own limit of `{}` stands for it", escape_untrusted(argument));
    } else if (!argument.empty()) {
      means = fmt::format("no value passes it until `args` limits `{}`, which then stands for it",
                          escape_untrusted(argument));
    }
    subject.finding(
        stands ? note : warning, entry.rule.at,
        fmt::format("the schema of `{}`, at `{}`: {}; {}", escape_untrusted(name_of(tool)),
                    finding.pointer, finding.says, means),
        fmt::format("{}`{}` (at `{}`: {})", of, escape_untrusted(name_of(tool)), finding.pointer,
                    finding.says),
        stands ? "cannot be checked, and your own limits stand for them"
               : "cannot be checked, and no value passes one until `args: {NAME: …}` limits it, "
                 "which then stands for it");
  }
}

// One tool that a server offers.
void check_offered(const Subject& subject, const ToolDefinition& tool) {
  if (const BlockedName* blocked = subject.policy.blocks(tool.server, tool.name)) {
    add_denied(subject, tool, "blocked in " + place_of(subject.policy, blocked->rule));
    return;
  }
  const ToolRule* entry = subject.policy.find(tool.server, tool.name);
  if (entry == nullptr) {
    add_denied(subject, tool, "no entry grants it");
    return;
  }
  const BoundTool bound =
      bind(subject.policy, *entry, std::make_shared<const ToolDefinition>(tool), subject.now);
  for (const Error& misfit : bound.misfits) subject.error(misfit.at, misfit.message);
  check_schema(subject, *entry, tool, bound);
  add_row(subject, *entry, name_of(tool), bound);
}

// A name that the policy writes and no server offers.
void check_absent(const Subject& subject, const ToolRule& entry, const std::string& name) {
  const auto pattern = parse_name(name);
  if (!pattern || pattern->reserved()) return;
  std::vector<std::string> offered;
  bool elsewhere = false;
  for (const ToolDefinition& tool : subject.live) {
    if (pattern->grants(tool.server, tool.name)) {
      // Defaults of a server make several entries of one that is written.
      const ToolRule* decides = subject.policy.find(tool.server, tool.name);
      if (decides != nullptr && decides->key == entry.key) return;
      elsewhere = true;
    }
    offered.push_back(pattern->any_server ? tool.name : name_of(tool));
  }
  if (elsewhere) {
    subject.finding(warning, entry.rule.at,
                    fmt::format("`{}` never decides: more specific names grant, or others block, "
                                "every tool of it that is offered",
                                escape_untrusted(name)));
    return;
  }
  if (subject.accepted) return;  // the lock is compared name by name elsewhere
  const std::string near = closest_match(name, offered);
  const std::string shown = fmt::format("`{}`", escape_untrusted(name));
  if (near.empty()) {
    subject.finding(warning, entry.rule.at, "no server offers " + shown, shown,
                    "no server offers these");
    return;
  }
  subject.finding(
      warning, entry.rule.at,
      fmt::format("no server offers {}: did you mean `{}`?", shown, escape_untrusted(near)));
}

void check_source(const Subject& subject, const ToolRule& entry, bool offered) {
  if (entry.stated_class || entry.class_by_call) return;
  const BoundTool bound = bind(subject.policy, entry, nullptr, subject.now);
  const std::string name = fmt::format("`{}`", escape_untrusted(entry.key));
  if (offered) {
    subject.finding(note, entry.rule.at,
                    fmt::format("{} states no `class`: the most dangerous reading of what the "
                                "server says is in force",
                                name),
                    name,
                    "no `class` is stated: the most dangerous reading of what the server says is "
                    "in force, as the table has it");
    return;
  }
  if (bound.class_source.starts_with("pack: ")) return;
  subject.finding(
      warning, entry.rule.at,
      fmt::format("{} is classified by name only: `{}` ({})", name, to_string(bound.action_class),
                  escape_untrusted(bound.class_source)),
      fmt::format("{} as `{}`", name, to_string(bound.action_class)),
      "classified by name only: `class: …` at the entry states it, and `pawl check FILE -- "
      "COMMAND` looks at what the server says too");
}

void check_records(const Subject& subject, const ToolRule& entry) {
  if (!entry.max_records_per_run || entry.records_stated) return;
  const std::string name = fmt::format("`{}`", escape_untrusted(entry.key));
  const std::string says =
      "no `records`: a call counts as 1 record, or as one for every element of its only array "
      "argument";
  subject.finding(note, entry.max_records_rule.at, name + " states " + says, name,
                  "these state " + says);
}

// Whether nothing that is known is granted by this name.
bool unknown(const Subject& subject, const std::string& name) {
  const auto pattern = parse_name(name);
  return !pattern || std::ranges::none_of(subject.live, [&](const ToolDefinition& tool) {
    return pattern->grants(tool.server, tool.name);
  });
}

}  // namespace

void check_tools(const Subject& subject) {
  std::set<const ToolRule*> offered;
  for (const ToolDefinition& tool : subject.live) {
    check_offered(subject, tool);
    offered.insert(subject.policy.find(tool.server, tool.name));
  }
  for (const ToolRule& entry : subject.policy.tools) {
    check_source(subject, entry, offered.contains(&entry));
    check_records(subject, entry);
    for (const std::string& name : entry.names) {
      if (!subject.live.empty()) check_absent(subject, entry, name);
      if (!subject.live.empty() && !(subject.accepted && unknown(subject, name))) continue;
      ToolRule alone = entry;
      alone.names = {name};
      BoundTool bound = bind(subject.policy, alone, nullptr, subject.now);
      add_row(subject, entry, name, bound);
    }
  }
  if (!subject.live.empty()) return;
  for (const BlockedName& blocked : subject.policy.blocked) {
    subject.report.table.push_back({.tool = escape_untrusted(blocked.folded),
                                    .class_text = {},
                                    .class_source = {},
                                    .effect = Effect::deny,
                                    .approval = {},
                                    .records = {},
                                    .why = "blocked in " + place_of(subject.policy, blocked.rule)});
  }
}

}  // namespace pawl::checking
