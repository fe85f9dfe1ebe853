// What a person at a terminal sees: colours, widths, progress, prompts. Colours and progress only
// where a terminal watches; everything untrusted goes through `visible` (base/text.h) first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/verdict.h"

namespace pawl::app {

// Exit status everywhere: 0 done and good; 1 the answer is no; 2 usage or environment error.
inline constexpr int exit_good = 0;
inline constexpr int exit_no = 1;
inline constexpr int exit_usage = 2;

enum class Ink : std::uint8_t { plain, good, bad, warn, dim, strong };

// True where standard output is a terminal and NO_COLOR is not set.
bool colours();
std::string paint(Ink ink, std::string_view text);
// Every page paints a verdict alike.
Ink ink_of(Effect effect);
std::size_t terminal_columns();  // 80 where unknown
std::size_t line_columns();      // the same on a terminal, and no limit (0) elsewhere
std::size_t prose_columns();     // terminal_columns, and at most what is pleasant to read

// Standard output is full or broken: the command ends with exit_usage, wherever it is. Caught in
// main only, so that everything on the way is put away.
class OutputLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void out(std::string_view text);   // to standard output, with a newline; throws OutputLost
void err(std::string_view text);   // to standard error, with a newline
int complain(const Error& error);  // prints it, returns exit_no or exit_usage by its fault

// Rows with aligned columns, the last one wrapped to the terminal.
std::string table(const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::string>& head = {});

// Asks on the terminal itself (/dev/tty), without echo for secrets. `PAWL_PASSPHRASE_FILE` names a
// file to read a passphrase from instead, for scripts. ErrorKind::environment where there is
// neither.
Result<std::string> ask(const std::string& question);
Result<std::string> ask_secret(const std::string& question);
// Without echo too, and never from a file: what is no passphrase must not become one.
Result<std::string> ask_hidden(const std::string& question);

// A line that is rewritten in place while a long work goes on, only on a terminal.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  void step(std::uint64_t done, std::uint64_t total);

 private:
  std::string what_;
  std::int64_t shown_ms_ = 0;
  bool visible_ = false;
};

}  // namespace pawl::app
