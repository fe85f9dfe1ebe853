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

}  // namespace pawl
