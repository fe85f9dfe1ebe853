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

void read_version(Build& build, Policy& into, const yaml::Entry& key) {
  const auto version = build.reading.count(key.value, key.key, {1, 1});
  if (version) into.version = static_cast<std::int64_t>(*version);
}

void read_lists(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  build.lists.read(build.reading, build.sources, key.value);
}

void read_fragments(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  build.fragments.read(build.reading, key);
  for (const auto& [name, one] : build.fragments.all()) {
    build.lists.other(name,
                      "`fragments` has one of that name, which stands for all that is said of an "
                      "argument: `ARGUMENT: $NAME`");
  }
}

void read_named_sources(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  build.sources_named.read(build.reading, key);
  for (const auto& [name, one] : build.sources_named.all()) {
    build.lists.other(name, "`sources` has one of that name, which stands in `from` and `or_from`");
  }
}

void read_defaults(Build& build, Policy& into, const yaml::Entry& key) {
  // `default` names a place that is in no entry.
  into.approval = read_approval(build, key.value, "default", into.conditions);
}

template <void (*Read)(Build& build, const yaml::Node& node)>
void by_node(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  Read(build, key.value);
}

constexpr std::string_view kVersion = "version";
constexpr std::string_view kExecution = "execution";

// In the order in which they need one another, whatever the order of the file: lists and packs;
// what holds for all entries; the entries; what names them.
constexpr auto kFileKeys = section_keys<Build, Policy>(
    Section::file,
    {
        {kVersion, "`1`", "1", 0, "Version of the file's grammar.", read_version},
        {"agent", mapping(Section::agent), "required", 0, "Who the file is about.", read_agent},
        {"environment", "`development`, `staging`, `production` or mapping", "none", 0,
         "Where the agent works, or the argument that says so. In production, gaps that are only "
         "findings elsewhere are errors.",
         read_environment, 1},
        {"lists", "mapping of names to lists", "none", 6,
         "Lists of values, used as `$name` wherever a list stands.", read_lists},
        {"fragments", "mapping of arguments", "none", 6,
         "What an argument must be, by name: used as `$name` in `args` wherever the same holds.",
         read_fragments},
        {"sources", "mapping of names to sources", "none", 6,
         "Sets of sources of values, used as `$name` in `from` and `or_from`.", read_named_sources},
        {"servers", names_of(Section::of_server, "mapping of server names"), "none", 6,
         "Defaults for every tool that is named with its server.", each_name<read_server>, 2},
        {"tools", mapping(Section::tools), "required", 1,
         "What the agent may do. Everything else is denied.", read_tools, 3},
        {"models", mapping(Section::models), "every model", 0,
         "Which models the run may ask, where it asks them through pawl.", by_node<read_models>, 4},
        {kExecution, mapping(Section::execution), "no ceilings", 9, "Ceilings of one run.",
         by_node<read_execution>, 2},
        {"approval", mapping(Section::approval), "see its keys", 10,
         "How people are asked, unless an entry says.", read_defaults, 2},
        {"escalation", mapping(Section::escalation), "no one", 0,
         "Who is told when a run halts or escalates.", by_node<read_escalation>, 2},
        {"autonomy", mapping(Section::autonomy), "`established` for every tool", 12,
         "How much a kind of action is trusted: a column of the decision table.", read_autonomy, 4},
        {"freeze", list_of(Section::freeze), "none", 0,
         "Times in which classes of action stand still.", each_item<read_freeze>, 2},
        {"accept_risk", list_of(Section::risk), "none", 11,
         "Rules that are laxer than they should be, with a reason, an owner and an end.",
         each_item<read_risk>, 4},
        {"use", "list of packs", "none", 11,
         "Packs that describe tools: `pawl:github@1`. They never grant.", read_use},
        {"secrets", mapping(Section::secrets), "credentials are held", 11,
         "What must not leave through the arguments of a call that can carry data outside.",
         by_node<read_secrets>, 2},
        {"may_request", list_of(Section::may_request), "nothing", 0,
         "What an agent may ask people for, and no more. It grants nothing by itself.",
         read_askable, 4},
        {"workspace", "word", "", 0, "The base that `$workspace` stands for."},
        {"flows", "list", "", 0, "Rules about the order of calls."},
        {"task", "mapping", "", 0, "What a task may narrow."},
        {"egress", "mapping", "", 0, "Hosts that the agent's surroundings may reach."},
        {"modes", "mapping", "", 0, "Named changes of posture."},
        {"counters", names_of(Section::counter, "mapping of counters"), "none", 5,
         "Sums over arguments that several tools share, by name.", each_name<read_file_counter>, 2},
        {"workflow", "mapping", "", 0, "States and the actions they permit."},
    });

void note_gaps(Build& build, const yaml::Node& root) {
  const auto absent = [&](std::string_view key) { return root.entry(key) == nullptr; };
  if (absent(kVersion)) {
    build.note(note, root.at, "the file has no `version`; it is read as version 1: `version: 1`");
  }
  const auto counted = [](const ToolRule& entry) { return !entry.counters.empty(); };
  if (absent(kExecution) && !std::ranges::all_of(build.policy.tools, counted)) {
    build.note(error_in_production, root.at,
               "the file has no `execution`: a run has no ceiling; `execution: {max_steps: 50, "
               "max_denials: 10, max_wall_clock: 30m}` sets some");
  }
  for (const Placed& list : build.lists.unused()) {
    build.note(note, list.at, fmt::format("nothing uses the list `{}`", list.text));
  }
}

void read_root(Build& build, const yaml::Node& root) {
  if (!read_section(build, root, kFileKeys, build.policy)) return;
  allow_every_model(build.policy);
  apply_counters(build);
  check_stated_classes(build);
  check_counts(build);
  check_examples(build);
  check_sources(build);
  check_risks(build);
  finish_fragments(build, true);
  note_gaps(build, root);
}

void in_order_of_file(std::vector<Finding>& findings) {
  std::ranges::sort(findings, [](const Finding& a, const Finding& b) {
    return std::tie(a.at.file, a.at.line, a.at.column, a.message) <
           std::tie(b.at.file, b.at.line, b.at.column, b.message);
  });
}

}  // namespace

const KeyTable& policy_keys() {
  static const KeyTable table = [] {
    std::vector<Key> rows;
    kFileKeys.list(rows);
    for (const auto list :
         {list_agent_keys,    list_server_default_keys, list_list_keys,       list_tools_keys,
          list_task_keys,     list_entry_keys,          list_case_keys,       list_secrets_keys,
          list_counter_keys,  list_constraints_keys,    list_argument_keys,   list_approval_keys,
          list_run_keys,      list_model_keys,          list_autonomy_keys,   list_freeze_keys,
          list_askable_keys,  list_path_keys,           list_sql_keys,        list_commands_keys,
          list_row_keys,      list_example_keys,        list_line_keys,       list_line_row_keys,
          list_document_keys, list_layer_keys,          list_requirement_keys}) {
      list(rows);
    }
    return KeyTable(std::move(rows));
  }();
  return table;
}

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
  name_layers(build);
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
