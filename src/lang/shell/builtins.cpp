// What the shells do themselves. A name that is not in the table is a program; a builtin that is
// not known to be harmless is refused, because builtins can run text (`trap`, `mapfile -C`), give
// names another meaning (`alias`, `hash`, `enable`) or evaluate a word as arithmetic (`let`,
// `test -v`, `printf -v`).
#include <algorithm>
#include <array>

#include "lang/shell/analyser.h"
#include "lang/shell/reader.h"

namespace pawl::shell {
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
  for (const Setting& setting : command.settings) out_.settings.push_back(setting);
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
      if (++i >= command.arguments.size() || command.arguments[i].known == Known::many) {
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

}  // namespace pawl::shell
