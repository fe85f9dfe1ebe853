// What the layers of a policy ask of one call.
#pragma once

#include "kernel/admit/stages.h"

namespace pawl {

struct Layer;
struct Requirement;

// What this row asks, after the exceptions of its layer; `allow`: nothing. The situation has
// values, with the class in force.
Effect asked_by(const Situation& situation, const Layer& layer, const Requirement& row);

// Adds to a question what the rows that ask want of it.
void unite_layers(const Situation& situation, const Asked& asked, Question& question);

}  // namespace pawl
