// A layer: what an organisation or a team asks of every call of every role.
//
// The deployment file names the layers, so that a role cannot opt out. A layer grants nothing: its
// ceilings, blocked names, freezes, contacts and secrets are put together with the role's own when
// the policy is loaded (the smallest, or all of them), and its `require` is asked of every call
// after the role's own cases, with the class that is in force then. An expression that fails counts
// as true. Exceptions stand in the layer that they weaken, name one role and one tool, and end; an
// expression of theirs that fails counts as false, and where the clock is suspect none counts. Of
// several that match, the one that asks least holds: each says what the layer asks at most, so that
// the end of one never weakens anything.
// Threads: immutable after load.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/condition/condition.h"
#include "kernel/config/name.h"
#include "kernel/policy/cases.h"
#include "model/verdict.h"

namespace pawl {

// One of `require`.
struct Requirement {
  Rule rule;  // `layers/NAME/require/1`
  std::shared_ptr<const Condition> condition;
  Effect then = Effect::deny;  // notify, hold or deny
  ApprovalTerms approval;      // of one that holds; without routes
  Words words;                 // `say` only
};

// One of `except`.
struct Exception {
  Rule rule;                                   // `layers/NAME/except/1`
  std::string role;                            // whose calls
  NamePattern tool;                            // of which tool; no glob
  std::shared_ptr<const Condition> condition;  // null: every such call
  Effect then = Effect::hold;                  // what the layer asks at most: allow, notify or hold
  Instant until{};
  std::string reason;
};

struct Layer {
  std::string name, owner;
  std::string file;  // as the deployment file names it
  Rule rule;         // `layers/NAME`
  std::vector<Requirement> requirements;
  std::vector<Exception> exceptions;
  std::string bundled;  // its part of a bundle: the bytes, the lists, the resolved freezes
};

// The bytes of a layer file. `read` gives the list files beside it.
struct LayerSource {
  std::string file, text;
  std::function<Result<std::string>(std::string_view path)> read;
};

inline constexpr std::size_t layers_max = 16;
inline constexpr std::size_t requirements_max = 64;  // of all layers of a policy

// A reviewer who has to be in two groups: `security & support-leads` in a list of reviewers.
inline constexpr std::string_view also_mark = " & ";
// The names that have to be true of one person together; one, for most reviewers.
std::vector<std::string_view> parts_of_reviewer(std::string_view reviewer);
// Who may answer for both; an empty list permits every reviewer.
std::vector<std::string> reviewers_of_both(const std::vector<std::string>& these,
                                           const std::vector<std::string>& those);

}  // namespace pawl
