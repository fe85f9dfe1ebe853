// One entry of `tools.allowed`.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

void read_names(Build& build, const yaml::Node& node, ToolRule& rule) {
  for (const Placed& name : build.reading.texts(node, "name")) {
    if (const auto pattern = parse_name(name.text); !pattern) {
      build.reading.mistake(name.at, pattern.error().message);
      continue;
    }
    const auto [first, fresh] = build.written_names.try_emplace(name.text, name.at);
    if (!fresh) {
      build.reading.mistake(name.at, fmt::format("`{}` is allowed twice; the first is in line {}",
                                                 escape_untrusted(name.text), first->second.line));
      continue;
    }
    rule.names.push_back(name.text);
    rule.key += (rule.key.empty() ? "" : "|") + name.text;
  }
}

}  // namespace

void read_stated_class(Build& build, const yaml::Entry& key, const std::string& path,
                       std::optional<Class>& into, Rule& rule) {
  const auto text = build.reading.text(key.value, "class");
  if (!text) return;
  if (*text == "by_call") {
    build.reading.mistake(key.value.at,
                          "`class: by_call` stands at an entry: a case states a class of its own");
    return;
  }
  into = parse_class(*text);
  rule = {path + "/class", key.key_at};
  if (!into) {
    build.reading.mistake(key.value.at,
                          fmt::format("`class` is `{}`, expected `read_only`, `reversible small`, "
                                      "`reversible large`, `irreversible small` or `irreversible "
                                      "large`",
                                      escape_untrusted(*text)));
  }
}

namespace {

void read_scope(Build& build, const yaml::Node& node, ToolRule& rule) {
  if (!node.is_sequence()) {
    build.reading.mistake(node.at,
                          fmt::format("`scope` must be a list, found {}", node.described()));
    return;
  }
  std::vector<std::string> fields;
  for (Placed& field : build.reading.texts(node, "scope")) {
    const auto parts = split(field.text, '.');
    if (std::ranges::any_of(parts, [](std::string_view part) { return trim(part).empty(); })) {
      build.reading.mistake(
          field.at, fmt::format("the field `{}` has an empty part", escape_untrusted(field.text)));
      continue;
    }
    fields.push_back(std::move(field.text));
  }
  if (!fields.empty()) rule.scope = std::make_shared<const Scope>(std::move(fields));
}

// Every name of the entry needs a table of some pack, or a call would be told apart by nothing.
void read_by_call(Build& build, const yaml::Entry& key, ToolRule& rule) {
  rule.class_by_call = true;
  rule.class_rule = {rule.rule.path + "/class", key.key_at};
  for (const std::string& name : rule.names) {
    const auto pattern = parse_name(name);
    if (!pattern) continue;
    const auto known = described(build.policy.packs, pattern->tool.text());
    const bool told = !pattern->tool.glob() && std::ranges::any_of(known, [](const PackTool* tool) {
      return !tool->by.empty();
    });
    if (told) continue;
    build.reading.mistake(
        key.value.at,
        fmt::format("no pack of `use` tells the calls of `{}` apart: `class: by_call` "
                    "is for tools that one of them knows by an argument",
                    escape_untrusted(name)));
  }
}

// A number, or an expression that gives one.
void read_records(Build& build, const yaml::Entry& key, ToolRule& rule) {
  const yaml::Node& node = key.value;
  if (!node.is_scalar() || node.as_number()) {
    rule.records_stated = build.reading.count(node, key.key, {1, limits::records_max});
    return;
  }
  const std::string path = rule.rule.path + "/records";
  rule.records_by = add_condition(
      rule.conditions, read_expression(build, key, path, Polarity::stops, cel::TypeKind::integer));
}

bool read_key(Build& build, const yaml::Entry& key, ToolRule& rule) {
  const std::string_view name = key.key;
  if (name == "name") return true;  // read first
  // Read together, because they speak about one thing.
  if (name == "cases" || name == "else" || name == "approval" || name == "requires_approval" ||
      name == "approval_timeout_seconds" || name == "auto_deny_on_timeout") {
    return true;
  }
  if (name == "commands" || name == "shell" || name == "programs" || name == "examples") {
    return true;
  }
  if (name == "class" && key.value.is_scalar() && key.value.text == "by_call") {
    read_by_call(build, key, rule);
  } else if (name == "class") {
    read_stated_class(build, key, rule.rule.path, rule.stated_class, rule.class_rule);
  } else if (name == "scope") {
    read_scope(build, key.value, rule);
  } else if (name == "constraints") {
    read_constraints(build, key, rule);
  } else if (name == "args") {
    read_arguments(build, key, rule.rule.path + "/args", rule);
  } else if (name == "counters") {
    read_counters(build, key, rule.rule.path, rule);
  } else if (name == "records") {
    read_records(build, key, rule);
  } else if (name == "if") {
    rule.only_if = add_condition(
        rule.conditions, read_expression(build, key, rule.rule.path + "/if", Polarity::grants));
  } else if (name == "say") {
    rule.say = build.reading.text(key.value, name, Lines::several).value_or("");
  } else if (name == "instead") {
    rule.instead = build.reading.text(key.value, name, Lines::several).value_or("");
  } else if (name == "source") {
    read_source(build, key, rule);
  } else if (name == "credential") {
    read_credential(build, key.value, rule.rule.path, rule);
  } else if (name == "secrets") {
    read_entry_secrets(build, key, rule);
  } else {
    return read_limit(build, key, rule.rule.path, rule);
  }
  return true;
}

}  // namespace

void read_entry(Build& build, const yaml::Node& node) {
  ToolRule rule;
  rule.index = static_cast<std::uint32_t>(build.policy.tools.size());
  rule.rule = {"tools/", node.at};
  if (const yaml::Entry* name = node.is_map() ? node.entry("name") : nullptr; name != nullptr) {
    read_names(build, name->value, rule);
  }
  rule.rule.path += rule.key.empty() ? "?" : rule.key;
  const bool read = build.reading.keys(
      node, Section::entry, [&](const yaml::Entry& key) { return read_key(build, key, rule); });
  if (!read) return;
  build.reading.missing(node, Section::entry, "name");
  read_entry_approval(build, node, rule);
  if (node.entry("commands") == nullptr) read_cases(build, node, rule);
  read_commands(build, node, rule);
  const yaml::Entry* examples = node.entry("examples");
  if (examples != nullptr && node.entry("commands") == nullptr) {
    read_call_examples(build, *examples, rule);
  }
  std::set<std::string> named(rule.named.begin(), rule.named.end());
  rule.named.assign(named.begin(), named.end());
  build.policy.tools.push_back(std::move(rule));
}

}  // namespace pawl
