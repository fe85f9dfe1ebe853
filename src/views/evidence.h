// What the gate found out about a call, for a person who has to answer: where paths really lead,
// which programs a command line starts and what is dangerous about them, what a statement of SQL
// does. Shown beside the arguments, which are what is approved.
//
// All of it goes through the escaping writer. What could not be found out is said, and never left
// out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace pawl {
class Policy;
struct ToolRule;
}  // namespace pawl

namespace pawl::views {

// `facts`: of the canonical JSON of Facts, as the decision's record has it; nothing for an empty
// text. What only says again what stands in `arguments` is left out: a path that leads to itself.
void write_facts(json::Writer& out, std::string_view facts, json::View arguments = {});

// A part of a displayed text that a person should look at. In UTF-16 units, as pages count.
struct ShownMark {
  std::uint32_t from = 0, to = 0;
  std::string why;
};
struct LineEvidence {
  std::vector<std::string> notes;
  std::vector<ShownMark> marks;  // empty where the text is not displayed as it is
};

// The entry that a tool's calls are judged by, or null. `tool` with or without its server.
const ToolRule* entry_of(const Policy& policy, std::string_view tool);

// Of an argument that holds a command line, as the entry says; nothing for any other. `shown` is
// its text as displayed.
LineEvidence line_evidence(const ToolRule& entry, std::string_view argument, json::View value,
                           std::string_view shown);

}  // namespace pawl::views
