// The rows of `commands:` in a policy, and what they say about a line.
//
//   commands:
//     - {run: [ls, cat, "git status"], class: read_only}
//     - {run: ["git push"], cases: [...], else: hold}
//   else: deny
//
// How the compiler of the policy uses this room:
//   at load     one Row per row of the file -> Rows::compile; its error names the word at fault.
//               `dangers_of(canonical_name(word))` (programs.h) is what `check` prints for a
//               program that is granted without rules for its arguments.
//   per call    parse(text, dialect) -> analyse(line), or analyse_argv(words) where the argument is
//               an array; words_to_resolve(analysis) are the names the gate looks up just before it
//               decides; then judge(analysis, rows, place).
//   verdict     `covered`: for every command with rows, the strictest `then`/`cases` of the rows in
//               Judged::rows, with `cmd` = value_of(command); over all commands, the strictest.
//               `uncovered` and `not_analysable`: the `else` of the whole, with the reasons.
//               `under`, `hosts_in` and the like are applied to effects_of(analysis).
//
// A row covers a simple command when its words are the command's program and the words behind it,
// options that stand before the subcommand left out (`git -C x --no-pager status` is `git status`).
// The row with the most words wins; several with the same number all apply. A row that *stops*
// (`then: deny` or `hold`, and no case that lets through) matches more loosely: its words in this
// order, options in any spelling and place (`git push --force` also stops `-f` and `+main`). A word
// that might be one of a longer row makes the line not analysable.
//
// What a row that lets through does not cover unless its author said so: arguments that make the
// program run something (`runs`), or write a file (`writes`, redirections too); variables set for
// it, but for a short list of harmless ones (`environment`); words that are not known before the
// line runs and could be options (`unknown`). An option that stands in the row itself is accepted:
// `node -e` accepts `-e`.
//
// A program's name covers that program only where it is found in one of the directories of `Place`,
// both by its path and by where its links lead. `./git` and `/tmp/git` are therefore never `git`.
// Builtins of the shell (`cd`, `echo`, `test`) need rows too, except those that do nothing outside
// of the line (`true`, `exit`, `set -e`, `read`, `:`). What the shell itself writes, as in
// `for … done > file`, needs a row `:` that writes. `env`, `timeout`, `xargs`, `bash -c '…'` and
// other programs that only run what is behind them need no row, but have to be found as well; a
// row for them counts where there is one. `sudo` and `doas` need their own row.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/shell/command.h"

namespace pawl::shell {

enum class Unknown : std::uint8_t {
  none,      // every word literal
  operands,  // words that cannot be options: `src/*.ts`, `"src/$f"`
  any,
};

struct Row {
  std::vector<std::string> run = {};  // `ls`, `git status`, `node -e`, `/opt/x/bin/tool`
  bool stops = false;
  bool runs = false;
  bool writes = false;
  // Programs that are known to be harmless with any argument may always get unknown words.
  Unknown unknown = Unknown::operands;
  std::vector<std::string> environment = {};  // names of variables that may be set for it
};

// Where programs are. `found` is the file that the PATH leads to (or the word itself, made absolute
// and clean), `real` the same with links followed.
struct Resolved {
  std::string found;
  std::string real;
};
struct Place {
  // By word as in the line. Null: nothing can be looked up here (a server on another machine); then
  // a bare name covers a bare name, and a word with a slash covers nothing but the same word.
  const std::map<std::string, Resolved, std::less<>>* programs = nullptr;
  std::vector<std::string> directories;  // absolute and clean; not writable for the agent
  // Names of variables that the shell inherits. Null: unknown, and any name with a capital may be.
  const std::set<std::string, std::less<>>* environment = nullptr;
};

enum class Outcome : std::uint8_t { covered, uncovered, not_analysable };
std::string_view to_string(Outcome outcome);

struct Judged {
  std::uint32_t command = 0;        // index in Analysis::commands
  std::vector<std::uint32_t> rows;  // indexes of the rows that apply; none where none is needed
  std::uint32_t words = 0;          // how many words of the row matched
};

struct Judgement {
  Outcome outcome = Outcome::not_analysable;
  std::vector<Judged> commands;  // those with rows; of what is not covered, rows that stop only
  std::vector<Trouble> reasons;  // of `uncovered` and `not_analysable`
};

class Rows {
 public:
  // An error for a word that is empty, not plain, or a path that is not absolute, and for an
  // environment variable that decides what runs (`PATH`, `LD_PRELOAD`).
  static Result<Rows> compile(std::span<const Row> rows);

  struct Entry {
    std::string program;
    std::vector<std::string> words;
    std::uint32_t row;
  };
  std::span<const Entry> entries_of(std::string_view program) const;
  const Row& row(std::uint32_t index) const { return rows_[index]; }

 private:
  std::vector<Row> rows_;
  std::vector<Entry> entries_;  // sorted by program
};

// The words to look up: bare names and paths of all programs, each once.
std::vector<std::string> words_to_resolve(const Analysis& analysis);

Judgement judge(const Analysis& analysis, const Rows& rows, const Place& place);

// ---- `cmd` in expressions, as JSON:
//   program, subcommand, complete; and where every word is known (`complete`): args, flags (letters
//   apart and as written), words (what is not an option), and by program: force, delete, recursive,
//   remote (of git push, fetch, pull, ls-remote) and refs (of push). Where a word is not known,
//   those are absent, so that an expression that asks for them fails, and failing is strict. A ref
//   that git chooses itself is "".
std::string value_of(const Command& command);
// All members that a value may have.
std::vector<std::string> value_names();

// ---- what the line evidently touches
struct FileEffect {
  std::string path;    // as written, behind the directory of `git -C`
  bool known = true;   // false: somewhere, or, with `glob`, what the pattern matches
  bool write = false;  // else it is read
  std::uint32_t command = 0;
  bool look = false;   // only names, sizes and the like are read
  bool deep = false;   // what lies below too
  bool glob = false;   // `path` is a pattern of the shell
  bool maybe = false;  // perhaps no path: `git show X`
  bool here = false;   // the directory in which it works, whatever that is
  bool home = false;   // not known, and in a home directory
  bool gone = false;   // removed or moved with all that lies below
};
struct Directory {
  std::string path;
  std::uint32_t command = 0;
  bool stays = false;  // `cd`: for what follows too
};
struct Effects {
  std::vector<FileEffect> files;   // redirections, and what the descriptions of the programs say
  std::vector<std::string> hosts;  // of URLs and `user@host:path`
  bool hosts_unknown = false;      // a program of the network whose host is not evident
  std::vector<Directory> directories;  // `cd`, `git -C`, `make -C`, `git clone URL DIR`
  bool directory_unknown = false;      // one of them
  bool moves_unknown = false;          // of those that stay
};
Effects effects_of(const Analysis& analysis);

// Variables: `critical` ones decide what runs and are refused in any row; harmless ones with these
// values are always accepted.
bool critical_variable(std::string_view name);
bool harmless_setting(const Setting& setting);
// The value is a plain word, which no program expands.
bool plain_setting(const Setting& setting);

}  // namespace pawl::shell
