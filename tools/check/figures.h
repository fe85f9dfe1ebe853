// What the house measures about itself: a table of figures, each with the bound that
// CONTRIBUTING.md states. Printed by `pawl_check --root . figures`; a figure is not a rule, and
// none of them fails a build.
#pragma once

#include <string>
#include <vector>

#include "tree.h"

namespace pawl::check {

struct Figure {
  std::string what;
  std::string value;
  std::string bound;  // as CONTRIBUTING.md has it
};

// Production code is `src` and `include` without tests and what only tests include.
std::vector<Figure> figures(const Tree& tree);

}  // namespace pawl::check
