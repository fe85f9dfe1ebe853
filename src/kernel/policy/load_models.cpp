// `models`: which models a run may ask, how much they may answer, and what they may do themselves.
//
//   models:
//     allowed:
//       - openai/gpt-5*
//       - {name: anthropic/claude-*, max_output_tokens: 8000, uses: [web_search]}
//     blocked: [openai/gpt-5-pro]
//
// A request to a model is an action, `model:PROVIDER/NAME`, and goes the way of every call. Without
// `models` every model may be asked.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
#include "kernel/policy/models.h"

namespace pawl {
namespace {

// `openai/gpt-5*`; without a provider: of every one.
Result<std::string> action_of(const std::string& written) {
  const std::string name = written.find('/') == std::string::npos ? "*/" + written : written;
  std::string action = std::string(model_prefix) + name;
  if (name.starts_with('/') || name.ends_with('/')) {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` names no model: expected `PROVIDER/MODEL`, such as "
                            "`openai/gpt-5*`",
                            escape_untrusted(written)));
  }
  const auto pattern = parse_name(action);
  PAWL_TRY(pattern);
  return action;
}

void read_model_names(Build& build, ToolRule& rule, const yaml::Entry& key) {
  for (const Placed& name : build.reading.texts(key.value, key.key)) {
    auto action = action_of(name.text);
    if (!action) {
      build.reading.mistake(name.at, action.error().message);
      continue;
    }
    const auto [first, fresh] = build.written_models.try_emplace(*action, name.at);
    if (!fresh) {
      build.reading.mistake(name.at, fmt::format("`{}` is allowed twice; the first is in line {}",
                                                 escape_untrusted(name.text), first->second.line));
      continue;
    }
    rule.key += (rule.key.empty() ? "" : "|") + *action;
    rule.names.push_back(*std::move(action));
  }
  if (!rule.key.empty()) rule.rule.path = "models/" + rule.key.substr(model_prefix.size());
}

void read_model_limit(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_limit(build, key, rule.rule.path, rule);
}

void read_model_approval(Build& build, ToolRule& rule, const yaml::Entry& key) {
  rule.requires_approval = build.reading.boolean(key.value, key.key).value_or(true);
  rule.approval_rule = {rule.rule.path + "/" + key.key, key.key_at};
}

void read_model_cap(Build& build, ToolRule& rule, const yaml::Entry& key) {
  count<Between{1, limits::tokens_max}, &ToolRule::max_output_tokens>(build, rule, key);
  rule.max_output_rule = {rule.rule.path + "/" + key.key, key.key_at};
}

void read_uses(Build& build, ToolRule& rule, const yaml::Entry& key) {
  rule.provider_uses.clear();
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    rule.provider_uses.push_back(std::move(one.text));
  }
}

constexpr auto kModelKeys = section_keys<Build, ToolRule>(
    Section::model_entry,
    {
        {"name", "text or list", "required", 0,
         "`PROVIDER/MODEL`, or `MODEL` of every provider; globs are permitted.", read_model_names},
        {"max_output_tokens", "whole number", "no limit", 9,
         "Tokens of one answer. Where the request has no lower cap, this one is written into it.",
         read_model_cap, 1},
        {"requires_approval", "true or false", "false", 10, "A person approves every request.",
         read_model_approval, 1},
        {"uses", "list of names", "`stored`", 8,
         "What the provider may do itself besides answering: `stored` (keep the answer), "
         "`web_search`, `code_execution`, `hosted_mcp:HOST`, `url:HOST` and others by the names in "
         "a denial; globs are permitted.",
         read_uses, 1},
        {kMaxCalls, "whole number", "no limit", 9, "Requests of one run.", read_model_limit, 1},
        {kMaxRate, "whole number", "no limit", 9, "Requests within any minute of one run.",
         read_model_limit, 1},
        {"say", "text", "nothing", 0, "Words for the agent and the reviewer.", text<&ToolRule::say>,
         1},
    });

ToolRule new_entry(const Policy& policy, const Position& at) {
  ToolRule rule;
  rule.rule = {"models", at};
  rule.stated_class = Class{Reversibility::read_only, Blast::small, false};
  rule.class_rule = rule.rule;
  rule.provider_uses = {"stored"};
  rule.index = static_cast<std::uint32_t>(policy.models.size());
  return rule;
}

void read_model(Build& build, Policy& into, const yaml::Node& item) {
  if (into.models.size() >= limits::entries_max) {
    return build.reading.mistake(item.at, fmt::format("more than {} entries", limits::entries_max));
  }
  ToolRule rule = new_entry(into, item.at);
  if (item.is_scalar()) {
    read_model_names(build, rule, {"name", item.at, item});
  } else if (!read_section(build, item, kModelKeys, rule)) {
    return;
  }
  if (!rule.names.empty()) into.models.push_back(std::move(rule));
}

void read_allowed_models(Build& build, Policy& into, const yaml::Entry& key) {
  each_item<read_model>(build, into, key);
}

void read_blocked_models(Build& build, Policy& into, const yaml::Entry& key) {
  for (const Placed& name : build.reading.texts(key.value, key.key)) {
    const auto action = action_of(name.text);
    if (!action) {
      build.reading.mistake(name.at, action.error().message);
      continue;
    }
    into.blocked.push_back(
        {fold(*action), {fmt::format("models/blocked/{}", escape_untrusted(name.text)), name.at}});
  }
}

struct Allowed {
  NamePattern pattern;
  const ToolRule* entry;
};

// Of two names that meet, one has to hold the other: the narrower one decides.
void check_model_names(Build& build) {
  std::vector<Allowed> names;
  for (const ToolRule& entry : build.policy.models) {
    for (const std::string& name : entry.names) {
      auto pattern = parse_name(name);
      for (const Allowed& other : names) {
        if (other.entry == &entry || !pattern->overlaps(other.pattern)) continue;
        if (pattern->contains(other.pattern) || other.pattern.contains(*pattern)) continue;
        build.reading.mistake(
            entry.rule.at,
            fmt::format("`{}` and the entry in line {} meet, and neither is narrower: it cannot be "
                        "told which of them decides",
                        escape_untrusted(name.substr(model_prefix.size())),
                        other.entry->rule.at.line));
      }
      names.push_back({std::move(*pattern), &entry});
    }
  }
}

constexpr auto kModelsKeys = section_keys<Build, Policy>(
    Section::models, {
                         {"allowed", list_of(Section::model_entry, "list of names and mappings"),
                          "every model", 1, "Models that may be asked.", read_allowed_models},
                         {"blocked", "list of names", "none", 2,
                          "Models that are never asked, whatever is allowed.", read_blocked_models},
                     });

}  // namespace

void list_model_keys(std::vector<Key>& into) {
  kModelsKeys.list(into);
  kModelKeys.list(into);
}

void read_models(Build& build, const yaml::Node& node) {
  if (!read_section(build, node, kModelsKeys, build.policy)) return;
  check_model_names(build);
  build.policy.models_listed = node.entry("allowed") != nullptr;
}

void allow_every_model(Policy& policy) {
  if (policy.models_listed) return;
  ToolRule rule = new_entry(policy, policy.default_rule.at);
  rule.key = std::string(model_prefix) + "*/*";
  rule.names = {rule.key};
  policy.models.push_back(std::move(rule));
}

}  // namespace pawl
