// Which rules a stage looks at, what they see and what they ask for. Descriptions only: whether a
// stage objects is what its own function says, and a rule's answer is what the stage's own function
// for one rule says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/admit/trace.h"

namespace pawl {

// The looks of the stage of this name, which holds or denies; empty for a stage without rules.
// Precondition: no earlier stage denied.
std::vector<ExplainedStep> looks_of(std::string_view stage, bool can_deny,
                                    const Situation& situation);

// One rule about arguments; `that_hold` is which kind of objection counts.
ExplainedStep argument_look(const Situation& situation, const ArgumentRule& rule, bool that_hold);

// looks.cpp
std::vector<ExplainedStep> looks_of_counters(const Situation& situation);

// looks.cpp
std::vector<ExplainedStep> looks_of_environment(const Situation& situation);
std::vector<ExplainedStep> looks_of_credential(const Situation& situation);
// Of a tool that a line of `may_request` has, and of a request for it.
std::vector<ExplainedStep> looks_of_grant(const Situation& situation);
std::vector<ExplainedStep> looks_of_access(const Situation& situation);

// looks.cpp. Precondition: the situation has values.
ExplainedStep look_of_condition(const Situation& situation, std::uint16_t place, std::string about);
std::vector<ExplainedStep> looks_of_cases(const Situation& situation);
// The rows that can deny, or those that ask.
std::vector<ExplainedStep> looks_of_layers(const Situation& situation, bool that_deny);

// Whether `looks_of` knows the stage: a test asks it for every row of the tables.
bool describes(std::string_view stage, bool can_deny);

}  // namespace pawl
