// A command line as a tree: the syntax of POSIX shells and of bash, read completely or not at all.
//
// `parse` reads the text the way the declared shell reads it and never guesses. What it does not
// understand completely, what two shells would read in two ways, and what runs text that only
// exists when the line runs, becomes a `Trouble` with place and reason; a line with a trouble is
// *not fully analysable*, and no row of a policy covers it. So the tree promises one thing only:
// where there is no trouble, nothing else than what it shows can run.
//
// Dialect `posix` is for lines that `sh` gets, which is dash on one machine and bash on the next:
// everything that the two read differently is a trouble. `bash` is bash 5, not interactive, without
// POSIX mode. Other shells, PowerShell and cmd have no dialect here: a policy that names one does
// not load. Premises about the shell that gets the line, which its text cannot show: it starts
// without functions and aliases of others (`BASH_FUNC_…`, `BASH_ENV`, `ENV`), without `extglob`,
// and in a UTF-8 or C locale (a line that changes that itself is a trouble of the analysis).
//
// Bounded: bytes, words, depth. Reading takes time linear in the text, except for text between
// backquotes, which is looked at once per level, and levels are bounded.
//
// Positions are byte offsets into the text, from 0.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::shell {

enum class Dialect : std::uint8_t { posix, bash };
std::string_view to_string(Dialect dialect);
// `sh` and `posix`, `bash`; nothing else.
Result<Dialect> parse_dialect(std::string_view name);

struct Limits {
  std::uint32_t text_bytes_max = 32768;
  std::uint32_t words_max = 4096;
  std::uint32_t levels_max = 120;      // lists inside of lists, quotes inside of expansions
  std::uint32_t scripts_deep_max = 4;  // `bash -c "bash -c '…'"`, `eval`, `trap`
  std::uint32_t variables_max = 256;   // settings, and names in arithmetic, each
  std::uint32_t commands_max = 256;    // simple commands of one line, those of its scripts included
};

// Why a line is not fully analysable, and where. `why` never holds bytes of the line.
struct Trouble {
  std::uint32_t at = 0;
  std::string why;
};

struct List;
struct Word;

enum class PartKind : std::uint8_t {
  text,        // literal, quotes removed
  parameter,   // $x, ${x…}: `text` is the name, `words` the operand of `${x:-operand}`
  command,     // $(…), `…`: `list`
  process,     // <(…), >(…): `list`
  arithmetic,  // $((…)): `text` is the expression
  glob,        // an unquoted *, ? or [
  tilde,       // a leading ~, with the name behind it
  braces,      // {a,b} or {1..3}: the whole word is one of several
};

struct Part {
  PartKind kind = PartKind::text;
  bool quoted = false;
  bool assigns = false;  // ${x:=…}
  std::uint32_t at = 0;
  std::string text;
  std::vector<Word> words;
  std::unique_ptr<List> list;
};

struct Word {
  std::uint32_t at = 0;
  std::uint32_t end = 0;
  bool plain = true;    // no quote and no backslash anywhere: may be a reserved word
  bool braces = false;  // an unquoted `{` stands in it
  std::vector<Part> parts;

  // The text where the word is literal as it stands; otherwise null.
  const std::string* literal() const;
};

struct Assignment {
  std::uint32_t at = 0;
  std::string name;
  bool append = false;      // x+=…
  std::vector<Word> value;  // one word; of an array, its elements
  bool array = false;
};

enum class RedirectKind : std::uint8_t {
  read,        // <
  write,       // > >| &> >&file
  append,      // >> &>>
  read_write,  // <>
  duplicate,   // >&2 <&3 2>&-
  here,        // << and <<-: `target` is the body
  here_text,   // <<<
};

struct Redirect {
  RedirectKind kind = RedirectKind::read;
  std::uint32_t at = 0;
  std::uint32_t descriptor = 0;  // that is opened or replaced
  bool both = false;             // &>f: 1 and 2
  Word target;
};

enum class NodeKind : std::uint8_t {
  simple,       // assignments, words, redirects
  pipeline,     // children, in order
  subshell,     // ( lists[0] )
  group,        // { lists[0]; }
  conditional,  // if: conditions and branches, in order, in `lists`
  loop,         // while, until: `lists` are condition and body
  each,         // for, select: `name`, `words`, body in lists[0]
  counted,      // for ((…)): `expressions`, body in lists[0]
  choice,       // case: words are the subject and all patterns, `lists` the branches
  test,         // [[ … ]]: `words`, operators among them as plain words
  arithmetic,   // ((…)): `expressions`
  function,     // `name`, body in `children`
};

struct Node {
  NodeKind kind = NodeKind::simple;
  std::uint32_t at = 0;
  std::uint32_t end = 0;
  bool background = false;
  bool depends = false;  // stands behind && or ||
  std::string name;
  std::vector<Assignment> assignments;
  std::vector<Word> words;
  std::vector<Redirect> redirects;
  std::vector<std::string> expressions;
  std::vector<Node> children;
  std::vector<List> lists;
};

struct List {
  std::vector<Node> nodes;
};

struct Line {
  Dialect dialect = Dialect::posix;
  Limits limits;
  std::string text;
  List list;
  std::vector<Trouble> troubles;  // empty: read completely
};

// An error only where the text is not text (invalid UTF-8, a zero byte) or over a limit of size;
// everything else is a Line, with troubles or without.
Result<Line> parse(std::string_view text, Dialect dialect, const Limits& limits = {});

}  // namespace pawl::shell
