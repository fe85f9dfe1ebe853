#include "app/usage.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/layout.h"
#include "app/terminal.h"

namespace pawl::app {
namespace {

constexpr std::string_view usage_exit_statuses =
    "Exit status: 0 done and good, 1 the answer is no, 2 wrong usage or environment.";

std::string optional(std::string text, bool many) {
  return fmt::format("[{}]{}", text, many ? "..." : "");
}

// The names of all groups in one column.
std::string commands_of(std::string_view group, std::size_t columns) {
  std::size_t widest = 0;
  for (const CommandRow* row : shown_commands()) widest = std::max(widest, row->name.size());
  std::vector<std::vector<std::string>> rows;
  for (const CommandRow* row : shown_commands()) {
    if (row->group == group)
      rows.push_back({fmt::format("{:<{}}", row->name, widest), std::string(row->says)});
  }
  return lay_out(rows, columns, "  ");
}

// An option stays in one line with what it takes: the blank between them is no place to break.
std::string wrapped_usage(const CommandRow& command, std::size_t columns) {
  constexpr char tied = '~';  // one column wide, and in no name
  std::string line = usage_line(command);
  int depth = 0;
  for (char& c : line) {
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (c == ' ' && depth > 0) c = tied;
  }
  line = wrap(line, columns, {.first = "  ", .rest = "    "});
  std::ranges::replace(line, tied, ' ');
  return line;
}

std::string titled(std::string_view title) {
  return paint(Ink::strong, title) + "\n";
}

}  // namespace

std::string to_string(const OptionRow& option) {
  if (option.metavar.empty()) return std::string(option.name);
  return fmt::format("{} {}", option.name, option.metavar);
}

std::string to_string(const WordRow& word) {
  return fmt::format("{}{}{}", word.after_dashes ? "-- " : "", word.name, word.many ? "..." : "");
}

std::string usage_line(const CommandRow& command) {
  std::string line = fmt::format("pawl {}", command.name);
  for (const OptionRow& row : command.options) {
    line += " " + optional(to_string(row), row.takes == Takes::many);
  }
  for (const WordRow& row : command.words) {
    line += " " + (row.required ? to_string(row) : optional(to_string(row), false));
  }
  return line;
}

std::string help_overview(std::size_t columns) {
  std::string text =
      wrap("pawl stands between an AI agent and its tools and decides every call before it runs.",
           columns);
  text += "\n";
  for (const Group& group : groups()) {
    const std::string rows = commands_of(group.name, columns);
    if (rows.empty()) continue;
    text += fmt::format("\n{}  {}\n{}", paint(Ink::strong, group.name), paint(Ink::dim, group.says),
                        rows);
  }
  text += fmt::format(
      "\n{}\n", wrap("`pawl help NAME` explains a command, `pawl check FILE` a policy.", columns));
  return text + wrap(usage_exit_statuses, columns) + "\n";
}

std::string help_page(const CommandRow& command, std::size_t columns) {
  std::string text = wrap(fmt::format("pawl {}: {}", command.name, command.says), columns);
  text += "\n\n" + titled("usage") + wrapped_usage(command, columns) + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const WordRow& row : command.words) {
    rows.push_back({to_string(row), std::string(row.says)});
  }
  for (const OptionRow& row : command.options) {
    rows.push_back(
        {to_string(row),
         fmt::format("{}{}", row.says, row.takes == Takes::many ? "; may be repeated" : "")});
  }
  rows.push_back({"-h, --help", std::string(help_option.says)});
  text += "\n" + titled("options") + lay_out(rows, columns, "  ");
  if (!command.more.empty()) {
    text += "\n" + wrap(command.more, columns) + "\n";
  }
  return text;
}

std::string help_family(std::string_view word, std::size_t columns) {
  std::vector<std::vector<std::string>> rows;
  for (const CommandRow* row : family(word)) {
    rows.push_back({fmt::format("pawl {}", row->name), std::string(row->says)});
  }
  return lay_out(rows, columns);
}

}  // namespace pawl::app
