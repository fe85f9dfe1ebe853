// A person, group or address that is notified when people have to hear of something.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace pawl {

struct Contact {
  std::string name, via;  // via: a way and a goal, see `Way`
  Duration after{};       // since the event
  Position at;
};

// `slack:#channel`, `slack:@person` (of the deployment file), `slack:U024BE7LH`;
// `pagerduty:SERVICE`; `webhook:NAME`; `mail:ADDRESS`; `command: LINE`. A goal that begins with `#`
// alone is a channel of Slack's, as `on_budget_exceeded.notify` has it.
struct Way {
  std::string kind, goal;
};
// Nothing where it is none of them.
std::optional<Way> parse_way(std::string_view via);

}  // namespace pawl
