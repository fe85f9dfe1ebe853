// The parts of a check. Each looks at one matter and adds what it found to the report.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "analysis/check/check.h"
#include "kernel/policy/table.h"

namespace pawl::checking {

struct Subject {
  const Policy& policy;
  const Deployment* deployment;
  std::span<const ToolDefinition> live;
  Instant now;
  bool production;
  CheckReport& report;
  bool accepted = false;  // `live` is what the lock accepts, which may be less than a server offers

  // The tools of `live` that an entry decides, and no other entry.
  std::vector<const ToolDefinition*> tools_of(const ToolRule& entry) const;
  // For what no line of the file says.
  Position file() const { return {policy.file, 0, 0}; }
  void error(const Position& at, std::string message) const;
  void finding(Finding::Weight weight, const Position& at, std::string message) const;
  // One that others may share. `message` is about `name` alone; `of_several` follows the names.
  void finding(Finding::Weight weight, const Position& at, std::string message, std::string name,
               std::string of_several) const;
};

// The tools that an entry decides, bound under this policy; where no server offers one, what the
// entry's names say.
std::vector<BoundTool> bound_tools(const Subject& subject, const Policy& policy,
                                   const ToolRule& entry);

// What the decision table and the entry together ask of people for one tool.
struct Question {
  Effect effect = Effect::deny;
  std::uint8_t quorum = 1;
  Duration within{};
  std::vector<std::string> reviewers =
      {};  // the deployment's where neither entry nor file names any
  bool typed = false;
};
// One situation that a call of an entry may be in.
struct Circumstance {
  Class action_class;
  Effect then = Effect::allow;           // what a case or a row says
  const ApprovalTerms* terms = nullptr;  // of that
  bool asked = false;                    // a condition or a value asks a person
};
Question question_of(const Subject& subject, const ToolRule& entry, Class of_tool,
                     const Circumstance& at);

// outcomes.cpp. What happens to calls that keep the limits of their entry and carry no credential
// outside: one outcome for each thing that it depends on. The strictest of those that fit a call
// holds.
struct Outcome {
  enum class By : std::uint8_t {
    call,       // every such call
    situation,  // `at`: a case, by its place
    otherwise,  // no case, or no row, fits
    command,    // `at`: a row, by its place; `of`: a case of it
    kind,       // the value by which packs tell the class
    together,   // several cases or rows at once
    condition,  // `requires_approval` with an expression
    value,      // `at`: an argument whose value a check does not accept, by its place
    layer,
    freeze,
    place,  // an argument says another environment
  } by = By::call;
  std::string when = {};  // in words, `where …`; empty: always
  Question question = {};
  std::size_t at = 0;
  std::optional<std::size_t> of = {};
};
std::vector<Outcome> outcomes_of(const Subject& subject, const ToolRule& entry,
                                 const BoundTool& bound);
// `a`, `b` and 3 more
inline constexpr std::size_t names_said_max = 8;  // of one list in a sentence
std::string some_of(const std::vector<std::string>& names, std::size_t most = names_said_max);
// The effects among them, each once, the mildest first.
std::vector<Effect> effects_of(const std::vector<Outcome>& outcomes);
// `allow / hold`
std::string spoken(const std::vector<Effect>& effects);

// layers.cpp. A row of `require` that asks something of calls of an entry: of all of them, or of
// some that cannot be told before.
struct LayerRow {
  const Requirement* row;
  Effect asks;
  bool certain;
};
std::vector<LayerRow> rows_of_layers(const Subject& subject, const ToolRule& entry,
                                     Class action_class);
// What the layers ask of every such call.
void add_layers(const Subject& subject, const ToolRule& entry, Class action_class,
                Question& question);
void check_rows_that_may_ask(const Subject& subject, const ToolRule& entry, Class action_class,
                             const Question& question);
void check_layers(const Subject& subject);
void summarise_layers(const Policy& policy, std::vector<std::string>& lines);
// `line 12`, or `org.yaml:12` of a layer.
std::string place_of(const Policy& policy, const Rule& rule);

void check_ceilings(const Subject& subject);
// The part of it that says which limits nothing here can measure.
void check_metering(const Subject& subject);
void check_people(const Subject& subject);
// The part of it that says whether a reviewer can answer what waits.
void check_answerers(const Subject& subject);
// persons.cpp. The deployment file's people; and whether who started a run could stand in the way
// of a question that is asked of just so many as it needs.
void check_persons(const Subject& subject);
void check_place_of_sponsor(const Subject& subject, const Position& at, const std::string& tool,
                            const Question& question);
// Whether the calls of `vigilance` would be held.
void check_seeds(const Subject& subject);
void check_contacts(const Subject& subject);
void check_stages(const Subject& subject);
void check_times(const Subject& subject);
void check_reach(const Subject& subject);
// Expressions that let more through than they seem to.
void check_conditions(const Subject& subject);
// Expressions that are always true or never, and cases that never decide.
void check_always(const Subject& subject);
// Examples of an entry that the tool's own schema refuses before any rule is asked.
void check_call_examples(const Subject& subject);
// Rules of an argument that no value passes.
void check_contradictions(const Subject& subject);
// Counters that stop nothing, or everything, or whose sums can be told apart by spelling.
void check_counters(const Subject& subject);
// Fields of `scope` that no tool of the entry returns, by the schemas of what they return.
void check_scopes(const Subject& subject);
// Risks that are accepted and change nothing.
void check_risks(const Subject& subject);
// Optional arguments whose absence means more, by the packs in force.
void check_packs(const Subject& subject);
// Fills the table, and finds entries that do not fit what is offered.
void check_tools(const Subject& subject);
// The persons behind these names who may decide something: auditors decide nothing.
std::set<std::string> answerers(const Deployment& deployment,
                                const std::vector<std::string>& reviewers);
// Whether all of these persons are programs (`automatic`).
bool only_programs(const Deployment& deployment, const std::set<std::string>& persons);
// `may_request`: whether it could be granted; and what it would be, in sentences.
void check_askable(const Subject& subject);
void say_askable(const Subject& subject, std::vector<std::string>& lines);
// `status` must be one of `cancelled`, `refunded`.
std::string argument_sentence(const ArgumentRule& rule);
void summarise(const Subject& subject);

// How messages call the argument of a rule, escaped.
std::string argument_of(const ArgumentRule& rule);
// `2.00 USD`, exactly.
std::string money(std::uint64_t nano_usd);
// Whether requests to models go through pawl here.
bool meters_models(const Subject& subject);

}  // namespace pawl::checking
