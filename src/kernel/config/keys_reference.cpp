#include <fmt/format.h>

#include <algorithm>

#include "kernel/config/keys.h"

namespace pawl {
namespace {

std::string heading(Section section) {
  const std::string_view where = place(section);
  if (section == Section::file || section == Section::deployment) return "The file itself";
  if (section == Section::layer) return "A layer file";
  const auto is_words = [](std::string_view part) { return part.find(' ') != part.npos; };
  std::string text;
  for (std::string_view rest = where; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(", "));
    rest.remove_prefix(std::min(part.size() + 2, rest.size()));
    if (text.empty() && is_words(part)) {
      // Words from the beginning: a sentence, and no path.
      text = std::string(where);
      text.front() = static_cast<char>(text.front() - 'a' + 'A');
      return text;
    }
    if (is_words(part)) {
      text += fmt::format(", {}", part);
    } else {
      text += fmt::format("{}`{}`", text.empty() ? "" : " and ", part);
    }
  }
  return text;
}

void write_section(Section section, std::string& page) {
  page += fmt::format("\n### {}\n\n", heading(section));
  page += "| key | type | without it | rule | meaning |\n|---|---|---|---|---|\n";
  std::string later;
  for (const Key& key : all_keys()) {
    if (key.section != section) continue;
    if (key.later) {
      later += fmt::format("{}`{}`", later.empty() ? "" : ", ", key.name);
      continue;
    }
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, key.type, key.preset,
                        key.rule == 0 ? std::string("-") : std::to_string(key.rule), key.sentence);
  }
  if (!later.empty()) page += fmt::format("\nRefused by this version: {}.\n", later);
}

}  // namespace

std::string reference(bool deployment) {
  std::string page;
  for (const Section section : all_sections()) {
    if (of_deployment(section) == deployment) write_section(section, page);
  }
  return page;
}

}  // namespace pawl
