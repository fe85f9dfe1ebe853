// A policy in sentences, and as a table of tool by environment: for people who read no YAML.
//
// The table says what would happen to a call that keeps the constraints of its entry, in each
// environment, at the autonomy stage that the file claims. Effects come from the same decision
// table as every call's. Values that a list names are said, the first few of them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/time.h"
#include "kernel/deployment/deployment.h"
#include "kernel/policy/policy.h"
#include "model/verdict.h"

namespace pawl {

inline constexpr std::array described_environments = {
    Environment::development, Environment::staging, Environment::production};

struct Description {
  // What happens in one environment.
  struct Cell {
    Effect effect = Effect::deny;
    std::uint8_t quorum = 1;
    bool typed = false;
  };
  struct Tool {
    std::string name;
    std::string class_text, class_source, stage;
    std::vector<std::string> sentences;
    std::array<Cell, described_environments.size()> cells;
  };

  std::string role;
  Environment environment = Environment::none;  // the file's own
  std::vector<std::string> about;               // sentences about the whole file
  std::vector<Tool> tools;                      // one for each granted name
  std::vector<std::string> blocked;
};

// `deployment` may be null.
Description describe(const Policy& policy, const Deployment* deployment, Instant now);

}  // namespace pawl
