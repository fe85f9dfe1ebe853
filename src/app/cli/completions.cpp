// Completions for three shells, from the same rows as the help.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/commands.h"
#include "app/cli/help.h"

namespace pawl::app {
namespace {

// What stands in the place of a value: a file, a directory, a command, or something else.
enum class Kind : std::uint8_t { file, directory, command, other };

Kind kind_of(std::string_view metavar) {
  if (metavar == "F" || metavar == "FILE") return Kind::file;
  if (metavar == "D" || metavar == "DIR") return Kind::directory;
  return Kind::other;
}

Kind kind_of_words(const CommandRow& command) {
  return command.words.empty() ? Kind::other : kind_of(command.words.back().name);
}

// First words, and for the families the words that may follow.
std::map<std::string, std::vector<std::string>> first_words() {
  std::map<std::string, std::vector<std::string>> words;
  for (const CommandRow* row : shown_commands()) {
    const auto blank = row->name.find(' ');
    auto& second = words[std::string(row->name.substr(0, blank))];
    if (blank != std::string_view::npos) second.emplace_back(row->name.substr(blank + 1));
  }
  return words;
}

std::vector<std::string> option_names(const CommandRow& command) {
  std::vector<std::string> names;
  for (const OptionRow& row : command.options) names.emplace_back(row.name);
  names.emplace_back(help_option.name);
  return names;
}

// A text between single quotes, for all three shells.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// Values that only some options take, over all commands: `--policy` asks for a file everywhere.
std::set<std::string> options_of(Kind kind) {
  std::set<std::string> names;
  for (const CommandRow* command : shown_commands()) {
    for (const OptionRow& row : command->options) {
      if (!row.metavar.empty() && kind_of(row.metavar) == kind) names.emplace(row.name);
    }
  }
  return names;
}

std::string bash_case(const std::set<std::string>& names, std::string_view action) {
  if (names.empty()) return {};
  return fmt::format("    {}) {}; return ;;\n", fmt::join(names, "|"), action);
}

std::string bash() {
  std::string text =
      "# bash completion for pawl: source it, or put it into a bash-completion folder as `pawl`.\n"
      "_pawl() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local first=${COMP_WORDS[1]} name=${COMP_WORDS[1]} options= words= files= i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 2; i < COMP_CWORD; i++)); do\n"
      "    if [[ ${COMP_WORDS[i]} == -- ]]; then\n"
      "      if ((i + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- \"$word\")); fi\n"
      "      return\n"
      "    fi\n"
      "  done\n"
      "  case $before in\n";
  text += bash_case(options_of(Kind::file), "COMPREPLY=($(compgen -f -- \"$word\"))");
  text += bash_case(options_of(Kind::directory), "COMPREPLY=($(compgen -d -- \"$word\"))");
  text += bash_case(options_of(Kind::other), "COMPREPLY=()");
  text += "  esac\n";
  std::vector<std::string> firsts;
  std::string families;
  for (const auto& [word, seconds] : first_words()) {
    firsts.push_back(word);
    if (seconds.empty()) continue;
    families += fmt::format("      {}) words={}; name=\"$first ${{COMP_WORDS[2]}}\" ;;\n", word,
                            in_quotes(fmt::format("{}", fmt::join(seconds, " "))));
  }
  text += fmt::format(
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W {} -- \"$word\")); return\n"
      "  fi\n",
      in_quotes(fmt::format("{}", fmt::join(firsts, " "))));
  if (!families.empty()) {
    text += "  case $first in\n" + families + "  esac\n";
    text +=
        "  if ((COMP_CWORD == 2)) && [[ -n $words ]]; then\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\")); return\n"
        "  fi\n";
  }
  text += "  case $name in\n";
  for (const CommandRow* row : shown_commands()) {
    text += fmt::format("    {}) options={}{} ;;\n", in_quotes(row->name),
                        in_quotes(fmt::format("{}", fmt::join(option_names(*row), " "))),
                        kind_of_words(*row) == Kind::file ? "; files=yes" : "");
  }
  return text +
         "  esac\n"
         "  if [[ $word == -* || -z $files ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -o default -F _pawl pawl\n";
}

// zsh reads `[` and `:` in a description as its own.
std::string zsh_says(std::string_view says) {
  std::string out;
  for (const char c : says) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string_view zsh_action(Kind kind) {
  switch (kind) {
    case Kind::file:
      return "_files";
    case Kind::directory:
      return "_files -/";
    case Kind::command:
      return "_command_names -e";
    case Kind::other:
      return " ";
  }
  return " ";
}

std::string zsh_options(const CommandRow& command) {
  std::string out;
  for (const OptionRow& row : command.options) {
    std::string spec =
        fmt::format("{}{}[{}]", row.takes == Takes::many ? "*" : "", row.name, zsh_says(row.says));
    if (!row.metavar.empty()) {
      spec += fmt::format(":{}:{}", row.metavar, zsh_action(kind_of(row.metavar)));
    }
    out += " \\\n        " + in_quotes(spec);
  }
  out += " \\\n        " + in_quotes(fmt::format("{}[{}]", help_option.name, help_option.says));
  for (const WordRow& row : command.words) {
    out += " \\\n        " +
           in_quotes(fmt::format("{}:{}:{}", row.many ? "*" : "", row.name,
                                 zsh_action(row.after_dashes ? Kind::command : kind_of(row.name))));
  }
  return out;
}

std::string zsh() {
  std::string text =
      "#compdef pawl\n"
      "# zsh completion for pawl: put it into a folder of $fpath as `_pawl`.\n"
      "_pawl() {\n"
      "  local -a names\n"
      "  if ((CURRENT == 2)); then\n"
      "    names=(\n";
  std::string families;
  for (const auto& [word, seconds] : first_words()) {
    const CommandRow* row = find_command(word);
    text += fmt::format(
        "      {}\n",
        in_quotes(fmt::format(
            "{}:{}", word,
            row != nullptr ? zsh_says(row->says) : fmt::format("{}", fmt::join(seconds, ", ")))));
    if (seconds.empty()) continue;
    families += fmt::format(
        "    {}) ((CURRENT == 3)) && {{ compadd {}; return }}; name=\"$words[2] $words[3]\"; shift "
        "words; ((CURRENT--)) ;;\n",
        word, fmt::join(seconds, " "));
  }
  text +=
      "    )\n"
      "    _describe command names\n"
      "    return\n"
      "  fi\n"
      "  local name=$words[2]\n";
  if (!families.empty()) text += "  case $name in\n" + families + "  esac\n";
  text += "  shift words\n  ((CURRENT--))\n  case $name in\n";
  for (const CommandRow* row : shown_commands()) {
    text += fmt::format("    {})\n      _arguments{}\n      ;;\n", in_quotes(row->name),
                        zsh_options(*row));
  }
  return text + "  esac\n}\n_pawl \"$@\"\n";
}

// True where the words so far name this command.
std::string fish_condition(std::string_view name) {
  const auto blank = name.find(' ');
  std::string out = fmt::format("__fish_seen_subcommand_from {}", name.substr(0, blank));
  if (blank != std::string_view::npos) {
    out += fmt::format("; and __fish_seen_subcommand_from {}", name.substr(blank + 1));
  }
  return in_quotes(out);
}

std::string fish_command(const CommandRow& row) {
  std::string text;
  const std::string condition = fish_condition(row.name);
  for (const OptionRow& option : row.options) {
    std::string_view takes = option.metavar.empty() ? "" : " -x";
    if (kind_of(option.metavar) == Kind::file) takes = " -r -F";
    if (kind_of(option.metavar) == Kind::directory) {
      takes = " -x -a '(__fish_complete_directories)'";
    }
    const bool is_long = option.name.starts_with("--");
    text += fmt::format("complete -c pawl -n {} -{} {}{} -d {}\n", condition, is_long ? 'l' : 's',
                        option.name.substr(is_long ? 2 : 1), takes, in_quotes(option.says));
  }
  text += fmt::format("complete -c pawl -n {} -l help -s h -d {}\n", condition,
                      in_quotes(help_option.says));
  if (kind_of_words(row) == Kind::file) {
    text += fmt::format("complete -c pawl -n {} -F\n", condition);
  }
  return text;
}

std::string fish() {
  std::string text =
      "# fish completion for pawl: put it into ~/.config/fish/completions as `pawl.fish`.\n"
      "complete -c pawl -f\n";
  for (const auto& [word, seconds] : first_words()) {
    const CommandRow* row = find_command(word);
    const std::string says =
        row != nullptr ? std::string(row->says) : fmt::format("{}", fmt::join(seconds, ", "));
    text += fmt::format("complete -c pawl -n __fish_use_subcommand -a {} -d {}\n", word,
                        in_quotes(says));
    if (seconds.empty()) continue;
    const std::string list = fmt::format("{}", fmt::join(seconds, " "));
    text += fmt::format("complete -c pawl -n {} -a {}\n",
                        in_quotes(fmt::format("__fish_seen_subcommand_from {}; and not "
                                              "__fish_seen_subcommand_from {}",
                                              word, list)),
                        in_quotes(list));
  }
  for (const CommandRow* row : shown_commands()) text += fish_command(*row);
  return text;
}

}  // namespace

std::string completions(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return {};
}

}  // namespace pawl::app
