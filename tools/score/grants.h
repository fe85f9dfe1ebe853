// Grants per task: which of a role's tools a run gets, from the words of its sponsor alone.
//
// A small deterministic program, and named for what it is: it looks for words. `tasks.yaml` beside
// a policy says which of its tools are always there, and for each of the others the words that ask
// for it, written by the owner of the role:
//   version: 1
//   always: [get_balance, read_file]
//   asked:
//     - {tools: [send_money], words: [pay, send, transfer]}
//     - {tools: [send_money], words: [refund], args: {recipient: {in: [...]}}}
// Where several rows grant a tool, one without `args` grants it as the role does, and else the
// first row's `args` hold. A word counts where a token of the text begins with it and is at most
// three letters longer
// (`refunds`, `paying`); what is only quoted does not count. What comes out is a task file of pawl:
// it can only take tools away from the role.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kernel/policy/policy.h"

namespace pawl::score {

struct Grants {
  struct Asked {
    std::vector<std::string> tools, words;
    std::string args;  // in YAML's flow style; empty: none
  };
  std::vector<std::string> always;
  std::vector<Asked> asked;
};

Result<Grants> load_grants(std::string_view text, const std::string& file);

// The task file for a run of that role with these words.
std::string task_file(const Grants& grants, const Policy& role, std::string_view words);

}  // namespace pawl::score
