// The node's side of the isolated parser.
//
//   Parser parser({"/proc/self/exe", "sql-parser"});
//   Result<Summary> summary = parser.read(text);
//
// The process is started at the first text and lives on; whatever goes wrong with it (it died, it
// took too long, it said something else than a summary) ends it, is an error for this text, and
// the next text gets a new one. A text that ended a process is remembered and not tried again, and
// processes are not started faster than `starts_max` in `starts_window`, so that hostile texts
// cannot keep the node busy with starting them. Answers are kept for the texts seen last: a call
// is looked at several times.
//
// Threads: one thread, which outlives the parser. `read` blocks, usually for microseconds, at most
// for `patience`; there is no queue.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "lang/sql/summary.h"

namespace pawl::sql {

struct ParserLimits {
  Duration patience = Duration::seconds(1);
  std::size_t starts_max = 20;
  Duration starts_window = Duration::seconds(10);
  std::size_t kept_max = 64;  // answers
};

class Parser {
 public:
  // `command` runs `serve()`.
  explicit Parser(std::vector<std::string> command, ParserLimits limits = {});
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser();

  // Errors hold no byte of the text. ErrorKind::invalid: the text is refused.
  // ErrorKind::environment: it could not be asked for.
  Result<Summary> read(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pawl::sql
