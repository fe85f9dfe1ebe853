// Shells behind the shell: `bash -c`, `eval`, `trap`. Their text is read again.
#include <algorithm>
#include <array>

#include "lang/shell/analyser.h"

namespace pawl::shell {
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
