#include "kernel/config/contact.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pawl {

std::optional<Way> parse_way(std::string_view via) {
  constexpr std::array<std::string_view, 5> kinds = {"slack", "pagerduty", "webhook", "mail",
                                                     "command"};
  if (via.starts_with('#')) return Way{"slack", std::string(via)};
  const std::size_t colon = via.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view kind = via.substr(0, colon);
  if (std::ranges::find(kinds, kind) == kinds.end()) return std::nullopt;
  const std::string_view goal = trim(via.substr(colon + 1));
  if (goal.empty()) return std::nullopt;
  return Way{std::string(kind), std::string(goal)};
}

}  // namespace pawl
