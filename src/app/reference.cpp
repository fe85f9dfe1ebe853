// docs/reference/commands.md, from the same rows as the help.
#include <string>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/usage.h"

namespace pawl::app {
namespace {

// A cell of a table ends at a bar.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string section(const CommandRow& row) {
  std::string text =
      fmt::format("### pawl {}\n\n{}.\n\n```\n{}\n```\n", row.name, row.says, usage_line(row));
  if (!row.words.empty() || !row.options.empty()) {
    text += "\n| | |\n|---|---|\n";
    for (const WordRow& word : row.words) {
      text += fmt::format("| `{}` | {} |\n", cell(to_string(word)), cell(word.says));
    }
    for (const OptionRow& option : row.options) {
      text += fmt::format("| `{}` | {}{} |\n", cell(to_string(option)), cell(option.says),
                          option.takes == Takes::many ? "; may be repeated" : "");
    }
  }
  if (!row.more.empty()) text += fmt::format("\n{}\n", row.more);
  return text;
}

}  // namespace

std::string commands_reference() {
  std::string text =
      "# Commands\n\n"
      "Written from the program's own table by `pawl help --reference`; a test compares.\n\n"
      "Every command has `--help`. Exit status: 0 done and good; 1 the answer is no (denied, "
      "invalid,\nnot proved, the journal does not verify); 2 wrong usage or environment.\n";
  for (const Group& group : groups()) {
    std::string sections;
    for (const CommandRow* row : shown_commands()) {
      if (row->group == group.name) sections += "\n" + section(*row);
    }
    if (sections.empty()) continue;
    text += fmt::format("\n## {}\n\n{}.\n{}", group.name, group.says, sections);
  }
  return text;
}

}  // namespace pawl::app
