// Recorded runs of agents, one JSON object a line: what a person asked, what the agent called and
// was answered, and for an attack which of the calls realise its goal.
//
// What a policy may know (role, words, calls, results) and what only the score may know (label,
// goal) are two structs, so that nothing can look at the wrong one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace pawl::score {

struct RecordedCall {
  std::string tool, arguments, result;  // arguments: JSON; result: as printed
  bool executed = false;
};

struct RecordedRun {
  std::string role, words;
  std::vector<RecordedCall> calls;
};

struct Truth {
  bool attack = false;
  std::string task;  // which of the role's tasks it is: for splits
  // Groups of calls that realise the goal; the attack fails when all of one group are stopped.
  std::vector<std::vector<std::size_t>> goal;
};

struct Recorded {
  RecordedRun run;
  Truth truth;
};

Result<Recorded> parse_recorded(std::string_view line);

// `{role: [{name, inputSchema…}]}`: the schema of each tool as JSON.
struct ToolSchema {
  std::string role, tool, schema;
};
Result<std::vector<ToolSchema>> parse_tools(std::string_view text);

}  // namespace pawl::score
