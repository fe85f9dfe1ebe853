// What a violation says, short and visible.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "lang/json_schema/check.h"

namespace pawl::json_schema {
namespace {

constexpr std::size_t shown_bytes_max = 60;
constexpr std::size_t shown_values_max = 8;

std::string shown(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty() && text.size() - rest.size() < shown_bytes_max) utf8::next(rest);
  const std::string_view kept = text.substr(0, text.size() - rest.size());
  return escape_untrusted(kept) + (rest.empty() ? "" : "…");
}

}  // namespace

std::string name_text(std::string_view name) {
  return "`" + shown(name) + "`";
}

std::string number_text(json::View number) {
  return json::write(number);
}

std::string kind_text(Kinds kinds) {
  if (kinds == 0) return "nothing";
  constexpr auto texts = std::to_array<std::pair<Kinds, std::string_view>>({
      {kind_string, "a string"},
      {kind_whole | kind_fraction, "a number"},
      {kind_whole, "a whole number"},
      {kind_fraction, "a number"},
      {kind_boolean, "true or false"},
      {kind_array, "an array"},
      {kind_object, "an object"},
      {kind_null, "null"},
  });
  std::string out;
  for (const auto& [kind, text] : texts) {
    if ((kinds & kind) != kind) continue;
    kinds = static_cast<Kinds>(kinds & ~kind);
    if (!out.empty()) out += " or ";
    out += text;
  }
  return out;
}

std::string literals_text(const Literals& literals) {
  if (literals.single) return name_text(json::write(literals.values.front()));
  std::vector<std::string> all;
  for (const Named& text : literals.texts.all) {
    if (all.size() <= shown_values_max) all.push_back(name_text(text.name));
  }
  for (json::View value : literals.values) {
    if (all.size() <= shown_values_max) all.push_back(name_text(json::write(value)));
  }
  if (all.empty()) return "one of no values";
  const bool more = all.size() > shown_values_max;
  if (more) all.back() = "…";
  return (all.size() == 1 ? "" : "one of ") + fmt::format("{}", fmt::join(all, ", "));
}

}  // namespace pawl::json_schema
