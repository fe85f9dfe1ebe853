// `pawl help`: the overview, one command, and what is made from the same rows for other readers.
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.h"
#include "app/dispatch.h"
#include "app/terminal.h"
#include "app/usage.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr auto help_options = std::to_array<OptionRow>({
    {"--man", "", "write the man page instead (of `pawl` itself without a NAME)", Takes::nothing},
    {"--completions", "SHELL", "write the completions for bash, zsh or fish"},
    {"--reference", "", "write the reference of all commands in Markdown", Takes::nothing},
    {"--names", "", "list the names of all commands, one a line", Takes::nothing},
    json_option,
});
constexpr std::array<WordRow, 1> help_words = {
    WordRow{.name = "NAME", .says = "a command, one word or two", .required = false, .many = true}};

int print_completions(const std::string& shell) {
  const std::string text = completions(shell);
  if (text.empty()) {
    return complain({ErrorKind::usage,
                     fmt::format("`{}` is no shell that pawl writes completions for: bash, zsh or "
                                 "fish",
                                 escape_untrusted(shell)),
                     {}});
  }
  out(text);
  return exit_good;
}

void put_row(const CommandRow& row, json::Writer& out) {
  out.object().key("group").string(row.group).key("name").string(row.name);
  out.key("options").array();
  for (const OptionRow& option : row.options) {
    out.object().key("name").string(option.name).key("says").string(option.says);
    out.key("takes").string(option.metavar).end();
  }
  out.end().key("says").string(row.says).key("usage").string(usage_line(row)).end();
}

// The rows themselves: all of them, or the one of that name and those of its family.
int print_rows(const std::string& name) {
  json::Writer text;
  text.array();
  bool any = false;
  for (const CommandRow* row : shown_commands()) {
    if (!name.empty() && row->name != name && !row->name.starts_with(name + " ")) continue;
    put_row(*row, text);
    any = true;
  }
  if (!any) return complain(unknown_command(name));
  out(text.end().text());
  return exit_good;
}

int explain(const std::string& name, bool man) {
  const std::size_t columns = prose_columns();
  if (name.empty()) {
    out(man ? man_overview() : help_overview(columns));
    return exit_good;
  }
  if (const CommandRow* row = find_command(name)) {
    out(man ? man_page(*row) : help_page(*row, columns));
    return exit_good;
  }
  if (!man && !family(name).empty()) {
    out(help_family(name, columns));
    return exit_good;
  }
  return complain(unknown_command(name));
}

int run_help(const Arguments& arguments) {
  if (const auto shell = arguments.one("--completions")) return print_completions(*shell);
  if (arguments.has("--reference")) {
    out(commands_reference());
    return exit_good;
  }
  if (arguments.has("--names")) {
    for (const CommandRow* row : shown_commands()) out(row->name);
    return exit_good;
  }
  const std::string name = fmt::format("{}", fmt::join(arguments.words("NAME"), " "));
  if (arguments.has("--json")) return print_rows(name);
  return explain(name, arguments.has("--man"));
}

}  // namespace

const CommandRow help_command{
    .name = "help",
    .group = "use",
    .says = "explains pawl, or one command",
    .options = help_options,
    .words = help_words,
    .run = run_help,
    .more =
        "`source <(pawl help --completions bash)` completes commands and options in this "
        "shell. `pawl help --man check | man -l -` shows a man page that is not installed."};

}  // namespace pawl::app
