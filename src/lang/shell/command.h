// From a line to the flat list of simple commands that could run.
//
// Every command that a shell could start because of the line is in the list, whatever it takes for
// it to be reached: both sides of `&&`, all branches, all bodies, what stands in substitutions, and
// what is behind programs that run programs: `env`, `sudo`, `timeout`, `xargs`, `find -exec`,
// `bash -c '…'` (whose text is read again), `eval '…'`, `trap '…'`. Where that list cannot be
// complete, the analysis has a trouble, and the line is *not fully analysable*. Tests hold this
// against bash and dash: whatever they really run is in the list, or there is a trouble.
//
// What programs do on their own is not seen: `make` runs what a Makefile says, `npm test` what a
// package says, git the hooks of a repository. Who grants them grants that. What is seen is where
// the *command line* chooses the code or the file: `git -c core.sshCommand=…`, `sed '1e id'`,
// `make CC=…`, `… | python3`, `tar --to-command=…`, `sort -o`, and every option and subcommand that
// is not described. Such an argument is a Hazard, and a row covers a command with a hazard only
// where its author accepted it (rows.h). The facts are one table (programs.h), and what reads
// languages (code.cpp, interpreters.cpp).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/shell/line.h"

namespace pawl::shell {

// What is known of a word before the line runs.
enum class Known : std::uint8_t {
  literal,  // exactly `text`
  one,      // exactly one word; `text` is how it begins
  many,     // any number of words, none included
};
struct Argument {
  std::string text;
  Known known = Known::literal;
  bool operand = false;  // an unknown word that cannot be taken for an option
  std::uint32_t at = 0;
  std::string glob = {};  // of a word that is text and `*`, `?`, `[` alone: all of it
  bool home = false;      // an unknown word that begins with a home directory: `~/x`, `$HOME/x`
  bool secret = false;    // has a variable in it whose name says that it is a secret

  bool is(std::string_view word) const { return known == Known::literal && text == word; }
  bool literal() const { return known == Known::literal; }
  bool may_be_option() const { return literal() ? text.size() > 1 && text[0] == '-' : !operand; }
};

struct Setting {
  std::string name;
  Argument value;
  bool exported = false;  // programs that start later see it too
};

struct Redirection {
  RedirectKind kind;
  Argument target;
};

// What an argument makes a program do besides its ordinary work.
enum class Effect : std::uint8_t {
  runs,       // runs something that cannot be seen, chosen by the line
  writes,     // creates, changes or removes files
  elsewhere,  // works in another directory: `git -C`, `make -C`, `git clone URL DIR`
  sends,      // changes something on another machine
  discards,   // throws work away that nothing brings back: `git restore .`, `git stash clear`
};
std::string_view to_string(Effect effect);

struct Hazard {
  static constexpr std::uint32_t whole_program = 0xffffffff;
  Effect effect = Effect::runs;
  std::uint32_t argument = whole_program;  // index in Command::arguments
  std::string_view option;                 // as the table spells it; empty: the program itself
  Argument value;                          // of `writes` and `elsewhere`, where one is given
  bool has_value = false;
  bool unknown = false;  // an option or a subcommand that is not described: it may do anything
};

enum class Standing : std::uint8_t {
  program,  // started by name or path; needs a row
  builtin,  // of the shell, with an effect that a person may care about; needs a row
  silent,   // of the shell, and does nothing outside of the line: `true`, `exit`, `set -e`, `read`
  through,  // does nothing but run the command behind it: `env`, `timeout`, `bash -c '…'`
};

struct Context {
  bool piped_in = false;     // reads what another command of the line writes
  bool piped_out = false;    // another command of the line reads what it writes
  bool substituted = false;  // its output becomes words of another command
  bool background = false;
  bool repeated = false;     // in a loop, or by xargs or find
  bool conditional = false;  // may be skipped
  bool elevated = false;     // behind sudo or doas
};

struct Command {
  static constexpr std::uint32_t none = 0xffffffff;
  std::string program;  // the word as it stands: `git`, `/usr/bin/git`; never unknown
  std::vector<Argument> arguments;
  std::vector<Setting> settings;  // variables for this command alone
  std::vector<Redirection> redirections;
  std::vector<Hazard> hazards;
  bool writes = false;  // files, as its description says: `cp`, `git add`; see effects_of
  std::vector<std::string> inputs;  // files that a script in its arguments reads
  Context context;
  Standing standing = Standing::program;
  std::uint32_t behind = none;  // index of the command that runs it
  std::uint32_t at = 0;         // in the text of the line, also for commands of inner scripts
  std::uint32_t end = 0;
};

struct Analysis {
  std::vector<Command> commands;
  std::vector<Setting> settings;  // variables that stay set in the shell of the line
  bool moves = false;             // `cd` and the like: relative paths mean something else behind
  std::vector<Trouble> troubles;  // empty: `commands` is complete
};

Analysis analyse(const Line& line);

// A command without a shell: the program and its arguments as an array of strings. The same list,
// since `env` or `bash -c` may stand there too. An empty array is a trouble.
Analysis analyse_argv(std::span<const std::string_view> argv, const Limits& limits = {});

// The part of a word behind the last slash: the name that rows speak of.
std::string_view base_name(std::string_view program);

}  // namespace pawl::shell
