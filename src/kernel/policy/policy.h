// A policy in force: one role's file, read, checked and compiled. Immutable after `load`.
//
// `load` either returns a policy without one open question, or every mistake of the file at once,
// each with `file:line:column`, what was found, what was expected and the nearest right name
// (rule 3). A key that this build cannot enforce is refused, never ignored.
// Threads: a Policy is immutable and may be read from everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/zone.h"
#include "kernel/condition/condition.h"
#include "kernel/config/contact.h"
#include "kernel/config/name.h"
#include "kernel/config/name_table.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/plan.h"
#include "kernel/pack/pack.h"
#include "kernel/policy/cases.h"
#include "kernel/policy/counters.h"
#include "kernel/policy/layer.h"
#include "kernel/redact/scope.h"
#include "lang/secret/secret.h"
#include "model/class.h"
#include "model/environment.h"
#include "model/verdict.h"

namespace pawl {

// The autonomy column of the decision table (rule 12). Without `autonomy:` it is `established`.
enum class Stage : std::uint8_t { fresh, established, mature };  // spelled new, established, mature
std::string_view to_string(Stage stage);

struct CommandRule;  // `commands` of an entry: kernel/policy/commands.h
// The environment of a call, by one of its arguments. What is not listed names none.
struct EnvironmentBy {
  ArgumentPath argument;
  std::vector<std::pair<std::string, Environment>> values;  // sorted
  Rule rule;

  std::optional<Environment> find(std::string_view value) const;
};

// The credential of a call, by one of its arguments. What is not listed names none.
struct CredentialBy {
  ArgumentPath argument;
  std::vector<std::pair<std::string, std::string>> values;  // sorted
  Rule rule;

  const std::string* find(std::string_view value) const;  // null: not listed
};

// A call with the verdict that it has to get; checked at every load.
struct Example {
  Effect expected = Effect::deny;  // allow (also with a notice), hold or deny
  std::string arguments;           // canonical JSON
  Rule rule;
};

// One entry of `tools.allowed`.
struct ToolRule {
  Rule rule;                       // `tools/KEY`, see `key`
  std::vector<std::string> names;  // exact names or globs; `server/tool` or `tool`
  std::optional<Class> stated_class;
  bool class_by_call = false;  // `class: by_call`: the packs' tables, with the call's arguments
  Rule class_rule;
  std::shared_ptr<const Scope> scope;
  std::vector<Position> scope_at;  // of each of its fields
  std::vector<ArgumentRule> arguments;
  std::vector<std::string> named;  // top-level argument names that the entry mentions
  // Every expression of this entry; the rest of the rule names them by their place in this list.
  std::vector<std::shared_ptr<const Condition>> conditions;
  ConditionPlace only_if;                       // `if`: has to hold, else the call is denied
  Cases cases;                                  // empty where the entry has none
  std::optional<std::uint64_t> records_stated;  // `records: N`
  ConditionPlace records_by;                    // `records: EXPRESSION`
  bool asked_for_records = false;               // some expression reads `run.records` of it
  std::optional<std::uint64_t> max_records_per_run;
  std::optional<std::uint64_t> max_calls_per_run;
  std::optional<std::uint64_t> max_calls_per_minute;
  Rule max_records_rule, max_calls_rule, max_rate_rule;
  std::vector<CounterRule> counters;  // its own and those of the file that it adds to
  bool requires_approval = false;     // always
  ConditionPlace approval_if;         // `requires_approval: EXPRESSION`
  Rule approval_rule;
  ApprovalTerms approval;
  std::shared_ptr<const CommandRule> commands;  // null: the entry has none
  std::string say;                              // words for the agent and the reviewer
  std::string instead;                          // what the agent may do instead
  std::string credential;
  std::optional<Effect> secrets;  // allow, hold or deny; absent: what the file says
  Rule secrets_rule;
  bool untrusted = false;  // `source: untrusted`: its results are no origin of anything
  Rule source_rule;
  std::shared_ptr<const EnvironmentBy> environment_by;  // null: the file's environment
  std::shared_ptr<const CredentialBy> credential_by;    // null: `credential` of every call
  std::vector<Example> examples;
  std::uint32_t index = 0;  // position in the file; identity for counters: `names` joined
  // Of a model's entry (load_models.cpp).
  std::optional<std::uint64_t> max_output_tokens;  // of one answer
  Rule max_output_rule;
  std::vector<std::string> provider_uses;  // what the provider may do itself; names and globs
  std::string key;                         // names joined with `|`: the counter's name in records

  bool counts_records() const { return max_records_per_run.has_value() || asked_for_records; }
};

// One line of `may_request`: what an agent may ask people for. It grants nothing by itself.
struct Askable {
  // Its names and arguments, `by` as the reviewers of its approval, and `max_calls` as
  // `max_calls_per_run`. Nothing else of it is set.
  ToolRule what;
  Duration lasts{};
  // Made of those (access.h): the entry of a request for it; and the entries of what is granted,
  // with what the file says of their servers.
  ToolRule ask = {};
  std::vector<ToolRule> lent = {};
};

struct BlockedName {
  std::string folded;  // after case folding and NFKC; without a server: any server
  Rule rule;
};

// Ceilings of a run. An absent one is no ceiling.
struct Ceilings {
  std::optional<std::uint64_t> steps, denials;
  std::optional<std::uint64_t> repeats;  // `max_repeats`; see kernel/admit/repeats.cpp
  // Of requests to models: tokens in, out and both; requests; money.
  std::optional<std::uint64_t> tokens, input_tokens, output_tokens, model_calls, cost_nano_usd;
  std::optional<Duration> wall_clock;
  Rule steps_rule, denials_rule, repeats_rule, tokens_rule, input_rule, output_rule,
      model_calls_rule, cost_rule, wall_clock_rule;
  std::string notify;  // `on_budget_exceeded.notify`
};

// A window of every week, in minutes since Sunday 00:00 of the zone. `until` may lie in the next
// week.
struct Weekly {
  std::int32_t from = 0, until = 0;
  std::shared_ptr<const Zone> zone;
};

struct Freeze {
  std::string name;
  Instant from, until;  // the wider reading where a local time is ambiguous
  std::vector<Reversibility> stop;
  Effect then = Effect::deny;  // deny or hold
  Rule rule;
  std::optional<Weekly> weekly = {};  // in place of `from` and `until`
  std::vector<Environment> env = {};  // only there; empty: everywhere

  // Whether `now` lies in it, in the wider reading.
  bool covers(Instant now) const;
  // Whether it is about such calls in that place, at whatever time.
  bool stops(Class action_class, Environment where) const;
  bool is_over(Instant now) const { return !weekly && until <= now; }
};

struct AcceptedRisk {
  std::string path;  // `tools/update_order_status/class`
  std::string reason, owner;
  Instant until{};
  Rule rule;
};

// What happens to a call that could carry a secret outside, and which texts are secret beside the
// credentials of known shapes (lang/secret).
struct Secrets {
  Effect then = Effect::hold;  // hold or deny
  std::shared_ptr<const ListedTexts> listed;
  std::vector<std::string> texts;  // as they are listed, in the order of the alphabet
  Rule rule;
};

// Something that `check` reports although the file loads: a gap, an unmetered ceiling, a wide
// class.
struct Finding {
  enum class Weight : std::uint8_t { note, warning, error_in_production } weight;
  std::string message;
  Position at;
  // Of what others may say the same: its name, fit to be printed, and the sentence behind the names
  // of several. `check` makes one finding of them.
  std::vector<std::string> about = {};
  std::string of_several = {};
};

class Policy {
 public:
  std::string file;
  Digest digest{};  // of the bundle: the file's bytes and its list files'
  std::int64_t version = 1;
  std::string agent, identity, owner;
  Environment environment = Environment::none;
  std::vector<ToolRule> tools;
  // Of `models`, by the names of actions (models.h); one entry for all of them where the file lists
  // none.
  std::vector<ToolRule> models;
  bool models_listed = false;
  std::vector<BlockedName> blocked;
  std::vector<Askable> askable;  // `may_request`
  Ceilings ceilings;
  ApprovalTerms approval;  // defaults of the file
  // Expressions that belong to no entry: `approval.route`.
  std::vector<std::shared_ptr<const Condition>> conditions;
  std::vector<Contact> contacts;
  std::optional<Stage> default_stage;  // absent without `autonomy:`
  bool gate_reads = false;
  std::map<std::string, Stage> stages;  // by tool name as written
  std::vector<Freeze> freezes;
  std::vector<AcceptedRisk> risks;
  Packs packs;  // that describe its tools, in the order of the file
  Secrets secrets;
  Effect secrets_least = Effect::allow;      // what a layer asks of every entry's `secrets`
  std::vector<Layer> layers;                 // that every call has to pass too
  std::map<std::string, std::string> links;  // directories of `path` that lead elsewhere, and where
  std::vector<Finding> findings;
  std::vector<OriginSource> sources;  // every field of a result that some rule refers to, once
  bool asks_origin = false;           // some rule asks where a value came from
  Rule default_rule;                  // `tools`: for denials that no line made
  Rule agent_rule;                    // `agent`: for what is wrong with the role itself
  std::string task;        // bytes of the task file that narrowed it; empty: the role itself
  std::string task_words;  // what the sponsor said in it
  std::string bundle;      // the exact bytes hashed: for the journal and for replay

  // The entry that grants this tool: exact name before glob, the most specific glob first; null if
  // none. `server` may be empty. Hash lookup for exact names.
  const ToolRule* find(std::string_view server, std::string_view tool) const;
  // The line of `may_request` that has this tool, with the entry of what is granted; null if none.
  struct Lendable {
    const Askable* line = nullptr;
    const ToolRule* entry = nullptr;
  };
  Lendable lendable(std::string_view server, std::string_view tool) const;
  // The line that blocks it, or null. Case, width and server do not matter (rule 2).
  const BlockedName* blocks(std::string_view server, std::string_view tool) const;
  Stage stage_of(const ToolRule& tool) const;
  Effect secrets_of(const ToolRule& tool) const {
    return stricter(tool.secrets.value_or(secrets.then), secrets_least);
  }
  // Whether any layer asks something of single calls.
  bool has_requirements() const;
  // The risk acceptance for a rule path that has not ended, or null.
  const AcceptedRisk* accepted(std::string_view path, Instant now) const;

  void index();  // builds the lookups; called once by load

 private:
  struct Glob {
    NamePattern pattern;
    std::uint32_t position;
  };
  struct LentName {
    NamePattern pattern;
    std::uint32_t line, entry;
  };
  const ToolRule* find_model(std::string_view server, std::string_view name) const;

  std::vector<LentName> lent_;   // of `askable`, those with a server first
  NameTable exact_;              // names without a server
  NameTable qualified_;          // `server/tool`
  std::vector<Glob> globs_;      // most specific first
  std::vector<Glob> models_;     // likewise, of `models`
  NameTable blocked_;            // folded names without a server
  NameTable blocked_qualified_;  // folded `server/tool`
  NameTable blocked_anywhere_;   // the tools of those, for calls of an unknown server
  std::vector<Glob> blocked_globs_;
};

// What `load` needs from the outside; pure otherwise. Files are named relative to the policy file.
struct LoadSources {
  std::function<Result<std::string>(std::string_view path)> read;  // list files
  std::function<Result<Zone>(std::string_view name)> zone;         // time zones
  std::vector<std::string> credentials;  // names that the deployment file defines
  // Where a directory really is; empty, or the directory itself: no link leads to it.
  std::function<std::string(const std::string& directory)> place;
  // The bytes of a pack by its written name; empty: those that the program carries.
  std::function<Result<std::string>(std::string_view written)> pack;
  std::vector<LayerSource> layers;  // that the deployment names for this role
  // The same where the role alone is meant, which uses their names: its calls do not pass them.
  std::vector<LayerSource> named_by = {};
};

struct Loaded {
  std::shared_ptr<const Policy> policy;  // null where errors is not empty
  std::vector<Error> errors;             // all of them, in the order of the file
};

Loaded load_policy(std::string_view text, std::string_view file, const LoadSources& sources);

// A layer file alone, for a person who reads it: `policy` holds its parts, and no tools.
Loaded load_layer(std::string_view text, std::string_view file, const LoadSources& sources);

// The policy that a bundle holds (`Policy::bundle`, as recorded), with nothing from the outside:
// what list files, time zones and the deployment file said at load is part of the bundle.
Loaded load_bundle(std::string_view bundle, std::string_view file);

// The policy of one run of a role: with fewer tools, tighter arguments and smaller ceilings, as a
// task file says (load_task.cpp), never with more. What the role asks of a call still holds. The
// task is part of the bundle, so its digest is another one than the role's.
Loaded load_task(const Policy& role, std::string_view task, std::string_view file);

// Rule 3 against a tool's own schema: arguments that the schema does not have, plurals that bind to
// nothing or to two, a record limit that cannot be counted, a stated class below the knowledge
// base's without `accept_risk`. Empty: the entry fits the tool.
std::vector<Error> fit(const Policy& policy, const ToolRule& entry, const ToolDefinition& tool,
                       Instant now);

// A tool entry bound to one definition: plurals resolved to arguments. What admit evaluates.
struct BoundTool {
  const ToolRule* entry = nullptr;
  std::vector<ArgumentRule> arguments;
  std::vector<std::vector<ArgumentRule>> case_limits;  // of each case; empty where none has any
  Class action_class = kMostDangerous;
  std::string class_source;  // `stated`, or the knowledge base's reason
  // Of an entry with `class: by_call`: `action_class` is then the worst that a call may have. They
  // belong to the policy's packs.
  std::vector<const PackTool*> by_call;
  std::vector<std::string> named;
  std::string command_line;  // the argument that `commands` is about; empty: the call's keys decide
  std::vector<Error> misfits;  // not empty: the tool is denied (`schema`) until fixed
  std::shared_ptr<const ToolDefinition> definition;  // null: no schema known
  // The entry's expressions, with the types of the tool's own arguments where its schema is known.
  std::vector<std::shared_ptr<const Condition>> conditions;
  std::unique_ptr<const ArgumentPlan> plan;  // for `arguments` as they are; null: evaluate in full
  // Arguments that the entry itself limits in every call, where something in the tool's schema
  // cannot be checked: these limits stand for it.
  json_schema::Trusted trusted;
  bool asks_origin = false;  // a rule asks where a value came from: facts are needed
  bool may_hold = false;     // a rule asks a person where it fails
  // Where its entry belongs to a line of `may_request`: that line. It is then a request for it, or,
  // where `wanted_entry` is null, a call that needs a grant.
  const Askable* line = nullptr;
  // Of a request: what would be granted, and the definition of that tool where it is known.
  const ToolRule* wanted_entry = nullptr;
  std::shared_ptr<const ToolDefinition> wanted;

  // What the schema says about the arguments, or null.
  const Shape* shape() const {
    return definition != nullptr && definition->has_schema ? &definition->arguments : nullptr;
  }
  // The class of one call, before any case says another one.
  Class class_of(json::View call) const { return by_call.empty() ? action_class : by_packs(call); }
  // Makes the plan again: after the last change to what it is made of.
  void make_plan();

  Class by_packs(json::View call) const;  // of `by_call`, which is not empty
};
BoundTool bind(const Policy& policy, const ToolRule& entry,
               std::shared_ptr<const ToolDefinition> tool, Instant now);
// What decides a call by its name: the entry that grants the tool; else the line of `may_request`
// that has it, which grants nothing without a grant; or that line's own entry, for a request
// (`pawl:access:…`). Nothing where the policy does not know it. `tool` is the definition of the
// tool that is called, or asked for.
std::optional<BoundTool> bind_call(const Policy& policy, std::string_view server,
                                   std::string_view name,
                                   const std::shared_ptr<const ToolDefinition>& tool, Instant now);

// What has to be found out about the arguments of a call before it is judged, by the rules of the
// entry and of its cases: see paths_to_resolve, sql_to_read and find_origins. Each pointer once.
std::vector<std::pair<std::string, std::string>> paths_to_resolve(const BoundTool& tool,
                                                                  json::View arguments);
std::vector<std::pair<std::string, std::string>> sql_to_read(const BoundTool& tool,
                                                             json::View arguments);
std::vector<OriginFact> find_origins(const BoundTool& tool, json::View arguments,
                                     const RunOrigins& known);

}  // namespace pawl
