// What `pawl check` says about a policy: errors, gaps, and a table that a reviewer reads.
//
// Errors are what must not go into force: mistakes of the file, entries that do not fit the tools a
// server offers, questions that no reviewer could answer. Findings are gaps that a file may have
// outside production (no owner, no person who is told, ceilings that nothing meters); in production
// those of the weight `error_in_production` are errors. The table says for every tool what would
// happen to a call that satisfies the entry's constraints. Pure: the time comes in as an argument.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/definition/definition.h"
#include "kernel/deployment/deployment.h"
#include "kernel/policy/policy.h"
#include "model/verdict.h"

namespace pawl {

struct CheckReport {
  // One tool, or one name of the policy where no server was asked.
  struct Row {
    std::string tool;
    std::string class_text;    // `reversible small`
    std::string class_source;  // `stated`, `name: update`, …
    Effect effect;             // the strictest of `effects`
    std::string approval;      // who answers, how many, how long; empty where no one is asked
    std::string records;       // how many records one call counts as
    std::string why;           // why it is denied; empty otherwise
    // What may happen to a call that keeps the limits of its entry, the mildest first.
    std::vector<Effect> effects = {};
    // Where that differs: what it depends on, and what happens then.
    struct Part {
      std::string when;
      Effect effect;
      std::string approval;
    };
    std::vector<Part> parts = {};

    std::string verdict() const;  // `allow / hold`
  };

  std::vector<Error> errors;  // in the order of the file
  std::vector<Finding> findings;
  std::vector<std::string> summary;  // sentences about the whole file
  std::vector<Row> table;

  bool passes() const { return errors.empty(); }
};

// A layer file alone, as `load_layer` reads it.
CheckReport check_layer(const Loaded& loaded, Instant now);

// Where the definitions of a check come from: what a server offers now, or what the lock accepts,
// which may leave tools out.
enum class KnownBy : std::uint8_t { offered, accepted };

// `deployment` may be null (no deployment file), `live` empty (nothing is known of the tools).
// `production` is the flag of the command; a file with `environment: production` needs none.
CheckReport check(const Loaded& loaded, const Deployment* deployment,
                  std::span<const ToolDefinition> live, Instant now, bool production,
                  KnownBy by = KnownBy::offered);

// What has to be true of a policy before it is in force, for the person who brings it there: `pawl
// check` is not always asked before. That people can answer what it would ask, and that this set-up
// can measure what its ceilings limit, or that a reviewer accepted that it cannot. In production
// these are errors, and elsewhere findings.
CheckReport check_before_use(const Policy& policy, const Deployment& deployment, Instant now);

// From `now` on and before this moment, that answer is the same for the same policy and deployment:
// the next end of a risk that was accepted, of a freeze, or of an exception from a layer.
Instant same_before_use_until(const Policy& policy, Instant now);

}  // namespace pawl
