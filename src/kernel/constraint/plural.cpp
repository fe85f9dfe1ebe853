// `allowed_statuses` is about `status`: what a plural of a policy may mean in a tool's schema.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/constraint.h"

namespace pawl {
namespace {

struct Irregular {
  std::string_view plural;
  std::string_view singular;
};
constexpr std::array irregulars = std::to_array<Irregular>({
    {"addenda", "addendum"},
    {"analyses", "analysis"},
    {"axes", "axis"},
    {"children", "child"},
    {"criteria", "criterion"},
    {"data", "datum"},
    {"feet", "foot"},
    {"indices", "index"},
    {"lives", "life"},
    {"matrices", "matrix"},
    {"media", "medium"},
    {"men", "man"},
    {"mice", "mouse"},
    {"people", "person"},
    {"phenomena", "phenomenon"},
    {"vertices", "vertex"},
    {"women", "woman"},
});

void add(std::vector<std::string>& out, std::string reading) {
  if (!reading.empty() && std::ranges::find(out, reading) == out.end()) {
    out.push_back(std::move(reading));
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", shown_name(name));
  }
  return out;
}

}  // namespace

std::vector<std::string> singulars(std::string_view word) {
  std::vector<std::string> out;
  if (word.empty()) return out;
  add(out, std::string(word));
  for (const Irregular& irregular : irregulars) {
    if (!word.ends_with(irregular.plural)) continue;
    const std::string_view stem = word.substr(0, word.size() - irregular.plural.size());
    // A whole word: `order_indices`, not `theaxes`.
    if (!stem.empty() && stem.back() != '_' && stem.back() != '-') continue;
    add(out, std::string(stem) + std::string(irregular.singular));
  }
  if (word.size() < 3 || !word.ends_with('s') || word.ends_with("ss")) return out;
  const std::string cut(word.substr(0, word.size() - 1));
  const std::string stem(word.substr(0, word.size() - 2));
  if (word.ends_with("ies")) add(out, word.size() > 3 ? stem.substr(0, stem.size() - 1) + "y" : "");
  if (word.ends_with("ves")) {
    add(out, stem.substr(0, stem.size() - 1) + "f");
    add(out, stem.substr(0, stem.size() - 1) + "fe");
  }
  for (const char* ending : {"ses", "xes", "zes", "ches", "shes", "oes"}) {
    if (word.ends_with(ending)) add(out, stem);
  }
  add(out, cut);
  return out;
}

Result<std::string> bind_plural(std::string_view plural, const Shape& shape) {
  std::vector<std::string> readings = singulars(plural);
  std::vector<std::string> found;
  for (const std::string& reading : readings) {
    if (shape.find(reading) != nullptr) found.push_back(reading);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` could be any of the arguments {}; name one under `args`",
                            shown_name(plural), joined(found)));
  }
  std::vector<std::string> names;
  for (const Shape::Property& property : shape.properties) names.push_back(property.name);
  std::string near;
  for (const std::string& reading : readings) {
    if (near.empty()) near = closest_match(reading, names);
  }
  std::string message = fmt::format("the tool has none of the arguments {}", joined(readings));
  if (!near.empty()) message += fmt::format("; did you mean `{}`", shown_name(near));
  if (near.empty() && !names.empty()) message += fmt::format("; it has {}", joined(names));
  return fail(ErrorKind::missing, std::move(message));
}

}  // namespace pawl
