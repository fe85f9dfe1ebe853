// The default decision table: class and stage give the default effect. A policy may be
// stricter freely, and laxer only with `accept_risk`.
#pragma once

#include <cstdint>

#include "kernel/policy/policy.h"
#include "model/verdict.h"

namespace pawl {

struct Default {
  Effect effect;        // allow, notify or hold
  bool typed;           // typed confirmation of what is at stake
  std::uint8_t quorum;  // persons
};

// `claimed` says that the file has an `autonomy:` key; without one the column `established` applies
// with the file's own quorum (rule 12). In production irreversible calls need typed confirmation
// in every column.
Default default_for(Class c, Stage stage, bool claimed, bool gate_reads, Environment environment);

// What class and stage ask of one call of an entry. `requires_approval: false` alone loosens
// nothing: the table stands until a reviewer accepts the risk of that very line in writing
// (`accept_risk: [{rule: "tools/NAME/requires_approval", …}]`). Then the call runs and a person is
// told. An irreversible call in production is asked for all the same, and so is one whose class is
// more dangerous than the tool's: accepting the one does not accept the other.
struct AskedByClass {
  Default asks;
  Stage stage = Stage::established;
  bool accepted = false;  // a person was told instead of asked
};
AskedByClass asked_by_class(const Policy& policy, const ToolRule& entry, Class of_tool,
                            Class in_force, Environment environment, Instant now);

}  // namespace pawl
