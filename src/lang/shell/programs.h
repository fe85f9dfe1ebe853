// What is known of programs: facts, each with the page it comes from.
//
// `Program` says how its words are read: which short options take a value, which options may stand
// before the subcommand, whether its arguments can do harm at all. `Danger` names an argument that
// makes it run something, write a file or work elsewhere. A program that is in neither table has no
// known dangers; a grant of it grants all of it, except for words that are not known.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lang/shell/command.h"

namespace pawl::shell {

enum class Nature : std::uint8_t {
  unknown,
  harmless,  // reads and prints: no argument runs, writes or sends
  writes,    // its operands are files that it creates, changes or removes
  code,      // one operand is a program in a language: see find_hazards
};

struct Program {
  std::string_view name;
  Nature nature = Nature::unknown;
  // Letters that take a value in every subcommand and every version: what stands behind one in its
  // word is that value. A letter too many here hides options; one too few only looks at more.
  std::string_view values;
  std::string_view globals;      // options before the subcommand: `C= no-pager git-dir=`
  std::string_view subcommands;  // other spellings: `i=install t=test`
  bool abbreviates = false;      // unambiguous beginnings of subcommands are accepted
};

// The option words are as a person spells them: `-c`, `--exec`, `-toolexec`; without a dash a word
// anywhere (`git bisect run`); empty: the program or subcommand as such. `subs` are the subcommands
// that have it; empty: all.
struct Danger {
  std::string_view program;
  std::string_view subs;
  std::string_view options;
  Effect effect;
  bool value;  // takes one
  std::string_view source;
};

// The canonical name of a program: `/usr/bin/python3.11` is `python`, `gawk` is `awk`.
std::string_view canonical_name(std::string_view program);

// Programs like make, which put variables and targets into commands; see code.cpp.
bool expands_variables(std::string_view name);
// Programs that run a script; see interpreters.cpp.
bool is_interpreter(std::string_view name);

// By canonical name; a Program without a name where none is known.
const Program& find_program(std::string_view name);
std::span<const Danger> dangers_of(std::string_view name);

// Where the subcommand stands. `certain` is false where an option before it is not known.
struct Subcommand {
  std::size_t index = 0;  // in the arguments; their number where there is none
  bool certain = true;
};
Subcommand find_subcommand(const Program& program, std::span<const Argument> arguments);
// Its name, other spellings resolved; empty where there is none or it is not literal.
std::string_view subcommand_name(const Program& program, std::span<const Argument> arguments,
                                 const Subcommand& where);

// True where the option is in this word, also abbreviated or among other letters.
bool has_option(const Program& program, std::string_view word, std::string_view option);

// True where the command says what this option says in another way: `git push -f` and `git push o
// +main` say `--force`. Only for options of one meaning in the table of `value_of`.
bool says_the_same(const Program& program, const Command& command, std::string_view sub,
                   std::string_view option);

// Words divided by blanks.
bool has_word(std::string_view words, std::string_view word);
// Takes the first word off.
std::string_view next_word(std::string_view& words);

// For the two tables.
std::span<const Program> program_table();
std::span<const Danger> danger_table();

}  // namespace pawl::shell
