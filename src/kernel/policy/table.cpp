#include "kernel/policy/table.h"

namespace pawl {

namespace {

Default for_irreversible_small(Stage stage) {
  return {Effect::hold, stage == Stage::fresh, 1};
}

Default for_irreversible_large(Stage stage) {
  return {Effect::hold, true, static_cast<std::uint8_t>(stage == Stage::mature ? 1 : 2)};
}

Default column(Class c, Stage stage, bool gate_reads) {
  constexpr Default allow{Effect::allow, false, 1};
  constexpr Default notify{Effect::notify, false, 1};
  constexpr Default hold{Effect::hold, false, 1};
  const bool fresh = stage == Stage::fresh;
  switch (c.reversibility) {
    case Reversibility::read_only:
      return fresh && gate_reads ? hold : allow;
    case Reversibility::reversible:
      if (fresh) return hold;
      return c.blast == Blast::small ? allow : notify;
    case Reversibility::irreversible:
      return c.blast == Blast::small ? for_irreversible_small(stage)
                                     : for_irreversible_large(stage);
  }
  return {Effect::hold, true, 2};
}

}  // namespace

Default default_for(Class c, Stage stage, bool claimed, bool gate_reads, Environment environment) {
  Default found = column(c, claimed ? stage : Stage::established, gate_reads);
  // Without a claim the file's own quorum is the only one that anybody has agreed to.
  if (!claimed) found.quorum = 1;
  if (environment == Environment::production && c.reversibility == Reversibility::irreversible) {
    found.typed = true;
  }
  return found;
}

}  // namespace pawl
