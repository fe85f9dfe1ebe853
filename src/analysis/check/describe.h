// A policy in sentences, and as a table of tool by environment: for people who read no YAML.
//
// The table says what happens to a call that keeps the constraints of its entry, in each
// environment, at the autonomy stage that the file claims; where that depends on the call, by its
// cases, commands and values. Effects come from the same decision table as every call's. Values
// that a list names are said, the first few of them.
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
    std::vector<Effect> effects = {};  // the mildest first; none: it does not arise here
    std::uint8_t quorum = 1;
    bool typed = false;

    Effect strictest() const { return effects.empty() ? Effect::deny : effects.back(); }
    // `allow / hold x2 typed`
    std::string text() const;
  };
  using Cells = std::array<Cell, described_environments.size()>;
  // What it depends on, `where …` or `for …`.
  struct Part {
    std::string when;
    Cells cells;
  };
  struct Tool {
    std::string name;
    std::string class_text, class_source, stage;
    std::vector<std::string> sentences;
    Cells cells;
    std::vector<Part> parts;  // none where every call gets the same
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
