// Programs that run the program behind them.
#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "lang/shell/analyser.h"
#include "lang/shell/programs.h"
#include "lang/shell/reader.h"
#include "lang/shell/rows.h"

namespace pawl::shell {
namespace {

struct Wrapper {
  std::string_view name;
  std::string_view flags;        // letters without a value
  std::string_view values;       // letters with one
  std::string_view long_flags;   // divided by blanks
  std::string_view long_values;  // `--x=v` or `--x v`
  std::uint8_t operands;         // words before the program: the duration of `timeout`
  bool settings;                 // NAME=VALUE may stand before the program
  bool needs_row;                // gives the program more rights than its caller has
  bool builtin;
};

// From the manual page of each program; an option that is not listed here is not looked through.
constexpr auto kWrappers = std::to_array<Wrapper>({
    {"env", "iv0", "u", "ignore-environment null debug", "unset", 0, true, false, false},
    {"sudo", "AbEHnPSkB", "ughprtTUC", "non-interactive preserve-env stdin background",
     "user group host prompt role type", 0, true, true, false},
    {"doas", "n", "u", "", "", 0, false, true, false},
    {"nohup", "", "", "", "", 0, false, false, false},
    {"timeout", "v", "sk", "foreground preserve-status verbose", "signal kill-after", 1, false,
     false, false},
    {"nice", "0123456789", "n", "", "adjustment", 0, false, false, false},
    {"ionice", "t", "cn", "ignore", "class classdata", 0, false, false, false},
    {"setsid", "cfw", "", "ctty fork wait", "", 0, false, false, false},
    {"stdbuf", "", "ioe", "", "input output error", 0, false, false, false},
    {"time", "pvq", "f", "portability verbose quiet", "format", 0, false, false, false},
    {"command", "p", "", "", "", 0, false, false, true},
    {"builtin", "", "", "", "", 0, false, false, true},
    // Neither -a nor -l: programs that are several in one go by the name that these change.
    {"exec", "c", "", "", "", 0, false, false, true},
    // Its options are read below.
    {"xargs", "", "", "", "", 0, false, false, false},
});

bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t stop = words.find(' ');
    if (words.substr(0, stop) == word) return true;
    if (stop == std::string_view::npos) break;
    words.remove_prefix(stop + 1);
  }
  return false;
}

constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);

// How many words one option takes, or kUnknown.
std::size_t option_words(const Wrapper& wrapper, std::string_view word) {
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
    if (equals == word.npos && lists(wrapper.long_flags, name)) return 1;
    if (lists(wrapper.long_values, name)) return equals == word.npos ? 2 : 1;
    return kUnknown;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (wrapper.values.contains(word[i])) return i + 1 == word.size() ? 2 : 1;
    if (!wrapper.flags.contains(word[i])) return kUnknown;
  }
  return 1;
}

bool is_setting(const Argument& word) {
  const std::size_t equals = word.text.find('=');
  return word.known != Known::many && equals != std::string::npos &&
         is_identifier(std::string_view(word.text).substr(0, equals));
}

// `env -u NAME`: the program behind it sees another value than before, or none.
void add_removed(std::string_view text, const Argument& next, std::vector<Setting>& settings) {
  const std::size_t equals = text.find('=');
  const std::size_t letter = text.starts_with("--") ? text.npos : text.find('u');
  std::string_view name;
  if (text.starts_with("--unset")) {
    name = equals == text.npos ? std::string_view(next.text) : text.substr(equals + 1);
  } else if (letter != text.npos) {
    name = letter + 1 == text.size() ? std::string_view(next.text) : text.substr(letter + 1);
  }
  if (!critical_variable(name) && !names_charset(name)) return;
  settings.push_back({std::string(name), Argument{"", Known::one, false, next.at}, true});
}

// The index of the program, the number of words where there is none, or kUnknown.
std::size_t find_program(const Wrapper& wrapper, const Command& command,
                         std::vector<Setting>& settings) {
  const auto& words = command.arguments;
  std::size_t at = 0;
  while (at < words.size()) {
    const Argument& word = words[at];
    if (!word.literal()) break;
    if (word.text == "--") {
      ++at;
      break;
    }
    if (word.text == "-" && wrapper.name == "env") {
      ++at;
      continue;
    }
    if (word.text.size() < 2 || word.text[0] != '-') break;
    const std::size_t taken = option_words(wrapper, word.text);
    if (taken == kUnknown || at + taken > words.size()) return kUnknown;
    for (std::size_t i = at; i < at + taken; ++i) {
      if (words[i].known == Known::many) return kUnknown;
    }
    if (wrapper.name == "env") add_removed(word.text, words[at + taken - 1], settings);
    at += taken;
  }
  for (std::uint8_t i = 0; i < wrapper.operands; ++i, ++at) {
    if (at >= words.size() || !words[at].literal()) return kUnknown;
  }
  for (; wrapper.settings && at < words.size() && is_setting(words[at]); ++at) {
    const std::size_t equals = words[at].text.find('=');
    Argument value = words[at];
    value.text = value.text.substr(equals + 1);
    settings.push_back({words[at].text.substr(0, equals), std::move(value), true});
  }
  // env takes every word with a `=` for a variable, whatever stands before it.
  const bool odd = wrapper.settings && at < words.size() && words[at].text.contains('=');
  return odd ? kUnknown : at;
}

// What is not known of a word of find may make it an action, or one of the signs that end one:
// `";$x"`, `"{$x"`.
bool may_be_expression(const Argument& word) {
  if (word.literal()) return false;
  return !word.operand ||
         (!word.text.empty() && std::string_view(";{+()!,").contains(word.text[0]));
}

// The paths that find meets by the time of the word at `end`, as a pattern: `src/*.ts` of `find src
// -type f -name '*.ts'`. Empty where a name that all of them have is not evident.
std::string found_pattern(std::span<const Argument> words, std::size_t end) {
  constexpr std::string_view blurs =
      "( ) , -o -or -L -H -follow -print -print0 -printf -ls -fls -fprint -fprint0 -fprintf";
  std::string start, name;
  bool starts = true;
  for (std::size_t i = 0; i < end; ++i) {
    const std::string& word = words[i].text;
    if (!words[i].literal() || has_word(blurs, word)) return {};
    starts = starts && !word.starts_with('-') && word != "!";
    if (starts) {
      const bool inside = !word.starts_with('/') && !word.contains("..") &&
                          !start.starts_with('/') && !start.contains("..");
      if (!start.empty() && !inside) return {};
      start = start.empty() ? word : ".";
    }
    const bool denied = i > 0 && (words[i - 1].is("!") || words[i - 1].is("-not"));
    const bool names = (word == "-name" || word == "-iname") && !denied;
    if (names && i + 1 < end && words[i + 1].literal()) name = words[i + 1].text;
  }
  if (name.empty() || name.find_first_of("\\/") != std::string::npos) return {};
  while (start.ends_with('/')) start.pop_back();
  return (start.empty() ? "." : start) + "/" + name;
}

}  // namespace

void Analyser::add(Command command, bool by_shell, std::uint32_t nested) {
  constexpr std::uint32_t nested_max = 16;
  if (out_.commands.size() >= limits_.commands_max || nested > nested_max) {
    return trouble(command.at, "too many commands");
  }
  const bool shell_word = by_shell && !command.program.contains('/');
  const bool is_builtin = shell_word && builtin(command);
  const auto index = static_cast<std::uint32_t>(out_.commands.size());
  const std::string name(base_name(command.program));
  const auto wrapper = std::ranges::find(kWrappers, name, &Wrapper::name);
  const bool wraps = wrapper != kWrappers.end() && (is_builtin || !wrapper->builtin);
  // The options of what runs the program behind it are read below.
  if (!is_builtin && !wraps) find_hazards(command);
  if (wraps && !wrapper->needs_row) command.standing = Standing::through;
  if (name == "env" && command.arguments.empty()) command.standing = Standing::program;
  out_.commands.push_back(std::move(command));
  // What follows may add to the list; the command itself stays where it is.
  const Command copy = out_.commands[index];
  if (wraps) {
    through(copy, index, nested);
  } else if (name == "find") {
    through_find(copy, index, nested);
  } else if (is_builtin && (name == "eval" || name == "trap")) {
    Command changed = copy;
    through_shell(changed, index, nested);
  } else if (!is_builtin) {
    Command changed = copy;
    through_shell(changed, index, nested);
    out_.commands[index] = std::move(changed);
  }
}

void Analyser::run_inner(const Command& outer, std::uint32_t index, std::size_t first,
                         std::uint32_t nested, bool by_shell) {
  const Argument& program = outer.arguments[first];
  if (!program.literal()) {
    return trouble(program.at, "which program runs is not known before it runs");
  }
  Command inner;
  inner.program = program.text;
  inner.arguments.assign(outer.arguments.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                         outer.arguments.end());
  inner.settings = outer.settings;
  // What is redirected is the input and output of the program behind.
  inner.redirections = outer.redirections;
  if (!outer.redirections.empty()) out_.commands[index].redirections.clear();
  inner.context = outer.context;
  inner.behind = index;
  inner.at = outer.at;
  inner.end = outer.end;
  add(std::move(inner), by_shell, nested + 1);
}

void Analyser::through(const Command& command, std::uint32_t index, std::uint32_t nested) {
  const std::string_view name = base_name(command.program);
  const auto wrapper = std::ranges::find(kWrappers, name, &Wrapper::name);
  const bool looks_up = wrapper->builtin && name == "command" && !command.arguments.empty() &&
                        (command.arguments[0].is("-v") || command.arguments[0].is("-V"));
  if (looks_up) return;
  if (name == "xargs") return through_xargs(command, index, nested);
  Command outer = command;
  const std::size_t at = find_program(*wrapper, command, outer.settings);
  if (at == kUnknown) return trouble(command.at, "what this program runs cannot be told");
  if (at == command.arguments.size()) {
    // `env A=b` prints; `exec > file` redirects the shell itself.
    if (name == "env") out_.commands[index].standing = Standing::program;
    return;
  }
  outer.context.elevated = outer.context.elevated || wrapper->needs_row;
  // `time` is a word of bash too, which runs builtins behind it.
  const bool by_shell = (wrapper->builtin && name != "exec") || name == "time";
  run_inner(outer, index, at, nested, by_shell);
}

void Analyser::through_find(const Command& command, std::uint32_t index, std::uint32_t nested) {
  const auto& words = command.arguments;
  const bool listed = std::ranges::any_of(
      words, [](const Argument& word) { return word.text.starts_with("-files0-from"); });
  // Behind -exec too: what is not known there may be the `;` that ends it. What can be seen is
  // listed all the same.
  const auto unclear = std::ranges::find_if(words, may_be_expression);
  if (unclear != words.end()) {
    trouble(unclear->at, "a word of `find` that may be an action");
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].is("-exec") && !words[i].is("-execdir") && !words[i].is("-ok") &&
        !words[i].is("-okdir")) {
      continue;
    }
    Command outer;
    outer.settings = command.settings;
    outer.context = command.context;
    outer.context.repeated = true;
    outer.at = command.at;
    outer.end = command.end;
    std::size_t stop = i + 1;
    bool closed = false;
    const bool plus = words[i].is("-exec") || words[i].is("-execdir");
    for (; stop < words.size() && !closed; ++stop) {
      const Argument& word = words[stop];
      closed = word.is(";") || (plus && word.is("+") && words[stop - 1].is("{}"));
      if (closed) break;
      Argument inner = word;
      const std::size_t mark = inner.text.find("{}");
      if (word.is("{}") && !listed) inner.glob = found_pattern(words, i);
      if (mark != std::string::npos) {
        inner.text.resize(mark);
        inner.known = word.literal() ? Known::one : word.known;
        // A path begins with its starting point, which is not an option; one from a file may be.
        inner.operand = !inner.text.starts_with('-') && !listed;
      }
      outer.arguments.push_back(std::move(inner));
    }
    if (!closed || outer.arguments.empty()) {
      return trouble(words[i].at, "what this program runs cannot be told");
    }
    // `{} +` is as many paths as fit.
    if (words[stop].is("+")) outer.arguments.back().known = Known::many;
    run_inner(outer, index, 0, nested);
    i = stop;
  }
}

// xargs: words from its input become arguments of the program behind it.

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
  bool zeros = false;       // divides its input at zero bytes alone: -0
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
    if (has_word(kXargsLongFlags, name)) {
      out_.zeros = out_.zeros || (name == "null" && !other_);
      return !joined;
    }
    if (has_word(kXargsLongJoined, name)) {
      if (name == "replace") return replace(joined ? text.substr(equals + 1) : "{}");
      if (name == "max-lines") count();
      return true;
    }
    if (!has_word(kXargsLongValues, name)) return false;
    if (name == "max-args") count();
    if (name == "delimiter") divide();
    return joined || next() != nullptr;
  }

  bool letters(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      const char letter = text[i];
      out_.zeros = out_.zeros || (letter == '0' && !other_);
      if (kXargsFlags.contains(letter)) continue;
      if (letter == 'd') divide();
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
  void divide() {
    other_ = true;
    out_.zeros = false;
  }

  const std::vector<Argument>& words_;
  std::size_t at_ = 0;
  bool other_ = false;  // than zero bytes
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

// `find … -print0 | xargs -0 …`: names that nothing divides, of which find says the pattern.
// Nothing else may write into the pipe.
std::string Analyser::piped_pattern(const Command& command, std::uint32_t index) const {
  if (index == 0 || !command.context.piped_in || !command.redirections.empty()) return {};
  const std::span<const Command> before = std::span(out_.commands).first(index);
  const Command& find = before.back();
  const auto pipes =
      std::ranges::count_if(before, [](const Command& one) { return one.context.piped_out; });
  const bool fits = pipes == 1 && find.context.piped_out && base_name(find.program) == "find" &&
                    find.redirections.empty() && !find.arguments.empty() &&
                    find.arguments.back().is("-print0");
  return fits ? found_pattern(find.arguments, find.arguments.size() - 1) : std::string();
}

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
    if (options->zeros) outer.arguments.back().glob = piped_pattern(command, index);
  }
  if (options->program >= command.arguments.size()) return;  // prints its input
  run_inner(outer, index, options->program, nested);
}

// Redirections, and what descriptors lead to. `/dev/stdin` is whatever descriptor 0 was opened
// from: `echo x < victim > /dev/stdin` opens the victim again and empties it. So a device is
// followed to the file behind it, and counts as harmless only where there is none.

namespace {

// Devices that hold nothing and lead nowhere else.
bool is_sink(std::string_view path) {
  return path == "/dev/null" || path == "/dev/tty";
}

}  // namespace

std::optional<std::uint32_t> device_descriptor(std::string_view path) {
  if (path == "/dev/stdin") return 0;
  if (path == "/dev/stdout") return 1;
  if (path == "/dev/stderr") return 2;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view digits = path.substr(folder.size());
    const bool plain = !digits.empty() && digits.size() < 5 &&
                       std::ranges::all_of(digits, [](char c) { return is_digit(c); });
    if (!plain) return std::nullopt;
    std::uint32_t number = 0;
    for (const char digit : digits) number = number * 10 + static_cast<std::uint32_t>(digit - '0');
    return number;
  }
  return std::nullopt;
}

Streams::Streams() {
  for (std::uint32_t i = 0; i < all_.size(); ++i) all_[i].number = i;
}

Stream Streams::of(std::uint32_t descriptor) const {
  if (descriptor < all_.size()) return all_[descriptor];
  return {Stream::Leads::outside, descriptor, nullptr};
}

void Streams::set(std::uint32_t descriptor, const Stream& stream) {
  // One that is not remembered is unknown to a later request.
  if (descriptor < all_.size()) all_[descriptor] = stream;
}

// Where the target of `>&3` leads; the reader let nothing but digits and `-` through.
Stream Analyser::copied(const Word& target) const {
  const std::string* text = target.literal();
  Stream unknown{Stream::Leads::outside, Stream::nowhere, nullptr};
  if (text == nullptr) return unknown;
  std::string_view digits = *text;
  if (digits.ends_with('-')) digits.remove_suffix(1);
  if (digits.empty()) return {Stream::Leads::nothing, 0, nullptr};
  return digits.size() == 1 ? streams_.of(static_cast<std::uint32_t>(digits[0] - '0')) : unknown;
}

// A device as the target of a redirection; returns what is opened.
Stream Analyser::open_device(const Redirect& redirect, std::uint32_t descriptor, Command& owner) {
  const Stream stream = streams_.of(descriptor);
  if (redirect.kind == RedirectKind::read) return stream;
  const std::uint32_t at = in_script_ ? script_at_ : redirect.at;
  if (streams_unsure_) unsure_devices_.push_back(at);
  switch (stream.leads) {
    case Stream::Leads::nothing:
      break;
    case Stream::Leads::file:
      // The line that opened the file may only have read it.
      owner.redirections.push_back({redirect.kind, reduce(*stream.file)});
      break;
    case Stream::Leads::outside:
      if (stream.number != 1 && stream.number != 2) {
        trouble(redirect.at, "a redirection to a device that may be a file");
      } else {
        outside_devices_.push_back(at);
      }
      break;
  }
  return stream;
}

// What a redirection to a word opens, and whether it belongs to what the command touches.
Stream Analyser::open_file(const Redirect& redirect, Command& owner) {
  constexpr Stream nothing{Stream::Leads::nothing, 0, nullptr};
  const bool process = std::ranges::any_of(
      redirect.target.parts, [](const Part& part) { return part.kind == PartKind::process; });
  if (process) return nothing;
  Argument target = reduce(redirect.target);
  if (!target.literal()) {
    trouble(redirect.at, "a redirection to a file whose name is unknown");
    return {Stream::Leads::outside, Stream::nowhere, nullptr};
  }
  if (target.text.starts_with("/dev/tcp/") || target.text.starts_with("/dev/udp/")) {
    trouble(redirect.at, "a redirection to the network");
    return nothing;
  }
  if (is_sink(target.text)) return nothing;
  if (const auto descriptor = device_descriptor(target.text)) {
    return open_device(redirect, *descriptor, owner);
  }
  owner.redirections.push_back({redirect.kind, std::move(target)});
  opens_files_ = true;
  return {Stream::Leads::file, 0, &redirect.target};
}

void Analyser::redirections(const Node& node, const Context& context, Command* command) {
  // A compound command's files belong to a command without a name.
  Command compound;
  Command& owner = command != nullptr ? *command : compound;
  for (const Redirect& redirect : node.redirects) {
    substitutions(redirect.target, context);
    const bool here =
        redirect.kind == RedirectKind::here || redirect.kind == RedirectKind::here_text;
    if (here && holds_secret(redirect.target)) {
      trouble(redirect.at, "a text with the value of a secret");
    }
    const Stream stream = here ? Stream{Stream::Leads::nothing, 0, nullptr}
                          : redirect.kind == RedirectKind::duplicate ? copied(redirect.target)
                                                                     : open_file(redirect, owner);
    streams_.set(redirect.descriptor, stream);
    if (redirect.both) streams_.set(2, stream);
    // `exec < file` redirects the shell itself, for everything that runs after it.
    const bool stays = std::ranges::any_of(node.words, [](const Word& word) {
      const std::string* text = word.literal();
      return text != nullptr && *text == "exec";
    });
    exec_opens_ = exec_opens_ || (stays && stream.leads == Stream::Leads::file);
  }
  if (command != nullptr || compound.redirections.empty()) return;
  compound.standing = Standing::silent;
  compound.context = context;
  compound.at = in_script_ ? script_at_ : node.at;
  compound.end = in_script_ ? script_at_ : node.end;
  compound.behind = behind_;
  out_.commands.push_back(std::move(compound));
}

// Once all is seen: a device that leads out of the line does so only where no `exec` changed it.
void Analyser::check_devices() {
  constexpr std::string_view why = "a redirection to a device that may be a file";
  if (exec_opens_ && !outside_devices_.empty()) return trouble(outside_devices_[0], why);
  if (opens_files_ && !unsure_devices_.empty()) trouble(unsure_devices_[0], why);
}

// Shells behind the shell: `bash -c`, `eval`, `trap`. Their text is read again.

namespace {

struct Shell {
  std::string_view name;
  Dialect dialect;
};
constexpr auto kShells = std::to_array<Shell>(
    {{"bash", Dialect::bash}, {"sh", Dialect::posix}, {"dash", Dialect::posix}});

// The index of the text of -c; the number of words where there is no -c but a script file or
// nothing; npos where the options cannot be told.
std::size_t find_script(std::span<const Argument> words, bool& has_text) {
  constexpr auto names =
      std::to_array<std::string_view>({"--login", "--norc", "--noprofile", "--posix"});
  std::size_t at = 0;
  for (; at < words.size(); ++at) {
    const Argument& word = words[at];
    if (!word.literal()) return word.operand ? at : std::string_view::npos;
    if (word.text == "--") {
      ++at;
      break;
    }
    if (std::ranges::find(names, word.text) != names.end()) continue;
    if (word.text.starts_with('+')) return std::string_view::npos;  // options too
    if (word.text.size() < 2 || word.text[0] != '-') break;
    const std::string_view letters = std::string_view(word.text).substr(1);
    if (letters.find_first_not_of("ceulx") != std::string_view::npos) {
      return std::string_view::npos;
    }
    has_text = has_text || letters.contains('c');
  }
  return at;
}

}  // namespace

void Analyser::run_text(std::string_view text, Dialect dialect, const Command& outer,
                        std::uint32_t index) {
  if (scripts_ >= limits_.scripts_deep_max) return trouble(outer.at, "too many levels");
  Limits limits = limits_;
  const Result<Line> line = parse(text, dialect, limits);
  if (!line) return trouble(outer.at, line.error().message);
  // Variables of the inner text are its own; the shell of `eval` keeps them, but as anything.
  std::vector<Variable> variables = std::move(variables_);
  std::vector<Variable> uses = std::move(uses_);
  variables_.clear();
  uses_.clear();
  const bool was_in_script = in_script_;
  const std::uint32_t was_at = script_at_;
  const std::uint32_t was_behind = behind_;
  const Dialect was_dialect = dialect_;
  if (!in_script_) script_at_ = outer.at;
  in_script_ = true;
  behind_ = index;
  dialect_ = dialect;
  ++scripts_;
  for (const Trouble& found : line->troubles) trouble(found.at, found.why);
  walk(line->list, outer.context);
  check_numbers();
  --scripts_;
  dialect_ = was_dialect;
  behind_ = was_behind;
  script_at_ = was_at;
  in_script_ = was_in_script;
  for (Variable& variable : variables_) {
    variable.number = false;
    variables.push_back(std::move(variable));
  }
  variables_ = std::move(variables);
  uses_ = std::move(uses);
}

void Analyser::through_shell(Command& command, std::uint32_t index, std::uint32_t) {
  const std::string_view name = base_name(command.program);
  const auto& words = command.arguments;
  if (name == "eval" && command.standing == Standing::silent) {
    std::string text;
    for (const Argument& word : words) {
      if (&word == words.data() && word.text.starts_with('-')) {
        return trouble(word.at, "`eval` with options");
      }
      if (!word.literal()) return trouble(word.at, "`eval` of text that is not known");
      text += text.empty() ? word.text : " " + word.text;
    }
    return run_text(text, dialect_, command, index);
  }
  if (name == "trap" && command.standing == Standing::silent) {
    if (words.empty()) return;
    if (!words[0].literal() || (words[0].text.starts_with('-') && words[0].text != "-")) {
      return trouble(command.at, "`trap` with text that is not known");
    }
    if (words[0].text == "-" || words[0].text.empty()) return;
    // It runs later, perhaps with what is redirected there.
    const bool was_unsure = streams_unsure_;
    streams_unsure_ = true;
    run_text(words[0].text, dialect_, command, index);
    streams_unsure_ = was_unsure;
    return;
  }
  const auto shell = std::ranges::find(kShells, name, &Shell::name);
  if (shell == kShells.end()) return;
  bool has_text = false;
  const std::size_t at = find_script(words, has_text);
  if (at == std::string_view::npos) return trouble(command.at, "a shell with these options");
  if (at == words.size()) return trouble(command.at, "a shell that reads its commands");
  if (!has_text) {
    // A script file: a row for the shell decides.
    if (!words[at].literal()) trouble(words[at].at, "a shell with a script that is not known");
    if (reads_descriptor(words[at].text)) trouble(command.at, "a shell that reads its commands");
    return;
  }
  if (!words[at].literal()) return trouble(words[at].at, "a shell with text that is not known");
  command.standing = Standing::through;
  // Its variables are in force for everything inside.
  for (const Setting& setting : command.settings) {
    out_.settings.push_back({setting.name, setting.value, true});
  }
  run_text(words[at].text, shell->dialect, command, index);
}

}  // namespace pawl::shell
