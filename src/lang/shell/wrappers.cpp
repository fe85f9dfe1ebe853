// Programs that run the program behind them.
#include <algorithm>
#include <array>

#include "lang/shell/analyser.h"
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
    // Its options are read in xargs.cpp.
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

}  // namespace

void Analyser::add(Command command, bool by_shell, std::uint32_t nested) {
  constexpr std::uint32_t nested_max = 16;
  if (out_.commands.size() >= limits_.commands_max || nested > nested_max) {
    return trouble(command.at, "too many commands");
  }
  const bool shell_word = by_shell && !command.program.contains('/');
  const bool is_builtin = shell_word && builtin(command);
  if (!is_builtin) find_hazards(command);
  const auto index = static_cast<std::uint32_t>(out_.commands.size());
  const std::string name(base_name(command.program));
  const auto wrapper = std::ranges::find(kWrappers, name, &Wrapper::name);
  const bool wraps = wrapper != kWrappers.end() && (is_builtin || !wrapper->builtin);
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
      if (mark != std::string::npos) {
        inner.text.resize(mark);
        inner.known = word.literal() ? Known::one : word.known;
        // A path begins with its starting point, which is no option; one from a file may be.
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

}  // namespace pawl::shell
