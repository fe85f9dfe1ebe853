// Man pages, from the same rows as the help.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/usage.h"
#include "base/text.h"

namespace pawl::app {
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

}  // namespace pawl::app
