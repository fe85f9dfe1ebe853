// The texts that are made from the rows: help on the terminal, man pages, completions, and the
// reference. Each is a function of the table alone, so that none can be out of date.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "app/common/command.h"

namespace pawl::app {

// An option that stands with a command: `--policy F`, and how it looks where it is optional.
std::string to_string(const OptionRow& option);
std::string to_string(const WordRow& word);
// `pawl check [--config F] [--json] F...`
std::string usage_line(const CommandRow& command);

// The option that every command has.
inline constexpr OptionRow help_option{"--help", "", "explain this command", Takes::nothing};

// For a terminal of that width. `help_beginning` has the commands that one begins with, and
// `help_overview` all of them in their groups.
std::string help_beginning(std::size_t columns);
std::string help_overview(std::size_t columns);
std::string help_page(const CommandRow& command, std::size_t columns);
std::string help_family(std::string_view word, std::size_t columns);

// A man page in the man macros of roff; the overview is pawl(1), a command is pawl-NAME(1).
std::string man_overview();
std::string man_page(const CommandRow& command);
// `approvals list` -> `pawl-approvals-list`
std::string man_name(std::string_view command);

// Completions for a shell: bash, zsh or fish. Empty for any other word.
std::string completions(std::string_view shell);

// docs/reference/commands.md
std::string commands_reference();

}  // namespace pawl::app
