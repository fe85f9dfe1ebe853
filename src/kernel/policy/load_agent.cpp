// `agent`, `environment`, `autonomy`, `accept_risk`.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

constexpr std::size_t id_bytes_max = 128;

bool is_id(std::string_view id) {
  return id.size() <= id_bytes_max && std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

const std::vector<std::string> kStages = {"new", "established", "mature"};

std::optional<Stage> read_stage(Build& build, const yaml::Entry& key) {
  const auto word = build.reading.word(key.value, key.key, kStages);
  if (!word) return std::nullopt;
  return static_cast<Stage>(*word);
}

struct TypeDraft {
  std::optional<Stage> stage;
  std::string evidence;
};

void read_stage_of_type(Build& build, TypeDraft& into, const yaml::Entry& key) {
  into.stage = read_stage(build, key);
}

constexpr auto kTypeKeys = section_keys<Build, TypeDraft>(
    Section::type,
    {
        {"stage", "`new`, `established` or `mature`", "required", 12, "The stage claimed.",
         read_stage_of_type},
        {"evidence", "text", "none", 12, "Why the claim is true.", lines<&TypeDraft::evidence>},
        {"in", "word", "", 12, "A stage per environment."},
    });

void read_type(Build& build, Policy& into, const yaml::Entry& entry) {
  const auto known = build.written_names.find(entry.key);
  if (known == build.written_names.end()) {
    std::vector<std::string> names;
    for (const auto& [name, at] : build.written_names) names.push_back(name);
    const std::string near = closest_match(entry.key, names);
    build.reading.mistake(
        entry.key_at, fmt::format("`{}` is not a name in `allowed`{}", escape_untrusted(entry.key),
                                  near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
  }
  TypeDraft type;
  read_section(build, entry.value, kTypeKeys, type);
  if (!type.stage) return;
  into.stages[entry.key] = *type.stage;
  if (*type.stage != Stage::fresh && type.evidence.empty()) {
    build.note(Finding::Weight::warning, entry.key_at,
               fmt::format("`{}` claims the stage `{}` without `evidence`", entry.key,
                           to_string(*type.stage)));
  }
}

void read_default_stage(Build& build, Policy& into, const yaml::Entry& key) {
  if (const auto stage = read_stage(build, key)) into.default_stage = stage;
}

constexpr auto kAutonomyKeys = section_keys<Build, Policy>(
    Section::autonomy,
    {
        {"default", "`new`, `established` or `mature`", "new", 12,
         "The stage of every tool that `types` does not name.", read_default_stage},
        {"types", names_of(Section::type, "mapping of tool names"), "none", 12,
         "Stages of single tools.", each_name<read_type>},
        {"gate_reads", "true or false", "false", 12, "Holds reads in the stage `new` too.",
         boolean<&Policy::gate_reads>},
    });

void read_risk_rule(Build& build, AcceptedRisk& into, const yaml::Entry& key) {
  text<&AcceptedRisk::path>(build, into, key);
  into.rule = {"accept_risk/" + into.path, key.value.at};
}

constexpr auto kAcceptedRiskKeys = section_keys<Build, AcceptedRisk>(
    Section::risk, {
                       {"rule", "text", "required", 11,
                        "The rule as a path: `tools/update_order_status/class`.", read_risk_rule},
                       {"reason", "text", "required", 11, "Why.", lines<&AcceptedRisk::reason>},
                       {"owner", "text", "required", 11, "The person who answers for it.",
                        text<&AcceptedRisk::owner>},
                       {"until", "date or instant", "required", 11,
                        "The end; a date counts to its last hour.", end<&AcceptedRisk::until>},
                   });

void read_id(Build& build, Policy& into, const yaml::Entry& key) {
  text<&Policy::agent>(build, into, key);
  if (is_id(into.agent)) return;
  build.reading.mistake(key.value.at,
                        fmt::format("`id` is `{}`, expected letters, digits, `-`, `_` and `.`, "
                                    "at most {}",
                                    escape_untrusted(into.agent), id_bytes_max));
}

constexpr auto kAgentKeys = section_keys<Build, Policy>(
    Section::agent,
    {
        {"id", "text", "required", 0, "The role; unique in a deployment.", read_id},
        {"identity", "text", "none", 0,
         "The agent's own identity, never a person's or another role's.", text<&Policy::identity>},
        {"owner", "text", "none", 0, "The person who answers for the role.", text<&Policy::owner>},
    });

}  // namespace

void list_agent_keys(std::vector<Key>& into) {
  kAgentKeys.list(into);
}

void list_autonomy_keys(std::vector<Key>& into) {
  kAutonomyKeys.list(into);
  kTypeKeys.list(into);
  kAcceptedRiskKeys.list(into);
}

void read_agent(Build& build, Policy& into, const yaml::Entry& key) {
  into.agent_rule = {key.key, key.key_at};
  if (!read_section(build, key.value, kAgentKeys, into)) return;
  using enum Finding::Weight;
  if (into.identity.empty() && into.owner.empty()) {
    build.note(error_in_production, key.value.at,
               "`agent` has no `identity` of its own, and no `owner` who answers for it: "
               "`identity: NAME@ORGANISATION, owner: PERSON`");
  } else if (into.identity.empty()) {
    build.note(error_in_production, key.value.at,
               "`agent` has no `identity` of its own: `identity: NAME@ORGANISATION`");
  } else if (into.owner.empty()) {
    build.note(error_in_production, key.value.at,
               "`agent` has no `owner` who answers for it: `owner: PERSON`");
  }
}

void read_environment(Build& build, Policy& into, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  if (node.is_map()) {
    build.environment_by = read_environment_by(build, node, {key.key, node.at});
    if (build.environment_by == nullptr) return;
    // What may be production is looked at as production.
    for (const auto& [value, environment] : build.environment_by->values) {
      into.environment = std::max(into.environment, environment);
    }
    return;
  }
  const auto word = build.reading.word(node, key.key, {"development", "staging", "production"});
  if (word) into.environment = static_cast<Environment>(*word + 1);
}

void read_autonomy(Build& build, Policy& into, const yaml::Entry& key) {
  into.default_stage = Stage::fresh;
  read_section(build, key.value, kAutonomyKeys, into);
}

void read_risk(Build& build, Policy& into, const yaml::Node& node) {
  AcceptedRisk risk;
  if (!read_section(build, node, kAcceptedRiskKeys, risk)) return;
  if (risk.until == Instant{} || risk.path.empty()) return;  // reported
  into.risks.push_back(std::move(risk));
}

}  // namespace pawl
