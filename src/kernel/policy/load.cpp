// Reads a policy file from its first byte to an immutable policy.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
#include "kernel/policy/bundle.h"

namespace pawl {
namespace {

using enum Finding::Weight;

void read_version(Build& build, const yaml::Node& node) {
  const auto version = build.reading.count(node, "version", {1, 1});
  if (version) build.policy.version = static_cast<std::int64_t>(*version);
}

void read_lists(Build& build, const yaml::Node& node) {
  build.lists.read(build.reading, build.sources, node);
}

void read_defaults(Build& build, const yaml::Node& node) {
  // `default` names a place that is in no entry.
  build.policy.approval = read_approval(build, node, "default", build.policy.conditions);
}

// In the order in which they need one another, whatever the order of the file.
struct Row {
  std::string_view key;
  void (*read)(Build& build, const yaml::Node& node);
};
constexpr Row kRows[] = {
    {"version", read_version},
    {"agent", read_agent},
    {"use", read_use},
    {"lists", read_lists},
    {"environment", read_environment},
    {"servers", read_servers},
    {"approval", read_defaults},
    {"execution", read_execution},
    {"secrets", read_secrets},
    {"escalation", read_escalation},
    {"freeze", read_freezes},
    {"counters", read_file_counters},
    {"tools", read_tools},
    {"may_request", read_askable},
    {"autonomy", read_autonomy},
    {"accept_risk", read_risks},
};

bool is_row(std::string_view key) {
  return std::ranges::any_of(kRows, [key](const Row& row) { return row.key == key; });
}

void note_gaps(Build& build, const yaml::Node& root) {
  const auto absent = [&](std::string_view key) { return root.entry(key) == nullptr; };
  if (absent("version")) {
    build.note(note, root.at, "the file has no `version`; it is read as version 1");
  }
  if (absent("execution")) {
    build.note(error_in_production, root.at, "the file has no `execution`: a run has no ceiling");
  }
  for (const Placed& list : build.lists.unused()) {
    build.note(note, list.at, fmt::format("nothing uses the list `{}`", list.text));
  }
}

void read_root(Build& build, const yaml::Node& root) {
  if (!build.reading.keys(root, Section::file,
                          [](const yaml::Entry& key) { return is_row(key.key); })) {
    return;
  }
  if (const yaml::Entry* tools = root.entry("tools")) {
    build.policy.default_rule = {"tools", tools->key_at};
  }
  if (const yaml::Entry* agent = root.entry("agent")) {
    build.policy.agent_rule = {"agent", agent->key_at};
  }
  for (const Row& row : kRows) {
    if (const yaml::Node* node = root.find(row.key)) row.read(build, *node);
  }
  build.reading.missing(root, Section::file, "agent");
  build.reading.missing(root, Section::file, "tools");
  apply_counters(build);
  check_stated_classes(build);
  check_counts(build);
  check_examples(build);
  check_sources(build);
  check_risks(build);
  note_gaps(build, root);
}

void in_order_of_file(std::vector<Finding>& findings) {
  std::ranges::sort(findings, [](const Finding& a, const Finding& b) {
    return std::tie(a.at.file, a.at.line, a.at.column, a.message) <
           std::tie(b.at.file, b.at.line, b.at.column, b.message);
  });
}

}  // namespace

void Build::note(Finding::Weight weight, const Position& at, std::string message) {
  policy.findings.push_back({weight, std::move(message), at});
}

Loaded load_parts(std::string_view text, std::string_view file, const LoadSources& sources,
                  const Recorded* recorded, const TaskText* task) {
  auto policy = std::make_shared<Policy>();
  policy->file = file;
  yaml::Read read = yaml::read(text, file, limits::file_bytes_max);
  const yaml::Node root = std::move(read.root);
  Build build(Reading(read, policy_keys()), *policy, sources);
  build.windows = recorded == nullptr ? nullptr : &recorded->windows;
  build.any_credential = recorded != nullptr;
  if (root.kind != yaml::Kind::null || build.reading.sound()) read_root(build, root);
  if (task != nullptr && build.reading.sound()) narrow(build, *task);
  std::string bundle;
  if (build.reading.sound()) {
    bundle = write_bundle(text, build.lists.files(), *policy, build.zones);
  }
  add_layers(build, recorded);
  Loaded loaded;
  if (!build.reading.sound()) {
    loaded.errors = build.reading.take_errors(file);
    return loaded;
  }
  in_order_of_file(policy->findings);
  for (const Layer& layer : policy->layers) bundle += layer.bundled;
  policy->bundle = std::move(bundle);
  policy->digest = sha256(policy->bundle);
  policy->index();
  loaded.policy = std::move(policy);
  return loaded;
}

Loaded load_policy(std::string_view text, std::string_view file, const LoadSources& sources) {
  return load_parts(text, file, sources, nullptr, nullptr);
}

}  // namespace pawl
