// What a run may do less than its role: fewer tools and smaller ceilings, never more.
//
// A run may start another one for a sub-agent. What the other may do is narrowed from what the
// first may do, so that along a chain it only shrinks. That the ceilings of several children come
// out of their parent's is counted by the gate; here each alone is at most the parent's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lang/jose/refusal.h"

namespace pawl::jose {

enum class Limit : std::uint8_t {
  steps,
  denials,
  tokens,
  cost_nano_usd,
  wall_clock_ms,
  calls,    // that are executed
  records,  // that they touch
};

std::string_view name_of(Limit limit);
std::optional<Limit> limit_named(std::string_view name);

inline constexpr std::size_t attenuated_tools_max = 256;
inline constexpr std::size_t tool_bytes_max = 256;
// The largest number that every reader of JSON keeps.
inline constexpr std::uint64_t limit_value_max = (1ULL << 53) - 1;

struct Attenuation {
  std::optional<std::vector<std::string>> tools;  // names and globs; absent: all that the role has
  std::map<Limit, std::uint64_t> limits;          // an absent one is the role's

  bool empty() const { return !tools && limits.empty(); }
  friend bool operator==(const Attenuation&, const Attenuation&) = default;
};

// `wanted`, with whatever it leaves open taken from `outer`. Flaw::wider names the tool or the
// ceiling that is more than `outer` has. A glob is inside of a list that has the same glob.
Checked<Attenuation> narrow(const Attenuation& outer, const Attenuation& wanted);

void write(const Attenuation& attenuation, json::Writer& out);
// `{"limits": {…}, "tools": […]}`; anything else in it is refused: it would not be enforced.
Checked<Attenuation> read_attenuation(json::View value);

}  // namespace pawl::jose
