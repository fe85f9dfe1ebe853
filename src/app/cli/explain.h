// How an explanation looks: for a person, the deciding line first; or as JSON.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/admit/trace.h"

namespace pawl {
class Policy;
struct BoundTool;
struct Deployment;
}  // namespace pawl

namespace pawl::app {

// What the text is made of. Everything lives as long as the look at the call.
struct Explanation {
  const Policy& policy;
  const Deployment& deployment;
  const Call& call;
  const BoundTool* tool;
  const Trace& trace;
  std::string source;  // the policy file's bytes
};

// `columns_max`: 0 for no limit.
std::string explain_text(const Explanation& explanation, std::size_t columns_max);
std::string explain_json(const Explanation& explanation);

// The line of a text with a mark below its column, as a compiler shows it; empty where the place is
// unknown. Ends with a line break.
std::string quoted_line(const std::string& source, const Position& at, std::size_t columns_max);

// What the agent would read.
std::string agent_reads(const Explanation& explanation);

}  // namespace pawl::app
