// The class of an action: reversibility x blast radius, and whether it can carry data outside.
// Source of the rule: policy rule 11; the table that it decides is kernel/policy/table.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl {

enum class Reversibility : std::uint8_t { read_only, reversible, irreversible };
enum class Blast : std::uint8_t { small, large };

// Ordered by danger within each mark. There is no default: a class is always said or found.
struct Class {
  Reversibility reversibility;
  Blast blast;
  bool external_sink = false;

  bool has_effect() const { return reversibility != Reversibility::read_only; }
  friend bool operator==(const Class&, const Class&) = default;
};

// What neither file, pack nor knowledge base can place.
inline constexpr Class kMostDangerous{Reversibility::irreversible, Blast::large, false};

// Each mark at its more dangerous value.
Class more_dangerous(Class a, Class b);

// True where `a` claims less danger than `b` in reversibility or blast radius.
bool less_dangerous(Class a, Class b);

// `read_only`, `reversible small`, `irreversible large`; with ` external_sink` behind it where the
// mark is set. A read has no blast radius and is written without one.
std::string to_string(Class c);
std::string_view to_string(Reversibility r);
std::string_view to_string(Blast b);

// Reads the spelling above; words in any order, `read only` accepted, `reversible` alone refused
// (the radius must be said). Nothing on any other text.
std::optional<Class> parse_class(std::string_view text);

}  // namespace pawl
