// Answers to questions, as acts of a reviewer: what the commands and the live list have in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/client.h"
#include "base/json.h"

namespace pawl::app {

struct Deciding {
  bool approve = false;
  std::string person, reason;
  // What the approval is good for besides its call.
  std::uint64_t identical = 0;
  bool for_run = false;
};

// One question, as it was displayed; what the node says to that.
Result<json::Document> send_answer(NodeConnection& node, const Deciding& how, json::View question,
                                   const std::string& typed);

// Several questions with what their calls would take together, for this person to read, and what
// stands in the way of them. `full` folds nothing.
Result<json::Document> questions_together(NodeConnection& node, const std::vector<std::string>& ids,
                                          bool full, const std::string& person);
// Answers all of them in one act, as they were displayed: asks on the terminal for what has to be
// typed of each.
// What the node says to that.
Result<json::Document> send_answers(NodeConnection& node, const Deciding& how, json::View together);

}  // namespace pawl::app
