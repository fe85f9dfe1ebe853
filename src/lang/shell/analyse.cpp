// The walk over the tree.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lang/shell/analyser.h"
#include "lang/shell/reader.h"
#include "lang/shell/rows.h"

namespace pawl::shell {
std::string_view base_name(std::string_view program) {
  const std::size_t slash = program.rfind('/');
  return slash == std::string_view::npos ? program : program.substr(slash + 1);
}

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::runs:
      return "runs what it is told";
    case Effect::writes:
      return "writes files";
    case Effect::elsewhere:
      return "works in another directory";
    case Effect::sends:
      return "sends something away";
    case Effect::discards:
      return "throws work away";
  }
  return "";
}

void Analyser::trouble(std::uint32_t at, std::string_view why) {
  constexpr std::size_t troubles_max = 8;
  if (out_.troubles.size() < troubles_max) {
    out_.troubles.push_back({in_script_ ? script_at_ : at, std::string(why)});
  }
}

void Analyser::walk(const Line& line) {
  for (const Trouble& found : line.troubles) trouble(found.at, found.why);
  if (line.list.nodes.empty() && line.troubles.empty()) trouble(0, "there is no command");
  walk(line.list, Context{});
}

void Analyser::walk(const List& list, Context context) {
  for (const Node& node : list.nodes) {
    Context own = context;
    own.background = own.background || node.background;
    own.conditional = own.conditional || node.depends;
    walk(node, own);
  }
}

void Analyser::walk_pipeline(const Node& node, const Context& context) {
  constexpr Stream pipe{Stream::Leads::nothing, 0, nullptr};
  const Streams before = streams_;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const bool first = i == 0;
    const bool last = i + 1 == node.children.size();
    Context own = context;
    own.piped_in = own.piped_in || !first;
    own.piped_out = own.piped_out || !last;
    if (!first) streams_.set(0, pipe);
    if (!last) streams_.set(1, pipe);
    walk(node.children[i], own);
    streams_ = before;
  }
}

void Analyser::walk(const Node& node, const Context& context) {
  if (out_.commands.size() >= limits_.commands_max) {
    return trouble(node.at, "too many commands");
  }
  // What is redirected is so for this node and all inside of it.
  const Streams before = streams_;
  walk_node(node, context);
  streams_ = before;
}

void Analyser::walk_node(const Node& node, Context context) {
  switch (node.kind) {
    case NodeKind::simple:
      return walk_simple(node, context);
    case NodeKind::pipeline:
      return walk_pipeline(node, context);
    case NodeKind::test:
      walk_test(node, context);
      break;
    case NodeKind::each:
      set_variable(node.name, false, node.at);
      if (std::ranges::any_of(node.words, holds_secret)) {
        trouble(node.at, "a variable that gets the value of a secret");
      }
      out_.settings.push_back({node.name, Argument{"", Known::one, false, node.at}});
      context.repeated = true;
      break;
    case NodeKind::loop:
    case NodeKind::counted:
      context.repeated = true;
      break;
    case NodeKind::conditional:
    case NodeKind::choice:
    case NodeKind::function:
      context.conditional = true;
      break;
    case NodeKind::subshell:
    case NodeKind::group:
    case NodeKind::arithmetic:
      break;
  }
  // A compound command is redirected before its words are expanded.
  redirections(node, context, nullptr);
  for (const std::string& expression : node.expressions) arithmetic(expression, node.at);
  for (const Word& word : node.words) substitutions(word, context);
  for (const List& list : node.lists) walk(list, context);
  for (const Node& child : node.children) walk(child, context);
}

// Everything that runs while the word is expanded.
void Analyser::substitutions(const Word& word, const Context& context) {
  Context inside = context;
  inside.substituted = true;
  for (const Part& part : word.parts) {
    if (part.kind == PartKind::arithmetic) arithmetic(part.text, part.at);
    if (part.assigns) {
      set_variable(part.text, false, part.at);
      out_.settings.push_back({part.text, Argument{"", Known::one, false, part.at}});
    }
    for (const Word& operand : part.words) substitutions(operand, context);
    if (!part.list) continue;
    const Streams before = streams_;
    if (part.kind == PartKind::command) streams_.set(1, {Stream::Leads::nothing, 0, nullptr});
    walk(*part.list, inside);
    streams_ = before;
  }
}

void Analyser::assign(const Assignment& assignment, bool stays, const Context& context) {
  bool numeric = !assignment.array && !assignment.value.empty();
  for (const Word& word : assignment.value) {
    substitutions(word, context);
    numeric = numeric && number(word);
  }
  set_variable(assignment.name, numeric && stays, assignment.at);
  if (!stays) return;
  Argument value = assignment.value.size() == 1 ? reduce(assignment.value[0]) : Argument{};
  if (assignment.append || assignment.array) value.known = Known::one;
  if (std::ranges::any_of(assignment.value, holds_secret)) {
    trouble(assignment.at, "a variable that gets the value of a secret");
  }
  out_.settings.push_back({assignment.name, std::move(value)});
}

void Analyser::walk_simple(const Node& node, Context context) {
  const bool stays = node.words.empty();
  Command command;
  command.context = context;
  command.at = in_script_ ? script_at_ : node.at;
  command.end = in_script_ ? script_at_ : node.end;
  command.behind = behind_;
  // Shells do not agree whether `x=$(…)` runs before or behind the redirections.
  const bool was_unsure = streams_unsure_;
  streams_unsure_ = was_unsure || !node.redirects.empty();
  for (const Assignment& assignment : node.assignments) {
    assign(assignment, stays, context);
    if (stays) continue;
    Argument value = assignment.value.size() == 1 ? reduce(assignment.value[0]) : Argument{};
    if (assignment.append || assignment.array) value.known = Known::one;
    command.settings.push_back({assignment.name, std::move(value)});
  }
  streams_unsure_ = was_unsure;
  for (const Word& word : node.words) substitutions(word, context);
  redirections(node, context, &command);
  if (node.words.empty()) {
    command.standing = Standing::silent;
    if (!command.redirections.empty()) out_.commands.push_back(std::move(command));
    return;
  }
  const Argument program = reduce(node.words[0]);
  if (!program.literal()) return trouble(node.at, "which program runs is not known before it runs");
  command.program = program.text;
  command.arguments.reserve(node.words.size() - 1);
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    command.arguments.push_back(reduce(node.words[i]));
  }
  add(std::move(command), true);
}

// [[ ]]: `-v` evaluates a subscript, and numbers are compared after evaluating both sides.
void Analyser::walk_test(const Node& node, const Context&) {
  constexpr auto compares =
      std::to_array<std::string_view>({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"});
  for (std::size_t i = 0; i < node.words.size(); ++i) {
    const std::string* text = node.words[i].literal();
    if (text == nullptr) continue;
    if (*text == "-v" || *text == "-R") {
      trouble(node.words[i].at, "a subscript is evaluated as arithmetic");
    }
    if (std::ranges::find(compares, *text) == compares.end()) continue;
    const bool fine = i > 0 && i + 1 < node.words.size();
    for (const std::size_t side : {i - 1, i + 1}) {
      if (!fine || number(node.words[side])) continue;
      const auto& parts = node.words[side].parts;
      if (parts.size() == 1 && parts[0].kind == PartKind::parameter && parts[0].words.empty()) {
        use_number(parts[0].text, node.words[side].at);
      } else {
        trouble(node.words[side].at, "a comparison of numbers evaluates its sides as arithmetic");
      }
    }
    if (!fine) trouble(node.words[i].at, "a comparison of numbers without two sides");
  }
}

Analysis analyse(const Line& line) {
  Analyser analyser(line.limits, line.dialect, !is_ascii(line.text));
  analyser.walk(line);
  return analyser.finish();
}

Analysis analyse_argv(std::span<const std::string_view> argv, const Limits& limits) {
  const bool foreign =
      !std::ranges::all_of(argv, [](std::string_view word) { return is_ascii(word); });
  Analyser analyser(limits, Dialect::posix, foreign);
  Command command;
  if (argv.empty()) {
    Analysis none;
    none.troubles.push_back({0, "there is no command"});
    return none;
  }
  command.program = argv[0];
  std::size_t bytes = 0;
  for (const std::string_view word : argv) bytes += word.size();
  if (bytes > limits.text_bytes_max || argv.size() > limits.words_max) {
    Analysis none;
    none.troubles.push_back({0, "the command is too long"});
    return none;
  }
  for (const std::string_view word : argv.subspan(1)) {
    command.arguments.push_back({std::string(word), Known::literal, false, 0});
  }
  analyser.add(std::move(command), false);
  return analyser.finish();
}

// What the shells do themselves. A name that is not in the table is a program; a builtin that is
// not known to be harmless is refused, because builtins can run text (`trap`, `mapfile -C`), give
// names another meaning (`alias`, `hash`, `enable`) or evaluate a word as arithmetic (`let`,
// `test -v`, `printf -v`).

namespace {

enum class Kind : std::uint8_t {
  silent,
  bare,  // silent without arguments, refused with
  row,   // harmless to the analysis; whether it may run is a row's decision
  moves,
  test,
  print,
  set,
  read,
  assign,
  unset,
  wait,
  other,  // handled where programs that run programs are
  refused,
};

struct Builtin {
  std::string_view name;
  Kind kind;
};

constexpr auto kBuiltins = std::to_array<Builtin>({
    {".", Kind::refused},         {":", Kind::silent},        {"[", Kind::test},
    {"alias", Kind::refused},     {"bg", Kind::refused},      {"bind", Kind::refused},
    {"break", Kind::silent},      {"builtin", Kind::other},   {"caller", Kind::refused},
    {"cd", Kind::moves},          {"command", Kind::other},   {"compgen", Kind::refused},
    {"complete", Kind::refused},  {"compopt", Kind::refused}, {"continue", Kind::silent},
    {"declare", Kind::assign},    {"dirs", Kind::bare},       {"disown", Kind::refused},
    {"echo", Kind::row},          {"enable", Kind::refused},  {"eval", Kind::other},
    {"exec", Kind::other},        {"exit", Kind::silent},     {"export", Kind::assign},
    {"false", Kind::silent},      {"fc", Kind::refused},      {"fg", Kind::refused},
    {"getopts", Kind::refused},   {"hash", Kind::refused},    {"help", Kind::refused},
    {"history", Kind::refused},   {"jobs", Kind::bare},       {"kill", Kind::row},
    {"let", Kind::refused},       {"local", Kind::assign},    {"logout", Kind::refused},
    {"mapfile", Kind::refused},   {"popd", Kind::moves},      {"printf", Kind::print},
    {"pushd", Kind::moves},       {"pwd", Kind::row},         {"read", Kind::read},
    {"readarray", Kind::refused}, {"readonly", Kind::assign}, {"return", Kind::silent},
    {"set", Kind::set},           {"shift", Kind::silent},    {"shopt", Kind::refused},
    {"source", Kind::refused},    {"suspend", Kind::refused}, {"test", Kind::test},
    {"times", Kind::silent},      {"trap", Kind::other},      {"true", Kind::silent},
    {"type", Kind::silent},       {"typeset", Kind::assign},  {"ulimit", Kind::row},
    {"umask", Kind::row},         {"unalias", Kind::refused}, {"unset", Kind::unset},
    {"wait", Kind::wait},
});

bool one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_unary_test(std::string_view word) {
  constexpr std::string_view letters = "abcdefghknprstuwxzGLNOS";
  return word.size() == 2 && word[0] == '-' && letters.contains(word[1]);
}

bool is_binary_test(std::string_view word) {
  constexpr auto words =
      std::to_array<std::string_view>({"=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt",
                                       "-ge", "-nt", "-ot", "-ef", "-a", "-o"});
  return one_of(word, words);
}

}  // namespace

bool Analyser::builtin(Command& command) {
  const auto found = std::ranges::find(kBuiltins, command.program, &Builtin::name);
  if (found == kBuiltins.end()) {
    if (dialect_ == Dialect::posix && command.program == "chdir") {
      trouble(command.at, "`chdir` is a builtin of some shells");
    }
    return false;
  }
  command.standing = Standing::silent;
  switch (found->kind) {
    case Kind::silent:
    case Kind::other:
      break;
    case Kind::bare:
      if (!command.arguments.empty()) trouble(command.at, "a builtin with these arguments");
      break;
    case Kind::moves:
      out_.moves = true;
      command.standing = Standing::builtin;
      break;
    case Kind::row:
      command.standing = Standing::builtin;
      break;
    case Kind::test:
      command.standing = Standing::builtin;
      builtin_test(command);
      break;
    case Kind::print:
      command.standing = Standing::builtin;
      builtin_print(command);
      break;
    case Kind::set:
      builtin_set(command);
      break;
    case Kind::read:
      builtin_read(command);
      break;
    case Kind::assign:
    case Kind::unset:
      builtin_export(command);
      break;
    case Kind::wait:
      for (const Argument& word : command.arguments) {
        if (word.may_be_option()) trouble(word.at, "a builtin with these arguments");
      }
      break;
    case Kind::refused:
      trouble(command.at, "this builtin runs text or changes what names mean");
      break;
  }
  // Variables before a special builtin stay set in a POSIX shell.
  for (const Setting& setting : command.settings) {
    // `IFS= read`: how it divides its line is its own business, and ends with it.
    if (setting.name == "IFS" && command.program == "read") continue;
    out_.settings.push_back(setting);
  }
  return true;
}

// An unknown word where `test` could take it for `-v`, whose operand is a subscript, is refused.
void Analyser::builtin_test(const Command& command) {
  std::vector<Argument> words = command.arguments;
  if (command.program == "[" && !words.empty() && words.back().is("]")) words.pop_back();
  for (const Argument& word : words) {
    if (word.is("-v") || word.is("-R")) return trouble(word.at, "`test -v` evaluates a subscript");
    if (word.known == Known::many && !word.operand) {
      return trouble(word.at, "words of `test` that may be operators");
    }
  }
  if (std::ranges::all_of(words, &Argument::literal)) return;
  std::span<const Argument> rest = words;
  if (!rest.empty() && rest[0].is("!")) rest = rest.subspan(1);
  const bool many =
      std::ranges::any_of(words, [](const Argument& word) { return word.known == Known::many; });
  const bool unary = rest.size() == 2 && rest[0].literal() && is_unary_test(rest[0].text);
  const bool binary = rest.size() == 3 && rest[1].literal() && is_binary_test(rest[1].text);
  if (many || (rest.size() > 1 && !unary && !binary)) {
    trouble(command.at, "words of `test` that may be operators");
  }
}

// `-v` and `%n` set variables; everything else only writes.
void Analyser::builtin_print(const Command& command) {
  std::span<const Argument> words = command.arguments;
  if (!words.empty() && words[0].is("--")) words = words.subspan(1);
  if (words.empty()) return;
  const Argument& format = words[0];
  if (!format.literal() || format.text.starts_with('-')) {
    return trouble(format.at, "a format that is not plain text");
  }
  const std::string& text = format.text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    i = text.find_first_not_of("0123456789.-+ #'*hlLjtz", i + 1);
    if (i == std::string::npos) return;
    if (!std::string_view("%bcdeEfFgGiosuxXqQ").contains(text[i])) {
      return trouble(format.at, "a format that sets a variable");
    }
  }
}

void Analyser::builtin_set(const Command& command) {
  // Alone it prints every variable, as `env` does.
  if (command.arguments.empty()) return trouble(command.at, "`set` alone");
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const Argument& word = command.arguments[i];
    const bool plus = word.literal() && word.text.starts_with('+');
    if (i == 0 && word.is("--")) return;  // positional parameters: never a program by themselves
    if (!word.literal() || (!word.text.starts_with('-') && !plus)) {
      return trouble(word.at, "`set` with these arguments");
    }
    const std::string_view letters = std::string_view(word.text).substr(1);
    if (letters.find_first_not_of("eufxo") != std::string_view::npos) {
      return trouble(word.at, "`set` with these arguments");
    }
    if (!letters.ends_with('o')) {
      if (letters.contains('o')) return trouble(word.at, "`set` with these arguments");
      continue;
    }
    constexpr auto names =
        std::to_array<std::string_view>({"pipefail", "errexit", "nounset", "noglob"});
    ++i;
    if (i >= command.arguments.size() || !command.arguments[i].literal() ||
        !one_of(command.arguments[i].text, names)) {
      return trouble(word.at, "`set` with these arguments");
    }
  }
}

void Analyser::builtin_read(const Command& command) {
  bool names = false;
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const Argument& word = command.arguments[i];
    if (!word.literal()) return trouble(word.at, "a name of a variable that is not known");
    if (!names && word.text.starts_with('-')) {
      const std::string_view letters = std::string_view(word.text).substr(1);
      const bool valued = !letters.empty() && std::string_view("ptnNdu").contains(letters.back());
      const std::string_view flags = valued ? letters.substr(0, letters.size() - 1) : letters;
      if (letters.empty() || flags.find_first_not_of("rs") != std::string_view::npos) {
        return trouble(word.at, "`read` with these arguments");
      }
      if (!valued) continue;
      ++i;
      if (i >= command.arguments.size() || command.arguments[i].known == Known::many) {
        return trouble(word.at, "`read` with these arguments");
      }
      continue;
    }
    names = true;
    if (!is_identifier(word.text)) return trouble(word.at, "a name of a variable with a subscript");
    set_variable(word.text, false, word.at);
    out_.settings.push_back({word.text, Argument{"", Known::one, false, word.at}});
  }
  if (!names) set_variable("REPLY", false, command.at);
}

// export, readonly, local, declare, unset: names, and values for them. Options change what a later
// assignment means (`-n`, `-i`), so all but the plain ones are refused.
void Analyser::builtin_export(const Command& command) {
  const bool exports = command.program == "export";
  const bool names = std::ranges::any_of(command.arguments, [](const Argument& word) {
    return !word.literal() || !word.text.starts_with('-');
  });
  // Without a name they print what every variable holds.
  if (!names && command.program != "unset") {
    return trouble(command.at, fmt::format("`{}` without a name", command.program));
  }
  for (const Argument& word : command.arguments) {
    const std::size_t equals = word.text.find('=');
    const std::string_view name = std::string_view(word.text).substr(0, equals);
    if (word.is("-x") || word.is("-r") || word.is("-g") || word.is("--")) continue;
    if (word.known == Known::many || !is_identifier(name) ||
        (!word.literal() && equals == std::string::npos)) {
      return trouble(word.at, "a declaration with these arguments");
    }
    const bool valued = equals != std::string::npos;
    const std::string value = valued ? word.text.substr(equals + 1) : std::string();
    set_variable(name, false, word.at);
    Setting setting{std::string(name), Argument{value, word.known, word.operand, word.at}};
    // A name alone exports what the variable holds, whatever that is.
    if (!valued && command.program != "unset") setting.value.known = Known::one;
    if (exports || command.program == "declare" || command.program == "typeset") {
      setting.exported = true;
    }
    out_.settings.push_back(std::move(setting));
  }
}

// Variables in arithmetic. bash evaluates the *value* of a name as an expression again, subscripts
// with substitutions in them included; so a name may stand in arithmetic only where this line gave
// it a number before, and gives it nothing else anywhere.

bool plain_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() < 19 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

void Analyser::set_variable(std::string_view name, bool number, std::uint32_t at) {
  variables_.push_back({std::string(name), number, at});
}

void Analyser::use_number(std::string_view name, std::uint32_t at) {
  uses_.push_back({std::string(name), true, at});
}

void Analyser::arithmetic(std::string_view expression, std::uint32_t at) {
  for (std::size_t i = 0; i < expression.size();) {
    if (!is_name(expression[i])) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    while (i < expression.size() && is_name(expression[i])) ++i;
    const std::string_view name = expression.substr(start, i - start);
    if (is_digit(name[0])) continue;
    std::size_t next = i;
    while (next < expression.size() && is_blank(expression[next])) ++next;
    const bool assigned = next < expression.size() && expression[next] == '=' &&
                          (next + 1 >= expression.size() || expression[next + 1] != '=');
    const auto place = at + static_cast<std::uint32_t>(start);
    if (assigned) set_variable(name, true, place);
    use_number(name, place);
    // `((PATH=5))` sets a variable like any assignment.
    if (assigned || expression.find("++") != std::string_view::npos ||
        expression.find("--") != std::string_view::npos ||
        expression.find('=') != std::string_view::npos) {
      out_.settings.push_back({std::string(name), Argument{"", Known::one, true, place}});
    }
  }
}

// A number as it stands, or an expansion that is one.
bool Analyser::number(const Word& word) const {
  if (const std::string* text = word.literal()) return plain_number(*text);
  return std::ranges::all_of(word.parts, [](const Part& part) {
    if (part.kind == PartKind::arithmetic) return true;
    if (part.kind == PartKind::text) return plain_number(part.text);
    return part.kind == PartKind::parameter && part.words.empty() &&
           (part.text == "?" || part.text == "#" || part.text == "$");
  });
}

void Analyser::check_numbers() {
  if (uses_.size() > limits_.variables_max || out_.settings.size() > limits_.variables_max) {
    return trouble(0, "too many variables");
  }
  for (const Variable& use : uses_) {
    bool given = false;
    bool other = false;
    for (const Variable& variable : variables_) {
      if (variable.name != use.name) continue;
      given = given || (variable.number && variable.at <= use.at);
      other = other || !variable.number;
    }
    if (!given || other) {
      trouble(use.at, "arithmetic with a variable that may hold more than a number");
      break;
    }
  }
}

// Character sets in which a byte from 0x80 on swallows the next one (GBK takes the backslash behind
// the end of `…` for its half) make other words of the same bytes. A text with such bytes is read
// in the one way that all of the usual sets share only while the line changes nothing about it.
void Analyser::check_charsets() {
  if (!foreign_) return;
  const auto check = [&](const std::vector<Setting>& settings) {
    const auto found =
        std::ranges::find_if(settings, [](const Setting& one) { return changes_charset(one); });
    if (found == settings.end()) return false;
    trouble(found->value.at, "it changes the character set in which it is read");
    return true;
  };
  if (check(out_.settings)) return;
  for (const Command& command : out_.commands) {
    if (check(command.settings)) return;
  }
}

// `~` is a path only while these are: `HOME=-delete; find . ~`.
void Analyser::check_homes() {
  for (const Setting& setting : out_.settings) {
    const bool home = setting.name == "HOME" || setting.name == "PWD" || setting.name == "OLDPWD";
    if (!home || (setting.value.literal() && setting.value.text.starts_with('/'))) continue;
    return trouble(setting.value.at, "a variable that decides what `~` means");
  }
}

Analysis Analyser::finish() {
  check_numbers();
  check_charsets();
  check_homes();
  check_devices();
  return std::move(out_);
}

// What is known of a word before the line runs.

namespace {

// $?, $#, $$: digits, never empty, never an option. `$!` and `$0` may be anything or nothing.
bool is_count(std::string_view name) {
  return name == "?" || name == "#" || name == "$";
}

// A word of text and globs alone; `<(…)` is a descriptor.
std::string pattern_of(const Word& word) {
  if (word.parts.size() == 1 && word.parts[0].kind == PartKind::process) return "/dev/fd/*";
  std::string out;
  for (const Part& part : word.parts) {
    if (part.kind != PartKind::text && part.kind != PartKind::glob) return {};
    out += part.text;
  }
  return out;
}

// `~`, `~user`, `$HOME`; not `~+`, which is where the line works.
bool begins_at_home(const Word& word) {
  if (word.parts.empty()) return false;
  const Part& first = word.parts.front();
  if (first.kind == PartKind::tilde) return first.text != "+" && first.text != "-";
  return first.kind == PartKind::parameter && first.text == "HOME";
}

}  // namespace

Argument reduce(const Word& word) {
  Argument out;
  out.at = word.at;
  out.secret = holds_secret(word);
  bool divides = false;  // an unquoted expansion: any number of words
  bool matches = false;  // a glob: any number of words that all begin with the text before it
  bool unknown = false;
  bool rooted = false;
  out.home = begins_at_home(word);
  for (const Part& part : word.parts) {
    switch (part.kind) {
      case PartKind::text:
        if (!unknown) out.text += part.text;
        continue;
      case PartKind::glob:
        // `[` alone is the program of that name.
        if (word.parts.size() == 1 && part.text == "[") {
          out.text = "[";
          return out;
        }
        matches = true;
        break;
      case PartKind::parameter:
        if (is_count(part.text) && part.words.empty()) {
          rooted = rooted || (!unknown && out.text.empty());
        } else if (!part.quoted || part.text == "@") {
          divides = true;
        } else {
          // `"${x:-$@}"`: as many words as the operand has.
          divides = divides || std::ranges::any_of(part.words, [](const Word& operand) {
                      return reduce(operand).known == Known::many;
                    });
        }
        break;
      case PartKind::command:
        divides = divides || !part.quoted;
        break;
      case PartKind::arithmetic:  // a number, perhaps a negative one
      case PartKind::process:     // /dev/fd/63
        rooted = rooted || (part.kind == PartKind::process && !unknown && out.text.empty());
        break;
      case PartKind::tilde:
        rooted = rooted || (!unknown && out.text.empty());
        break;
      case PartKind::braces:
        divides = true;
        break;
    }
    unknown = true;
  }
  if (!unknown) return out;
  out.known = divides || matches ? Known::many : Known::one;
  out.glob = pattern_of(word);
  const bool begins = rooted || (!out.text.empty() && out.text[0] != '-');
  out.operand = !divides && begins;
  return out;
}

}  // namespace pawl::shell
