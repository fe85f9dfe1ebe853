// The line that `decide` answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"

namespace pawl {

class Policy;

// What the caller has to do with a call, besides letting it run or not.
struct Obligations {
  const Question* approval = nullptr;  // of a hold
  std::string forward;                 // canonical arguments, where they differ
  std::string halt;                    // why the run halts with this line
  std::string notify;                  // why a person is told
  const std::vector<std::string>* scope = nullptr;
  std::string result;  // the projection, where a result was given
  std::vector<std::string> withheld;
  std::string warning;  // that the run goes in circles
};

struct LineDecision {
  Effect effect = Effect::deny;
  Code code = Code::internal;
  const Rule* rule = nullptr;
  std::string reason;
  std::string class_text;  // empty: null
  std::string_view run;    // empty: null
  Obligations obligations;
};

// `policy` names who is told.
std::string to_json(const LineDecision& decision, const Policy& policy);

}  // namespace pawl
