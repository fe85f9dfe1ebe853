// What the readers of the sections share while one policy file is read.
//
// Each `read_…` takes one node of the file, puts what it says into the policy and reports every
// mistake; none of them stops at the first one. A new section is one function here, one row in
// `load.cpp`, and its keys in `keys_table.cpp`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "kernel/config/reading.h"
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
  std::vector<std::pair<std::string, Position>> denied;  // `prompts`, `resources` and so on
  Position at;

  bool any() const;  // something that a tool would get
};

// A counter of the file, read anew for every entry that adds to it.
struct FileCounter {
  const yaml::Node* node = nullptr;
  Position at;
  bool used = false;  // an entry names it
};

struct Build {
  Build(Reading read, Policy& into, const LoadSources& from)
      : reading(std::move(read)), policy(into), sources(from) {}

  Reading reading;
  Policy& policy;
  const LoadSources& sources;
  Lists lists;
  // From a bundle: the freezes as they were resolved at the first load, in the order of the file.
  const std::vector<Window>* windows = nullptr;
  bool any_credential = false;  // a bundle was checked against the deployment file when it was made

  std::map<std::string, ServerDefaults> servers;
  std::map<std::string, FileCounter> counters;
  std::shared_ptr<const EnvironmentBy> environment_by;  // of the file
  std::map<std::string, std::string> zones;             // bytes of those that the bundle needs

  std::map<std::string, Position> written_names;  // every name of `allowed`, and where

  void note(Finding::Weight weight, const Position& at, std::string message);
};

// keys_languages.cpp, keys_layers.cpp: parts of the table of keys.
std::span<const Key> keys_of_languages();
std::span<const Key> keys_of_layers();

// load_agent.cpp
void read_agent(Build& build, const yaml::Node& node);
void read_environment(Build& build, const yaml::Node& node);
void read_risks(Build& build, const yaml::Node& node);
// A date counts to its last moment, in UTC.
std::optional<Instant> read_end(Build& build, const yaml::Node& node, std::string_view what);
void read_autonomy(Build& build, const yaml::Node& node);

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
void read_askable(Build& build, const yaml::Node& node);

// load_freeze.cpp
void read_freezes(Build& build, const yaml::Node& node);

// load_use.cpp
void read_use(Build& build, const yaml::Node& node);

// load_secrets.cpp
void read_secrets(Build& build, const yaml::Node& node);
void read_entry_secrets(Build& build, const yaml::Entry& key, ToolRule& rule);

// load_tools.cpp
void read_tools(Build& build, const yaml::Node& node);
void read_blocked(Build& build, const yaml::Entry& key, std::string_view path);

// load_layer.cpp: puts the layers of `build.sources` together with a role that was read without a
// mistake. Mistakes come with `build`.
void add_layers(Build& build, const Recorded* recorded);

// load_servers.cpp
void read_servers(Build& build, const yaml::Node& node);
std::shared_ptr<const EnvironmentBy> read_environment_by(Build& build, const yaml::Node& node,
                                                         Rule rule);
// One entry with the defaults of the servers that its names reach: one for each of them.
std::vector<ToolRule> with_servers(Build& build, ToolRule entry);
// Does that for every entry.
void apply_servers(Build& build);

// load_call_examples.cpp
void read_call_examples(Build& build, const yaml::Entry& key, ToolRule& rule);

// load_credential.cpp. A name, or `{of: args.x, VALUE: NAME}`.
void read_credential(Build& build, const yaml::Node& node, const std::string& path, ToolRule& rule);
// `args.x` or `args.x.y`, no element of a list; nothing where it has a mistake.
std::optional<ArgumentPath> read_single_argument(Build& build, const yaml::Entry& key);

// load_entry.cpp
void read_entry(Build& build, const yaml::Node& node);
void read_stated_class(Build& build, const yaml::Entry& key, const std::string& path,
                       std::optional<Class>& into, Rule& rule);

// load_commands.cpp: `commands` of an entry and what stands beside it; load_examples.cpp
void read_commands(Build& build, const yaml::Node& entry, ToolRule& rule);
void check_examples(Build& build);

// load_constraints.cpp: `constraints`, and the `max_…` keys at an entry. False: not such a key.
bool read_limit(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule);
void read_constraints(Build& build, const yaml::Entry& key, ToolRule& rule);

// load_counters.cpp. Those of the file; of an entry at `path`; and, after the last entry, the tools
// that the file's name.
void read_file_counters(Build& build, const yaml::Node& node);
void read_counters(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule);
void apply_counters(Build& build);

// load_arguments.cpp, load_checks.cpp
void read_arguments(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule);
void read_checks(Build& build, const yaml::Node& node, ArgumentRule& argument);
void read_sql(Build& build, const yaml::Entry& key, ArgumentRule& argument);
// load_lines.cpp
void read_line_check(Build& build, const yaml::Entry& key, ArgumentRule& argument);
std::optional<shell::Dialect> read_dialect(Build& build, const yaml::Node& node);
// load_documents.cpp
void read_manifest(Build& build, const yaml::Entry& key, ArgumentRule& argument);
void read_json(Build& build, const yaml::Entry& key, ArgumentRule& argument);
void read_kinds(Build& build, const yaml::Entry& key, ArgumentRule& argument);

// load_origin.cpp. False: not such a key.
bool read_origin(Build& build, const yaml::Entry& key, ArgumentRule& argument);
void check_origin(Build& build, const ArgumentRule& argument);  // after the last key
void read_source(Build& build, const yaml::Entry& key, ToolRule& rule);
void check_sources(Build& build);  // after the last entry
void check_sources_of(Build& build, const ArgumentRule& argument);

Check check_of(CheckKind kind, const std::string& path, const Position& at);
void add_check(Build& build, ArgumentRule& argument, Check check, const Position& at);
// A bound of `min` or `max`; nothing where it is no number.
std::optional<Check> bound_check(Build& build, CheckKind kind, const yaml::Node& node, Rule rule);

// load_documents.cpp: what a key lists, with the names of lists replaced.
std::vector<std::string> texts_of(Build& build, const yaml::Entry& key);

// load_overlap.cpp: what only all names together can tell.
void check_names(Build& build);
void check_stated_classes(Build& build);
void check_risks(Build& build);

}  // namespace pawl
