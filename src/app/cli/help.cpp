// `pawl help`: the overview, one command, and what is made from the same rows for other readers.
#include "app/cli/help.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/commands.h"
#include "app/terminal/layout.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::app {

namespace {

constexpr std::string_view kWhatPawlIs =
    "pawl stands between an AI agent and its tools and decides every call before it runs.";
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

std::string help_beginning(std::size_t columns) {
  std::vector<std::vector<std::string>> rows;
  for (const FirstCommand& one : first_commands()) {
    rows.push_back({std::string(one.name), std::string(one.says)});
  }
  return wrap(kWhatPawlIs, columns) + "\n\n" + lay_out(rows, columns, "  ") + "\n" +
         wrap("`pawl help --all` lists every command, `pawl help NAME` explains one.", columns) +
         "\n";
}

std::string help_overview(std::size_t columns) {
  std::string text = wrap(kWhatPawlIs, columns);
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

namespace {

constexpr std::string_view exit_statuses =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\ndone and good\n"
    ".TP\n.B 1\nthe answer is no: denied, invalid, not proved, or the journal does not verify\n"
    ".TP\n.B 2\nwrong usage or environment\n";

// Text as roff reads it: no dash becomes a hyphen, no line becomes a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '`') {
      out += "\\(ga";
    } else {
      out += c;
    }
  }
  return out;
}

// Paragraphs are divided by an empty line; lines that begin with blanks are examples.
std::string paragraphs(std::string_view text) {
  std::string out;
  bool example = false;
  for (const std::string_view line : split(text, '\n')) {
    const bool indented = line.starts_with("  ");
    if (indented != example && !line.empty()) {
      out += indented ? ".PP\n.nf\n" : ".fi\n";
      example = indented;
    }
    out += line.empty() ? ".PP\n" : roff(line) + "\n";
  }
  return example ? out + ".fi\n" : out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string head(const std::string& name, std::string_view says) {
  return fmt::format(".TH {} 1 \"\" \"pawl {}\" \"pawl\"\n.SH NAME\n{} \\- {}\n", upper(roff(name)),
                     PAWL_VERSION, roff(name), roff(says));
}

std::string item(std::string_view what, std::string_view says) {
  return fmt::format(".TP\n.B {}\n{}\n", roff(what), roff(says));
}

}  // namespace

std::string man_name(std::string_view command) {
  std::string name = command.empty() ? "pawl" : fmt::format("pawl-{}", command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string man_page(const CommandRow& command) {
  std::string page = head(man_name(command.name), command.says);
  page += fmt::format(".SH SYNOPSIS\n.B {}\n", roff(usage_line(command)));
  page += ".SH DESCRIPTION\n";
  page += command.more.empty() ? roff(command.says) + "\n" : paragraphs(command.more);
  page += ".SH OPTIONS\n";
  for (const WordRow& row : command.words) page += item(to_string(row), row.says);
  for (const OptionRow& row : command.options) {
    page += item(to_string(row), fmt::format("{}{}", row.says,
                                             row.takes == Takes::many ? "; may be repeated" : ""));
  }
  page += item("-h, --help", help_option.says);
  page += exit_statuses;
  return page + ".SH SEE ALSO\n.BR pawl (1)\n";
}

std::string man_overview() {
  std::string page = head("pawl", "decide every tool call of an AI agent before it runs");
  page += ".SH SYNOPSIS\n.B pawl\n.I command\n.RI [ options ]\n.SH DESCRIPTION\n";
  page += roff(
      "pawl stands between an AI agent and its tools. One policy file in Git says what a role may "
      "do; each call is allowed, denied, or held until a person has answered; each decision is in "
      "a journal that cannot be edited unnoticed.\n");
  for (const Group& group : groups()) {
    std::string rows;
    for (const CommandRow* row : shown_commands()) {
      if (row->group == group.name) {
        rows += fmt::format(".TP\n.BR {} (1)\n{}\n", roff(man_name(row->name)), roff(row->says));
      }
    }
    if (rows.empty()) continue;
    page += fmt::format(".SH COMMANDS: {}\n{}.\n{}", upper(std::string(group.name)),
                        roff(group.says), rows);
  }
  page += exit_statuses;
  page += ".SH FILES\n";
  page += item("~/.config/pawl/pawl.yaml",
               "the deployment file: which policy governs where, servers, people; below "
               "$XDG_CONFIG_HOME where that is set");
  page += item("~/.local/state/pawl",
               "the node's directory: the journal, keys and sockets; below $XDG_STATE_HOME where "
               "that is set");
  page += item("pawl.lock", "beside a policy: the definitions of tools that were accepted");
  page += ".SH ENVIRONMENT\n";
  page += item("PAWL_POLICY", "the policy file where no --policy is given");
  page += item("PAWL_PASSPHRASE_FILE",
               "a file that answers for scripts when a passphrase is asked; readable by its owner "
               "alone");
  return page + item("NO_COLOR", "not empty: print without colours");
}

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

namespace {

constexpr auto help_options = std::to_array<OptionRow>({
    {"--all", "", "list every command, in groups", Takes::nothing},
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
    return complain(
        {ErrorKind::usage,
         fmt::format("`{}` is not a shell that pawl writes completions for: bash, zsh or "
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

int explain_command(const std::string& name, bool man, bool all) {
  const std::size_t columns = prose_columns();
  if (name.empty()) {
    out(man ? man_overview() : all ? help_overview(columns) : help_beginning(columns));
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
  return explain_command(name, arguments.has("--man"), arguments.has("--all"));
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
