// The first policy for a server, from the list of its tools.
//
// Everything that the server says is somebody else's text: names are quoted, descriptions stand in
// comments, made visible and cut. A name that the policy would read as a pattern, or that cannot
// be told apart from another, is never granted.
#pragma once

#include <cstddef>
#include <string>

#include "node/servers/tool_discovery.h"

namespace pawl::app {

struct FirstPolicy {
  std::string text;
  std::size_t granted = 0;   // entries that run without asking, once the stage allows it
  std::size_t asking = 0;    // entries that a person answers each time
  std::size_t blocked = 0;   // tools that nothing places
  std::size_t left_out = 0;  // tools whose names cannot stand in a policy
};

// A policy that grants nothing does not load: look at `granted` and `asking` first.
// `command`: how the server was started, for the comment at the top.
FirstPolicy first_policy(const node::DiscoveredTools& offer, const std::string& role,
                         const std::string& command);

}  // namespace pawl::app
