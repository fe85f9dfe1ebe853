// What the gate found out before it asked the kernel. Gathered, recorded, then only data: replay
// reads the same facts and must reach the same verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "lang/sql/summary.h"
#include "model/spend.h"

namespace pawl {

// How a tool's definition stands against `pawl.lock`.
enum class PinState : std::uint8_t {
  none,          // this door has no pins (`decide`)
  accepted,      // equal to the accepted definition
  first_use,     // never seen, no lock: recorded in development, denied in production
  changed,       // differs from what was accepted, or new under a lock
  hidden,        // holds invisible characters: can never be accepted
  ambiguous,     // another tool has a name that cannot be told apart
  unknown_tool,  // the server does not offer it
};
std::string_view to_string(PinState pin);
std::optional<PinState> parse_pin(std::string_view text);

// Where a path argument really is; see kernel/constraint.
struct PathFact {
  std::string pointer;   // JSON pointer into the arguments
  std::string resolved;  // absolute, symlinks followed as far as the path exists; empty: lexical
  std::string failure;   // why it could not be resolved; a failing fact fails the constraint
};

// Where a program of a command line is: the file that its word leads to in the directories that the
// policy names, and the same with links followed. Both empty: it is in none of them.
struct ProgramFact {
  std::string word;
  std::string found, real;
};

// Where a value of the arguments came from; see kernel/origin. A value without a fact came from
// nowhere that counts.
struct OriginFact {
  std::string pointer;  // JSON pointer into the arguments
  std::string part;     // a host that a text mentions; empty: the value as a whole
  std::string source;   // as the policy spells it: `user`, `tool.field.path`
  std::string call;     // whose result it was; empty for `user`
};

// The answer of people that this call may use: found by its binding, not yet consumed.
struct ApprovalFact {
  std::string approval;
  std::string binding;   // what was approved; admit compares it with what it computes itself
  bool granted = false;  // quorum reached, every reviewer still entitled
  std::string rejected_by, reason;
  bool expired = false;
};

struct Facts {
  PinState pin = PinState::none;
  std::string definition;  // digest, empty where none is known
  std::vector<PathFact> paths;
  std::vector<sql::Fact> sql;
  std::vector<ProgramFact> programs;  // of the lines under `commands`, each word once
  bool programs_known = false;        // false: not looked up; programs are judged by their words
  std::vector<OriginFact> origins;
  std::optional<ApprovalFact> approval;
  std::optional<ModelFact> model;  // of a request to a model
  // How often the call, or the cycle that it goes on with, was repeated without a new result.
  std::uint64_t repeats = 0;
  bool clock_suspect = false;  // the wall clock drifted beyond the bound: freezes are strict
  std::string fault;           // why the node gives no grants at all; empty: it does
};

std::string to_json(const Facts& facts);
Result<Facts> parse_facts(json::View view);

}  // namespace pawl
