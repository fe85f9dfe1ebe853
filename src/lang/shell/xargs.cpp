// xargs: words from its input become arguments of the program behind it.
#include <optional>

#include "lang/shell/analyser.h"
#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

// Options as getopt reads them. Left out are those that nothing is looked through for: other files
// to read (-a), variables for the programs (--process-slot-var).
constexpr std::string_view kXargsFlags = "0oprtx";
constexpr std::string_view kXargsValues = "EILndPs";
constexpr std::string_view kXargsJoined = "eil";  // a value only where it is joined
constexpr std::string_view kXargsLongFlags =
    "null open-tty interactive no-run-if-empty verbose exit show-limits";
constexpr std::string_view kXargsLongValues = "delimiter max-args max-chars max-procs";
constexpr std::string_view kXargsLongJoined = "eof replace max-lines";

struct XargsOptions {
  std::size_t program = 0;  // index of its word
  std::string mark;         // that is replaced; empty: words are added at the end
  bool counted = false;     // -n, -L or -l behind the mark, or without one
};

// One option; false where it is not known or its value is not.
class XargsReader {
 public:
  explicit XargsReader(const std::vector<Argument>& words) : words_(words) {}

  std::optional<XargsOptions> read() {
    for (; at_ < words_.size(); ++at_) {
      const Argument& word = words_[at_];
      if (!word.may_be_option()) break;
      if (!word.literal()) return std::nullopt;
      if (word.text == "--") {
        ++at_;
        break;
      }
      const bool known = word.text.starts_with("--") ? long_option(word.text) : letters(word.text);
      if (!known) return std::nullopt;
    }
    out_.program = at_;
    return out_;
  }

 private:
  bool long_option(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(2, equals == text.npos ? text.npos : equals - 2);
    const bool joined = equals != text.npos;
    if (has_word(kXargsLongFlags, name)) return !joined;
    if (has_word(kXargsLongJoined, name)) {
      if (name == "replace") return replace(joined ? text.substr(equals + 1) : "{}");
      if (name == "max-lines") count();
      return true;
    }
    if (!has_word(kXargsLongValues, name)) return false;
    if (name == "max-args") count();
    return joined || next() != nullptr;
  }

  bool letters(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      const char letter = text[i];
      if (kXargsFlags.contains(letter)) continue;
      const std::string_view rest = text.substr(i + 1);
      if (letter == 'n' || letter == 'L' || letter == 'l') count();
      if (kXargsJoined.contains(letter)) {
        return letter != 'i' || replace(rest.empty() ? "{}" : rest);
      }
      if (!kXargsValues.contains(letter)) return false;
      const Argument* value = rest.empty() ? next() : nullptr;
      if (rest.empty() && value == nullptr) return false;
      if (letter != 'I') return true;
      return rest.empty() ? value->literal() && replace(value->text) : replace(rest);
    }
    return true;
  }

  const Argument* next() {
    if (at_ + 1 >= words_.size() || words_[at_ + 1].known == Known::many) return nullptr;
    return &words_[++at_];
  }

  // Two marks: which of them holds is not worth knowing.
  bool replace(std::string_view mark) {
    if (mark.empty() || (!out_.mark.empty() && out_.mark != mark)) return false;
    out_.mark = mark;
    out_.counted = false;
    return true;
  }

  void count() { out_.counted = true; }

  const std::vector<Argument>& words_;
  std::size_t at_ = 0;
  XargsOptions out_;
};

// What is left of a word in which the mark is, or may be, replaced.
void put_in(std::string_view mark, Argument& word) {
  std::size_t found = word.text.find(mark);
  // The mark may begin in what is known and end in what is not.
  for (std::size_t k = mark.size() - 1; k > 0 && found == std::string::npos && !word.literal();
       --k) {
    if (word.text.ends_with(mark.substr(0, k))) found = word.text.size() - k;
  }
  if (found == std::string::npos) return;
  word.text.resize(found);
  if (word.literal()) word.known = Known::one;
  word.operand = found > 0 && word.text[0] != '-';
}

}  // namespace

// Any number of unknown words at the end, or in place of the mark that -I names. Of -I and -n, -L
// or -l the last one holds, except that `-n 1` is ignored behind -I: where one of those stands
// behind the mark, both are taken to be possible.
void Analyser::through_xargs(const Command& command, std::uint32_t index, std::uint32_t nested) {
  const auto options = XargsReader(command.arguments).read();
  if (!options) return trouble(command.at, "what this program runs cannot be told");
  Command outer = command;
  outer.context.repeated = true;
  for (std::size_t i = options->program; i < outer.arguments.size() && !options->mark.empty();
       ++i) {
    put_in(options->mark, outer.arguments[i]);
  }
  if (options->mark.empty() || options->counted) {
    outer.arguments.push_back({"", Known::many, false, command.at});
  }
  if (options->program >= command.arguments.size()) return;  // prints its input
  run_inner(outer, index, options->program, nested);
}

}  // namespace pawl::shell
