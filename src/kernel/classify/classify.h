// The class of a tool that no policy has stated: the most dangerous reading of its name, its
// description, its annotations and its arguments.
//
// The knowledge base is a table of verbs (verbs.h): a word in the name places the tool; a word in
// the description or an annotation can only raise what the name said. A tool that nothing places is
// irreversible and large. Words are split at punctuation, digits and case changes, so
// `getAndDeleteRepo` is get, and, delete, repo: the most dangerous word wins.
#pragma once

#include <string>
#include <string_view>

#include "kernel/definition/definition.h"
#include "model/class.h"

namespace pawl {

struct Placement {
  Class action_class;
  bool placed;      // false: nothing placed it, so it is kMostDangerous
  std::string why;  // `name: delete`, `annotation: destructiveHint`, in words for check and card
};

Placement classify(const ToolDefinition& tool);
Placement classify_name(std::string_view tool_name);

}  // namespace pawl
