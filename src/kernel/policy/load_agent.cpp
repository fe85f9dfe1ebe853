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

std::optional<Stage> read_stage(Build& build, const yaml::Node& node, std::string_view what) {
  const auto word = build.reading.word(node, what, kStages);
  if (!word) return std::nullopt;
  return static_cast<Stage>(*word);
}

void read_type(Build& build, const yaml::Entry& entry) {
  const auto known = build.written_names.find(entry.key);
  if (known == build.written_names.end()) {
    std::vector<std::string> names;
    for (const auto& [name, at] : build.written_names) names.push_back(name);
    const std::string near = closest_match(entry.key, names);
    build.reading.mistake(
        entry.key_at, fmt::format("`{}` is no name of `allowed`{}", escape_untrusted(entry.key),
                                  near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
  }
  bool evidence = false;
  std::optional<Stage> stage;
  const bool read = build.reading.keys(entry.value, Section::type, [&](const yaml::Entry& key) {
    if (key.key == "stage") {
      stage = read_stage(build, key.value, "stage");
    } else if (key.key == "evidence") {
      evidence = build.reading.text(key.value, "evidence", Lines::several).has_value();
    } else {
      return false;
    }
    return true;
  });
  if (read) build.reading.missing(entry.value, Section::type, "stage");
  if (!stage) return;
  build.policy.stages[entry.key] = *stage;
  if (*stage != Stage::fresh && !evidence) {
    build.note(
        Finding::Weight::warning, entry.key_at,
        fmt::format("`{}` claims the stage `{}` without `evidence`", entry.key, to_string(*stage)));
  }
}

void read_risk(Build& build, const yaml::Node& node) {
  AcceptedRisk risk;
  std::optional<Instant> until;
  const bool read = build.reading.keys(node, Section::risk, [&](const yaml::Entry& key) {
    if (key.key == "rule") {
      risk.path = build.reading.text(key.value, "rule").value_or("");
      risk.rule = {"accept_risk/" + risk.path, key.value.at};
    } else if (key.key == "reason") {
      risk.reason = build.reading.text(key.value, "reason", Lines::several).value_or("");
    } else if (key.key == "owner") {
      risk.owner = build.reading.text(key.value, "owner").value_or("");
    } else if (key.key == "until") {
      until = read_end(build, key.value, "until");
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  for (const std::string_view key : {"rule", "reason", "owner", "until"}) {
    build.reading.missing(node, Section::risk, key);
  }
  if (!until || risk.path.empty()) return;
  risk.until = *until;
  build.policy.risks.push_back(std::move(risk));
}

}  // namespace

std::optional<Instant> read_end(Build& build, const yaml::Node& node, std::string_view what) {
  return build.reading.end(node, what);
}

void read_agent(Build& build, const yaml::Node& node) {
  Policy& policy = build.policy;
  const bool read = build.reading.keys(node, Section::agent, [&](const yaml::Entry& key) {
    std::string* into = key.key == "id"         ? &policy.agent
                        : key.key == "identity" ? &policy.identity
                        : key.key == "owner"    ? &policy.owner
                                                : nullptr;
    if (into == nullptr) return false;
    *into = build.reading.text(key.value, key.key).value_or("");
    if (key.key == "id" && !is_id(*into)) {
      build.reading.mistake(key.value.at,
                            fmt::format("`id` is `{}`, expected letters, digits, `-`, `_` and `.`, "
                                        "at most {}",
                                        escape_untrusted(*into), id_bytes_max));
    }
    return true;
  });
  if (!read) return;
  build.reading.missing(node, Section::agent, "id");
  using enum Finding::Weight;
  if (node.entry("identity") == nullptr) {
    build.note(error_in_production, node.at, "`agent` has no `identity` of its own");
  }
  if (node.entry("owner") == nullptr) {
    build.note(error_in_production, node.at, "`agent` has no `owner` who answers for it");
  }
}

void read_environment(Build& build, const yaml::Node& node) {
  if (node.is_map()) {
    build.environment_by = read_environment_by(build, node, {"environment", node.at});
    if (build.environment_by == nullptr) return;
    // What may be production is looked at as production.
    for (const auto& [value, environment] : build.environment_by->values) {
      build.policy.environment = std::max(build.policy.environment, environment);
    }
    return;
  }
  const auto word =
      build.reading.word(node, "environment", {"development", "staging", "production"});
  if (word) build.policy.environment = static_cast<Environment>(*word + 1);
}

void read_autonomy(Build& build, const yaml::Node& node) {
  Policy& policy = build.policy;
  policy.default_stage = Stage::fresh;
  build.reading.keys(node, Section::autonomy, [&](const yaml::Entry& key) {
    if (key.key == "default") {
      if (const auto stage = read_stage(build, key.value, "default")) policy.default_stage = stage;
    } else if (key.key == "gate_reads") {
      policy.gate_reads = build.reading.boolean(key.value, "gate_reads").value_or(true);
    } else if (key.key == "types") {
      build.reading.names(key.value, "types",
                          [&](const yaml::Entry& entry) { read_type(build, entry); });
    } else {
      return false;
    }
    return true;
  });
}

void read_risks(Build& build, const yaml::Node& node) {
  build.reading.items(node, "accept_risk", [&](const yaml::Node& item) { read_risk(build, item); });
}

}  // namespace pawl
