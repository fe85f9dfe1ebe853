// What the readers of the sections share while one policy file is read.
//
// Each section is a table of keys (key_spec.h), which stands beside its readers. A reader takes one
// key of the file, puts what it says into the policy and reports every mistake; none of them stops
// at the first one. A new key is one row; a new section is a table, a reader, a row in `load.cpp`,
// and its `list_…` there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "kernel/config/key_spec.h"
#include "kernel/policy/fragments.h"
#include "kernel/policy/lists.h"
#include "kernel/policy/policy.h"
#include "kernel/policy/policy_keys.h"
#include "lang/shell/line.h"

namespace pawl {

// A freeze whose local times are resolved, as a bundle keeps it.
struct Window {
  std::string name;
  Instant from, until;
};

// What a bundle knows of its first load: the freezes of the role, and those of each layer.
struct Recorded {
  std::vector<Window> windows;
  std::vector<std::vector<Window>> layers;
};

// Of one server, for every tool that is named with it.
struct ServerDefaults {
  ToolRule rule;  // arguments, class, credential, environment
  struct Denied {
    std::string key;          // `prompts`, `resources` and so on
    std::string_view action;  // what it forbids
    Position at;
  };
  std::vector<Denied> denied;
  Position at;

  bool any() const;  // something that a tool would get
};

// A counter of the file, read again for every entry that adds to it.
struct FileCounter {
  const yaml::Node* node = nullptr;
  Position at;
  bool used = false;  // an entry names it
};

// What `$name` stands for in one file.
struct Names {
  Lists lists;
  Fragments fragments;
  Fragments sources_named;
};

struct Build : Names {
  Build(Reading read, Policy& into, const LoadSources& from)
      : reading(std::move(read)), policy(into), sources(from) {}

  Reading reading;
  Policy& policy;
  const LoadSources& sources;
  std::vector<std::shared_ptr<Names>> layer_names;  // of the layers that the role has to pass
  // From a bundle: the freezes as they were resolved at the first load, in the order of the file.
  const std::vector<Window>* windows = nullptr;
  bool any_credential = false;  // a bundle was checked against the deployment file when it was made

  std::map<std::string, ServerDefaults> servers;
  std::map<std::string, FileCounter> counters;
  std::shared_ptr<const EnvironmentBy> environment_by;  // of the file
  std::map<std::string, std::string> zones;             // bytes of those that the bundle needs

  std::map<std::string, Position> written_names;  // every name of `allowed`, and where

  std::map<std::string, Position> written_models;  // likewise of `models`

  void note(Finding::Weight weight, const Position& at, std::string message);
};

// Keys of an entry, which readers in several files look at together.
inline constexpr std::string_view kMaxRecords = "max_records_per_run";
inline constexpr std::string_view kMaxCalls = "max_calls_per_run";
inline constexpr std::string_view kMaxRate = "max_calls_per_minute";
inline constexpr std::string_view kCases = "cases";
inline constexpr std::string_view kElse = "else";
inline constexpr std::string_view kApproval = "approval";
inline constexpr std::string_view kApprovalRoute = "route";
inline constexpr std::string_view kRequiresApproval = "requires_approval";
inline constexpr std::string_view kApprovalTimeout = "approval_timeout_seconds";
inline constexpr std::string_view kAutoDeny = "auto_deny_on_timeout";
inline constexpr std::string_view kCommands = "commands";
inline constexpr std::string_view kShell = "shell";
inline constexpr std::string_view kPrograms = "programs";
inline constexpr std::string_view kReads = "reads";
inline constexpr std::string_view kWritesOf = "writes";
inline constexpr std::string_view kExamples = "examples";

// The rows of the sections, each beside its readers.
void list_agent_keys(std::vector<Key>& into);
void list_server_default_keys(std::vector<Key>& into);
void list_list_keys(std::vector<Key>& into);
void list_tools_keys(std::vector<Key>& into);
void list_task_keys(std::vector<Key>& into);
void list_entry_keys(std::vector<Key>& into);
void list_case_keys(std::vector<Key>& into);
void list_secrets_keys(std::vector<Key>& into);
void list_counter_keys(std::vector<Key>& into);
void list_constraints_keys(std::vector<Key>& into);
void list_argument_keys(std::vector<Key>& into);
void list_approval_keys(std::vector<Key>& into);
void list_run_keys(std::vector<Key>& into);
void list_model_keys(std::vector<Key>& into);
void list_autonomy_keys(std::vector<Key>& into);
void list_freeze_keys(std::vector<Key>& into);
void list_askable_keys(std::vector<Key>& into);
void list_path_keys(std::vector<Key>& into);
void list_sql_keys(std::vector<Key>& into);
void list_commands_keys(std::vector<Key>& into);
void list_row_keys(std::vector<Key>& into);
void list_example_keys(std::vector<Key>& into);
void list_line_keys(std::vector<Key>& into);
void list_line_row_keys(std::vector<Key>& into);
void list_document_keys(std::vector<Key>& into);
void list_layer_keys(std::vector<Key>& into);
void list_requirement_keys(std::vector<Key>& into);

// load_agent.cpp
void read_agent(Build& build, Policy& into, const yaml::Entry& key);
void read_environment(Build& build, Policy& into, const yaml::Entry& key);
void read_risk(Build& build, Policy& into, const yaml::Node& node);
void read_autonomy(Build& build, Policy& into, const yaml::Entry& key);

// load_run.cpp
void read_execution(Build& build, const yaml::Node& node);
void read_escalation(Build& build, const yaml::Node& node);

// load_condition.cpp. An expression at `path`; null where it has a mistake.
std::shared_ptr<const Condition> read_expression(Build& build, const yaml::Entry& key,
                                                 const std::string& path, Polarity polarity,
                                                 cel::TypeKind result = cel::TypeKind::boolean,
                                                 Condition::Extra extra = {});
ConditionPlace add_condition(std::vector<std::shared_ptr<const Condition>>& list,
                             std::shared_ptr<const Condition> condition);
// What only all entries together can tell: names of counts.
void check_counts(Build& build);

// load_cases.cpp. `allow`, `notify`, `hold` or `deny`.
std::optional<Effect> read_effect(Build& build, const yaml::Entry& key);
void read_cases(Build& build, const yaml::Node& entry, ToolRule& rule);
// A list of cases whose expressions may use these variables too.
void read_case_list(Build& build, const yaml::Node& list, ToolRule& rule, Condition::Extra extra);

// load_approval.cpp. `path` and `conditions` are those of the entry, or of the file.
ApprovalTerms read_approval(Build& build, const yaml::Node& node, const std::string& path,
                            std::vector<std::shared_ptr<const Condition>>& conditions);
// A mistake where `wider` stands in them.
void refuse_wider(Build& build, const ApprovalTerms& terms, std::string_view why);
inline constexpr std::string_view wider_is_for_what_can_be_undone =
    "what cannot be undone is approved call by call: `wider` is for reversible classes";
void read_entry_approval(Build& build, const yaml::Node& entry, ToolRule& rule);

void read_reviewers(Build& build, const yaml::Entry& key, ApprovalTerms& terms);

// load_askable.cpp
void read_askable(Build& build, Policy& into, const yaml::Entry& key);

// load_models.cpp. The second: an entry for every model, where the file lists none.
void read_models(Build& build, const yaml::Node& node);
void allow_every_model(Policy& policy);

// load_freeze.cpp
void read_freeze(Build& build, Policy& into, const yaml::Node& node);

// load_use.cpp
void read_use(Build& build, Policy& into, const yaml::Entry& key);

// load_secrets.cpp
void read_secrets(Build& build, const yaml::Node& node);
void read_entry_secrets(Build& build, ToolRule& rule, const yaml::Entry& key);

// load_entry.cpp
void read_tools(Build& build, Policy& into, const yaml::Entry& key);
void read_blocked(Build& build, const yaml::Entry& key, std::string_view path);

// load_layer.cpp: puts the layers of `build.sources` together with a role that was read without a
// mistake. Mistakes come with `build`.
void add_layers(Build& build, const Recorded* recorded);

// load_servers.cpp
void read_server(Build& build, Policy& into, const yaml::Entry& server);
std::shared_ptr<const EnvironmentBy> read_environment_by(Build& build, const yaml::Node& node,
                                                         Rule rule);
// One entry with the defaults of the servers that its names reach: one for each of them.
std::vector<ToolRule> with_servers(Build& build, ToolRule entry);
// Does that for every entry.
void apply_servers(Build& build);

// load_examples.cpp
using ReadExamples = std::function<void(const yaml::Entry& list, Effect expected)>;
void read_examples(Build& build, const yaml::Entry& key, const ReadExamples& read);
void read_call_examples(Build& build, const yaml::Entry& key, ToolRule& rule);

// load_entry.cpp. A name, or `{of: args.x, VALUE: NAME}`.
void read_credential(Build& build, const yaml::Node& node, const std::string& path, ToolRule& rule);
// `args.x` or `args.x.y`, no element of a list; nothing where it has a mistake.
std::optional<ArgumentPath> read_single_argument(Build& build, const yaml::Entry& key);

// load_entry.cpp
void read_entry(Build& build, const yaml::Node& node);
void read_stated_class(Build& build, const yaml::Entry& key, const std::string& path,
                       std::optional<Class>& into, Rule& rule);

// load_commands.cpp: `commands` of an entry and what stands beside it; and load_examples.cpp
void read_commands(Build& build, const yaml::Node& entry, ToolRule& rule);
void check_examples(Build& build);

// load_entry.cpp: `constraints`, and the `max_…` keys at an entry, a case and a task.
void read_limit(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule);
void read_constraints(Build& build, ToolRule& rule, const yaml::Entry& key);

// load_counters.cpp. Those of the file; of an entry at `path`; and, after the last entry, the tools
// that the file's name.
void read_file_counter(Build& build, Policy& into, const yaml::Entry& key);
void read_counters(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule);
void apply_counters(Build& build);

// load_arguments.cpp
void read_arguments(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule);
void read_checks(Build& build, const yaml::Node& node, ArgumentRule& argument);
void read_sql(Build& build, ArgumentRule& argument, const yaml::Entry& key);
// load_languages.cpp
void read_shell(Build& build, ArgumentRule& argument, const yaml::Entry& key);
void read_argv(Build& build, ArgumentRule& argument, const yaml::Entry& key);
std::optional<shell::Dialect> read_dialect(Build& build, const yaml::Node& node);
// load_languages.cpp
void read_manifest(Build& build, ArgumentRule& argument, const yaml::Entry& key);
void read_json(Build& build, ArgumentRule& argument, const yaml::Entry& key);
void read_kinds(Build& build, ArgumentRule& argument, const yaml::Entry& key);

// load_origin.cpp
void read_from(Build& build, ArgumentRule& argument, const yaml::Entry& key);
void read_or_from(Build& build, ArgumentRule& argument, const yaml::Entry& key);
void read_failing(Build& build, ArgumentRule& argument, const yaml::Entry& key);
void check_origin(Build& build, const ArgumentRule& argument);  // after the last key
void read_source(Build& build, ToolRule& rule, const yaml::Entry& key);
void check_sources(Build& build);  // after the last entry
void check_sources_of(Build& build, const ArgumentRule& argument);

Check check_of(CheckKind kind, const std::string& path, const Position& at);
void add_check(Build& build, ArgumentRule& argument, Check check, const Position& at);
// A bound of `min` or `max`; nothing where it is no number.
std::optional<Check> bound_check(Build& build, CheckKind kind, const yaml::Node& node, Rule rule);

// load_languages.cpp: what a key lists, with the names of lists replaced.
std::vector<std::string> texts_of(Build& build, const yaml::Entry& key);
template <auto... Members, class Into>
void listed(Build& build, Into& into, const yaml::Entry& key) {
  member<Members...>(into) = texts_of(build, key);
}

// load_overlap.cpp: what only all names together can tell.
void check_names(Build& build);
void check_stated_classes(Build& build);
void check_risks(Build& build);

}  // namespace pawl
