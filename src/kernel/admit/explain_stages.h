// What each stage of admit() has to say about a call, for the tables in stages.cpp: which of its
// rules apply, what they see and what they ask for. Descriptions only: whether a stage objects is
// what its own function says, and a rule's answer is what the stage's own function for one rule
// says. Private to this room.
//
// Precondition of each: no earlier stage denied the call.
#pragma once

#include "kernel/admit/trace.h"

namespace pawl {

// In the order of the stages.
ExplainedSteps explain_kill(const Situation& s);
ExplainedSteps explain_run_state(const Situation& s);
ExplainedSteps explain_identity(const Situation& s);
ExplainedSteps explain_run_ceilings(const Situation& s);
ExplainedSteps explain_repeats_that_halt(const Situation& s);
ExplainedSteps explain_repeats_that_hold(const Situation& s);
ExplainedSteps explain_blocked(const Situation& s);
// The entry, or the grant that covers the call of a tool that a line of `may_request` has.
ExplainedSteps explain_grant(const Situation& s);
ExplainedSteps explain_environment(const Situation& s);
ExplainedSteps explain_credential(const Situation& s);
ExplainedSteps explain_pin(const Situation& s);
ExplainedSteps explain_schema(const Situation& s);
ExplainedSteps explain_constraints(const Situation& s);
ExplainedSteps explain_held_arguments(const Situation& s);  // constraints that ask a person
ExplainedSteps explain_access(const Situation& s);
ExplainedSteps explain_cases(const Situation& s);
ExplainedSteps explain_commands(const Situation& s);
ExplainedSteps explain_layers_that_deny(const Situation& s);
ExplainedSteps explain_layers_that_ask(const Situation& s);
ExplainedSteps explain_outside_that_denies(const Situation& s);
ExplainedSteps explain_outside_that_holds(const Situation& s);
ExplainedSteps explain_freezes_that_deny(const Situation& s);
ExplainedSteps explain_freezes_that_hold(const Situation& s);
ExplainedSteps explain_limits(const Situation& s);
ExplainedSteps explain_counters(const Situation& s);
ExplainedSteps explain_model(const Situation& s);
ExplainedSteps explain_requires_approval(const Situation& s);
ExplainedSteps explain_class_and_stage(const Situation& s);

}  // namespace pawl
