// The first policy for a role, from the lists of its servers' tools.
//
// Everything that the server says is untrusted text: names are quoted, descriptions stand in
// comments, made visible and cut. A name that the policy would read as a pattern, or that cannot
// be told apart from another, is never granted.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "node/servers/tool_discovery.h"

namespace pawl::app {

struct FirstPolicy {
  std::string text;
  std::size_t granted = 0;    // entries that only read, and run without asking
  std::size_t asking = 0;     // entries that a person answers each time
  std::size_t held = 0;       // entries that a person answers as long as the stage is `new`
  std::size_t commented = 0;  // tools that nothing places: they stand there behind a `#`
  std::size_t left_out = 0;   // tools whose names cannot stand in a policy
  std::size_t entries() const { return granted + asking + held; }
};

struct OfferedServer {
  std::string name;  // in the policy, where there are several
  std::string line;  // how it is started or reached, for the comment at the top
  node::DiscoveredTools offer;
};

// Who writes it, and where, for the lines that say who answers; empty: the lines stand there behind
// a
// `#`.
struct Author {
  std::string person, host;
};

// One without entries grants nothing and does not load before a person takes a `#` away.
// `served`: runs of this role go on for as long as callers come back, so its ceilings are about a
// length of time and not about a run.
FirstPolicy first_policy(const std::vector<OfferedServer>& servers, const std::string& role,
                         bool served, const Author& author);

}  // namespace pawl::app
