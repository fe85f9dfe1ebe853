// The stages of admit(), in the order of the life of a call. A stage is one row of a table in
// stages.cpp, the only place that names them all: what it decides, what it explains, and whether
// it counts while a role is watched and not stopped.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/admit/admit.h"
#include "kernel/policy/cases.h"
#include "kernel/policy/policy.h"

namespace pawl {

struct ExplainedStep;  // kernel/admit/trace.h

// Whether a stage counts while a role is watched and not stopped (let_through.h). A new stage is
// enforced unless its row says that it is watched.
enum class Rollout : std::uint8_t { enforced, watched };

// Which rules of the stage apply to a call and what they see, for an explanation. Null: the stage
// has no rules of its own, or those of the deny stage of its name explain it.
using ExplainStage = std::vector<ExplainedStep> (*)(const Situation& situation);

// A stage that may refuse. `objects` is true where it does: then it has said why in the verdict's
// reason (and `halt` and `retry` where they apply). Where it is false, the stage may have added
// rewrites and the reservation.
struct DenyStage {
  std::string_view name;
  bool (*objects)(const Situation& situation, Verdict& verdict);
  ExplainStage explain;
  Rollout rollout = Rollout::enforced;
};
std::span<const DenyStage> deny_stages();
// Goes through them in order until one objects.
bool any_objects(const Situation& situation, Verdict& verdict);
// The first of them, which read the state of the node and the run only.
std::span<const DenyStage> run_stages();

// What the stages together want before the call runs: their union, the strictest of each. Nothing
// in it is made unless some stage asks, so that an allowed call costs no memory.
struct Asked {
  bool hold = false;
  bool notify = false;  // let it run and tell a person
  bool typed = false;
  std::uint8_t quorum = 1;
  const Rule* rule = nullptr;          // the line of the first stage that holds
  Code code = Code::approval_pending;  // `origin` or `constraint` where nothing but values asks
  std::string why;                     // their reasons, separated by `; `
  // In force, as the verdict has them.
  Class action_class = kMostDangerous;
  Environment environment = Environment::none;
  std::uint64_t cases = 0;
  const Words* words = nullptr;           // of the first case that holds
  const CommandApproval* wish = nullptr;  // of rows that hold
  std::uint64_t layers = 0;               // a bit for each row of `require` that holds
  bool by_role = false;                   // something else than a layer asks too
  bool by_value = false;                  // a value of the arguments is a reason
  bool frozen = false;                    // a freeze is

  // Nothing asked yet, about a call that the deny stages let pass.
  static Asked about(const Verdict& verdict);
  void ask(const Rule* by, std::string_view reason, bool type_it = false, std::uint8_t persons = 1);
};
struct HoldStage {
  std::string_view name;
  void (*asks)(const Situation& situation, Asked& asked);
  ExplainStage explain;
  Rollout rollout = Rollout::enforced;
};
std::span<const HoldStage> hold_stages();
void ask_all(const Situation& situation, Asked& asked);

// The class of this call before its cases are judged.
inline Class class_of(const Situation& s) {
  return s.tool == nullptr ? kMostDangerous : s.tool->class_of(s.call.arguments);
}

// deny_node.cpp: the node, the switch, the run, its ceilings.
bool deny_fault(const Situation& s, Verdict& v);
bool deny_kill(const Situation& s, Verdict& v);
bool deny_run_state(const Situation& s, Verdict& v);
bool deny_identity(const Situation& s, Verdict& v);
bool deny_run_ceilings(const Situation& s, Verdict& v);

// repeats.cpp: a run that goes in circles.
bool deny_repeats(const Situation& s, Verdict& v);
void ask_repeats(const Situation& s, Asked& asked);

// deny_tool.cpp: the tool, its definition, its arguments.
bool deny_blocked(const Situation& s, Verdict& v);
bool deny_grant(const Situation& s, Verdict& v);
bool deny_pin(const Situation& s, Verdict& v);
bool deny_constraints(const Situation& s, Verdict& v);

// deny_commands.cpp: the line of a command tool.
bool deny_commands(const Situation& s, Verdict& v);
void ask_commands(const Situation& s, Asked& asked);
// The stricter of each; false where no reviewer could answer both.
bool unite(Question& into, const Question& other);

// deny_schema.cpp: the arguments against the tool's own schema.
bool deny_schema(const Situation& s, Verdict& v);

// deny_environment.cpp: sets the environment in force, where an argument of the call says it.
bool deny_environment(const Situation& s, Verdict& v);
// Sets the credential that the call would use.
bool deny_credential(const Situation& s, Verdict& v);

// deny_cases.cpp: the entry's condition and cases; sets the class in force.
bool deny_cases(const Situation& s, Verdict& v);

// layers.cpp: what organisation and team ask, with the class that is in force.
bool deny_layers(const Situation& s, Verdict& v);
void ask_layers(const Situation& s, Asked& asked);

// access.cpp: requests for what the policy only lets be asked for.
bool deny_access(const Situation& s, Verdict& v);
void ask_access(const Situation& s, Asked& asked);

// outside.cpp: what the arguments of a call may carry outside.
bool deny_outside(const Situation& s, Verdict& v);
void ask_outside(const Situation& s, Asked& asked);

// freeze.cpp
bool deny_freeze(const Situation& s, Verdict& v);
void ask_freeze(const Situation& s, Asked& asked);

// deny_limits.cpp: the limits of an entry.
bool deny_limits(const Situation& s, Verdict& v);
// As stated, or as the expression says; nothing where it fails or says less than nothing.
std::optional<std::uint64_t> records_of(const Situation& s);

// deny_counters.cpp: sums over arguments.
bool deny_counters(const Situation& s, Verdict& v);

// deny_model.cpp: a request to a model: what its provider may do itself, and what is left of tokens
// and money, of the run and of standing budgets.
bool deny_model(const Situation& s, Verdict& v);

// ask_cases.cpp
void ask_cases(const Situation& s, Asked& asked);
std::vector<std::string> reviewers_of(const Situation& s, const ApprovalTerms& terms, bool of_file);
// The terms of a question: those of the cases that hold the call, of the entry, of the file.
Question question_of(const Situation& s, const Asked& asked);

void add_typed(Question& question, const std::optional<TypedText>& typed);

// ask.cpp
void ask_requires_approval(const Situation& s, Asked& asked);
void ask_class(const Situation& s, Asked& asked);
void ask_arguments(const Situation& s, Asked& asked);

// Fills a reason. `says` holds no bytes of arguments and no entry of a list.
bool object(Verdict& v, Code code, const Rule* rule, std::string says);

}  // namespace pawl
