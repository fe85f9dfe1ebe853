// How many records a call touches, where the policy does not say.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/constraint.h"

namespace pawl {
namespace {

// An argument of such a name chooses records by itself; they cannot be counted before.
constexpr std::array choosers = std::to_array<std::string_view>({
    "all",      "condition", "conditions", "criteria",  "expression", "filter", "filters", "glob",
    "matcher",  "pattern",   "patterns",   "predicate", "queries",    "query",  "regex",   "search",
    "selector", "selectors", "sql",        "statement", "statements", "where",
});

bool chooses(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  return !words.empty() && std::ranges::find(choosers, words.back()) != choosers.end();
}

// Records below one value; nothing where two lists beside each other leave it open which counts.
// 0 says that there is no list below.
std::optional<std::uint64_t> below(json::View value);

std::optional<std::uint64_t> below_members(json::View object) {
  std::uint64_t count = 0;
  for (auto [name, value] : object.members()) {
    if (chooses(name) && !value.is_null()) return std::nullopt;
    const std::optional<std::uint64_t> inner = below(value);
    if (!inner || (*inner > 0 && count > 0)) return std::nullopt;
    count += *inner;
  }
  return count;
}

std::optional<std::uint64_t> below(json::View value) {
  if (value.is_object()) return below_members(value);
  if (!value.is_array()) return 0;
  std::uint64_t count = 0;
  for (json::View element : value.elements()) {
    const std::optional<std::uint64_t> inner = below(element);
    if (!inner) return std::nullopt;
    count += std::max<std::uint64_t>(*inner, 1);
  }
  // Whatever an empty list means to the tool, the call is charged for one.
  return std::max<std::uint64_t>(count, 1);
}

struct Count {
  std::vector<std::string> lists;
  std::vector<std::string> choosing;
};

void look(const Shape& shape, const std::string& name, Count& into) {
  if (shape.element != nullptr || shape.type == ValueType::array) {
    const std::size_t before = into.lists.size();
    if (shape.element != nullptr) look(*shape.element, name + "[]", into);
    if (into.lists.size() == before) into.lists.push_back(name);
    return;
  }
  for (const Shape::Property& property : shape.properties) {
    const std::string inner = name.empty() ? property.name : name + "." + property.name;
    if (chooses(property.name)) into.choosing.push_back(inner);
    look(property.shape, inner, into);
  }
}

std::string joined_keys(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", shown_name(name));
  }
  return out;
}

}  // namespace

std::optional<std::uint64_t> count_records(json::View arguments) {
  const std::optional<std::uint64_t> count = below(arguments);
  return count ? std::optional(std::max<std::uint64_t>(*count, 1)) : std::nullopt;
}

Status countable(const Shape& shape) {
  Count count;
  look(shape, {}, count);
  if (!count.choosing.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("records cannot be counted: {} chooses them; say `records:`",
                            joined_keys(count.choosing)));
  }
  if (count.lists.size() > 1) {
    return fail(ErrorKind::invalid,
                fmt::format("records cannot be counted: {} are lists; say `records:`",
                            joined_keys(count.lists)));
  }
  return {};
}

}  // namespace pawl
