// What is known of programs: one table, each line with the page that it comes from.
//
// A `Usage` describes a program, or a subcommand of one: its options in all their spellings, how
// many values they take, what its other words are, and what it does besides printing. The table
// says what is known, so that everything else counts as unknown: an option or a subcommand that is
// not described may run and write anything, and a row covers it only where its author said
// `runs: true` or spelled it out. A program that is in no line of the table has no known options at
// all; a row that names it covers it without options.
//
// The table is for rows (rows.h), for `cmd` in expressions, for the class of a call and for the
// findings of `check`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/shell/command.h"

namespace pawl::shell {

// How a program reads its words.
enum class Style : std::uint8_t {
  getopt,   // `-abc`, `-n5`, `-n 5`, `--name=v`, `--name v`, anywhere up to `--`
  ordered,  // the same, up to the first word that is no option
  single,   // `-name v`, `-name=v`, one or two dashes, letters never joined
  words,    // has no options
};

struct Program {
  std::string_view name;
  Style style = Style::getopt;
  std::string_view subcommands = {};  // other spellings: `i=install t=test`
  bool abbreviates = false;           // beginnings of subcommands are accepted
  bool persistent = false;            // options of the program may stand behind the subcommand too
  bool negates = false;               // `--no-x` where there is `--x`
};

// `does`, by letters: x runs what cannot be seen; w writes in the directory where it works; s sends
// something away; ! throws work away; h is harmless: no option runs, writes or sends, those that
// are not listed included; c has its words read elsewhere (code.cpp, wrappers.cpp), where what is
// not known counts; e does what it does only with an operand; W writes somewhere; O has its options
// before its words.
//
// `operands`: what the words are that are no options, in order, the last with `*` as often as it
// likes: text; read (a file whose content is shown or used); look (a file of which only names,
// sizes and the like are shown); write; move (read, and removed); into (a directory in which it
// works and writes); rev (a revision, or a path, or REV:PATH); pattern (left out where an option
// brings it); script (a file that is run; what stands behind it is text). `read* write`: all but
// the last. Words beyond those described are unknown.
//
// `options`, divided by blanks: spellings divided by `|`, then `=` for a value, `==` for two, `?`
// for one that can only be joined; before them letters and a colon: r reads the value, l looks at
// it, a reads it behind `@`, w writes it, d works there, i works there and writes, t writes there
// and the other words are read, F reads the files that its value lists, g reads what a pattern
// names, m runs a module where it is told as a path, v reads what stands behind its last colon, x
// runs, W writes, o writes its operands, y writes in the directory where it works, B keeps what was
// there under another name (with the value behind it), p brings the pattern, n changes nothing, !
// throws work away, s sends, k keeps what would be thrown away.
// `-#` is a number.
struct Usage {
  std::string_view program;
  std::string_view subs;  // divided by `,`; empty: the program, or what stands before a subcommand
  std::string_view does;
  std::string_view operands;
  std::string_view options;
  std::string_view source;
  std::string_view more = {};  // options that several share
};

enum class Role : std::uint8_t { text, read, look, write, move, into, rev, pattern, script };

struct Option {
  std::string_view name;  // `-n`, `--lines`, `-delete`
  std::string_view effects;
  std::uint16_t group = 0;  // spellings of one option have one number
  std::uint8_t values = 0;
  bool joined = false;  // its value, if any, is in the same word
};

// A Usage, compiled.
struct Form {
  const Usage* usage = nullptr;
  std::vector<Option> options;  // by name
  std::vector<Role> operands;
  bool repeats = false;  // the operand at `repeated` stands for any number
  std::size_t repeated = 0;

  bool does(char what) const { return usage->does.contains(what); }
  bool writes() const;           // whatever stands in its words
  bool may_do(char what) const;  // itself, or one of its options
  const Option* find(std::string_view name) const;
};

// The canonical name of a program: `/usr/bin/python3.11` is `python`, `gawk` is `awk`.
std::string_view canonical_name(std::string_view program);

// Programs like make, which put variables and targets into commands; see code.cpp.
bool expands_variables(std::string_view name);
// Programs that run a script; see interpreters.cpp.
bool is_interpreter(std::string_view name);

// By canonical name; a Program without a name where none is described.
const Program& find_program(std::string_view name);
const Form* find_form(std::string_view name, std::string_view sub = {});
bool has_subcommands(std::string_view name);
// Whether a command that begins with these words may do this (a letter of `does`), whatever
// follows.
bool may_do(std::string_view words, char what);

// Where the subcommand stands. `certain` is false where an option before it is not known.
struct Subcommand {
  std::size_t index = 0;  // in the arguments; their number where there is none
  bool certain = true;
};
Subcommand find_subcommand(std::string_view name, std::span<const Argument> arguments);
// Its name, other spellings resolved; empty where there is none or it is not literal.
std::string_view subcommand_name(const Program& program, std::span<const Argument> arguments,
                                 const Subcommand& where);

// The words of one command, each with what it is.
struct Reading {
  struct Given {
    const Option* option;
    std::uint32_t at;         // of its word
    std::uint32_t value = 0;  // of the word that holds the (last) value; 0: none
    std::uint32_t from = 0;   // where the value begins in that word
  };
  struct Operand {
    std::uint32_t at;
    Role role;
  };

  const Program* program = nullptr;
  const Form* top = nullptr;   // null: the program is not described
  const Form* form = nullptr;  // of the subcommand, or `top`; null: it is not described
  Subcommand where;
  std::string_view sub;
  std::vector<Given> options;
  std::vector<Operand> operands;
  std::vector<std::uint32_t> unknown;  // words that are not described
  bool switches = false;               // `git checkout main`: no file is meant
  bool inner_writes = false;  // what it runs writes where it works: `python -m pip install`

  bool described() const { return form != nullptr; }
  bool exact() const { return described() && unknown.empty(); }
  bool has(char effect) const;
  // Of the usage, where no option says that nothing is changed.
  bool does(char what) const;
  bool writes() const;    // apart from what an option names
  bool discards() const;  // throws work away
  Argument value(const Command& command, const Given& given) const;
};
Reading read_command(const Command& command);

// True where the option may be in this word, also abbreviated or among other letters.
bool has_option(const Reading& reading, std::string_view word, std::string_view option);

// What stands in the place of an option of a row that stops: all spellings of it, or the option
// alone where it is not described; letters that are joined one by one.
std::vector<std::vector<std::string_view>> spellings(const Reading& reading,
                                                     std::string_view option);

// True where the table has this spelling.
bool describes(const Reading& reading, std::string_view option);

// True where the command says what this option says in another way: `git push -f` and `git push o
// +main` say `--force`. Only for options of one meaning in the table of `value_of`.
bool says_the_same(const Reading& reading, const Command& command, std::string_view option);

// Words divided by blanks.
bool has_word(std::string_view words, std::string_view word);
// Takes the first word off.
std::string_view next_word(std::string_view& words);

// The data: programs_table.cpp, builders_table.cpp and, for the subcommands of git, git_table.cpp.
std::span<const Program> program_table();
std::span<const Usage> usage_table();
std::span<const Usage> builders_table();
std::span<const Usage> git_table();

}  // namespace pawl::shell
