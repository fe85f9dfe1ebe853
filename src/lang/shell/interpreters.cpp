// Programs that run what they read: an interpreter without a script takes its standard input for
// one, so `echo … | python3` is `python3 -c …`. A script has to be a file that the line names.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "lang/shell/analyser.h"
#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

// How an interpreter reads its words up to the script. An option that is not listed here may be
// anything, also one that takes the script for its value.
struct Interpreter {
  std::string_view name;
  std::string_view flags;        // letters without a value
  std::string_view joined;       // letters whose value, if any, is the rest of their word
  std::string_view values;       // letters with one
  std::string_view code;         // letters that bring the code themselves
  std::string_view long_flags;   // divided by blanks, as all below
  std::string_view long_values;  // `--x v`; `--x=v` is fine for any
  std::string_view long_code;
};

constexpr std::string_view kNodeFlags =
    "check watch no-warnings trace-warnings trace-uncaught trace-deprecation no-deprecation "
    "throw-deprecation pending-deprecation enable-source-maps preserve-symlinks "
    "preserve-symlinks-main expose-gc test-only experimental-vm-modules experimental-modules "
    "experimental-strip-types experimental-transform-types experimental-sqlite "
    "experimental-json-modules experimental-fetch trace-exit trace-sigint track-heap-objects "
    "abort-on-uncaught-exception verify-base-objects interactive harmony";

constexpr auto kInterpreters = std::to_array<Interpreter>({
    {"julia", "iq", "Og", "JpLtCH", "eE", "quiet banner no-banner", "", "eval print"},
    {"lua", "viE", "W", "l", "e", "", "", ""},
    {"luajit", "viE", "bjO", "l", "e", "", "", ""},
    {"node", "ic", "", "rC", "ep", kNodeFlags,
     "require import loader experimental-loader conditions input-type title",
     "eval print test run"},
    {"perl", "wWtTuUXcsSnpafgl0123456789", "FCdDimMVx", "I", "eE", "", "", ""},
    {"php", "qnCHilmsw", "", "dcztS", "rRBEF", "no-php-ini no-header syntax-check", "define",
     "run"},
    {"python", "bBdEiIOPqRsSuvx3", "", "WXQ", "cm", "", "check-hash-based-pycs", ""},
    {"Rscript", "", "", "", "e", "vanilla verbose no-environ no-site-file no-init-file no-restore",
     "", ""},
    {"ruby", "wclaspnSUyd123456789", "WKTF0ix", "rIEC", "e",
     "verbose yjit jit mjit disable-gems disable-all", "", ""},
    {"tclsh", "", "", "", "", "", "", ""},
});

// Those that read no code unless they are told to, or have no words at all.
constexpr std::string_view kRunners =
    "bb bun clojure deno elixir esno gjs gosh groovy guile hy janet java jjs kotlin mujs nu ocaml "
    "octave qjs racket rhino runghc runhaskell scala scheme swift ts-node tsx vite-node wish";

// `python3 --version` and the like say something and end.
constexpr std::string_view kSays = "--version -V -v --help -h -version";

class InterpreterReader {
 public:
  InterpreterReader(const Interpreter& program, std::span<const Argument> words)
      : program_(program), words_(words) {}

  // Whether what runs is read from somewhere else than a file that the line names.
  bool reads() {
    for (; at_ < words_.size(); ++at_) {
      const Argument& word = words_[at_];
      if (!word.literal()) return true;
      // Behind `--` php takes nothing for a script, and tclsh does not know it.
      const bool ends = program_.name != "php" && program_.name != "tclsh";
      if (word.text == "--") return !ends || !script(at_ + 1);
      if (word.text.size() < 2 || word.text[0] != '-') return !script(at_);
      const Next next = word.text.starts_with("--") ? long_option(word.text) : letters(word.text);
      if (next == Next::script) return !script(at_);
      if (next != Next::option) return next == Next::unknown;
    }
    return true;
  }

 private:
  enum class Next : std::uint8_t { option, code, script, unknown };

  bool script(std::size_t index) const {
    return index < words_.size() && words_[index].literal() &&
           !reads_descriptor(words_[index].text);
  }

  bool skip_value() {
    ++at_;
    return at_ < words_.size() && words_[at_].known != Known::many;
  }

  Next long_option(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(2, equals == text.npos ? text.npos : equals - 2);
    if (has_word(program_.long_code, name)) return Next::code;
    if (equals != text.npos || has_word(program_.long_flags, name)) return Next::option;
    if (!has_word(program_.long_values, name)) return Next::unknown;
    return skip_value() ? Next::option : Next::unknown;
  }

  Next letters(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      const char letter = text[i];
      const bool last = i + 1 == text.size();
      if (program_.code.contains(letter)) return Next::code;
      if (program_.joined.contains(letter)) return Next::option;
      if (program_.flags.contains(letter)) continue;
      if (letter == 'f' && program_.name == "php") {
        ++at_;
        return last ? Next::script : Next::unknown;
      }
      if (!program_.values.contains(letter)) return Next::unknown;
      return !last || skip_value() ? Next::option : Next::unknown;
    }
    return Next::option;
  }

  const Interpreter& program_;
  std::span<const Argument> words_;
  std::size_t at_ = 0;
};

}  // namespace

bool reads_descriptor(std::string_view file) {
  if (file.empty() || file == "-") return true;
  const std::size_t slash = file.rfind('/');
  const std::string_view last = slash == file.npos ? file : file.substr(slash + 1);
  if (last == "stdin" || file.starts_with("/dev/") || file.starts_with("/proc/")) return true;
  const bool digits =
      !last.empty() && std::ranges::all_of(last, [](char c) { return is_digit(c); });
  return digits && (slash == file.npos || file.substr(0, slash).ends_with("fd"));
}

bool is_interpreter(std::string_view name) {
  return std::ranges::find(kInterpreters, name, &Interpreter::name) != kInterpreters.end() ||
         has_word(kRunners, name);
}

bool reads_its_code(std::string_view name, std::span<const Argument> words) {
  if (name == "npx") {
    // `npx tsx -`, `npx node`: the first word is the program.
    const auto program = std::ranges::find_if(
        words, [](const Argument& word) { return !word.text.starts_with('-'); });
    if (program == words.end() || !program->literal()) return false;
    const std::string_view inner = canonical_name(program->text);
    return inner != "npx" && reads_its_code(inner, {program + 1, words.end()});
  }
  if (has_word(kRunners, name)) {
    const bool starts = words.empty() && name != "java";
    return starts || std::ranges::any_of(words, [](const Argument& word) {
             return word.is("-") || word.text.starts_with("/dev/") ||
                    word.text.starts_with("/proc/");
           });
  }
  const auto found = std::ranges::find(kInterpreters, name, &Interpreter::name);
  if (found == kInterpreters.end()) return false;
  const bool says =
      name != "tclsh" && words.size() == 1 && words[0].literal() && has_word(kSays, words[0].text);
  return !says && InterpreterReader(*found, words).reads();
}

}  // namespace pawl::shell
