// What the table knows about the arguments of one command.
#include <algorithm>
#include <array>

#include "lang/shell/analyser.h"
#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

// `git -c KEY=VALUE` for keys that name no program, file or host.
bool harmless_git_setting(const Argument& word) {
  constexpr auto keys = std::to_array<std::string_view>(
      {"advice.detachedhead", "color.ui", "color.diff", "color.status", "core.quotepath",
       "core.abbrev", "commit.gpgsign=false", "core.pager=cat", "core.pager=", "init.defaultbranch",
       "log.showsignature=false", "user.name", "user.email", "diff.renames", "log.date"});
  if (!word.literal()) return false;
  const std::size_t equals = word.text.find('=');
  std::string key = word.text.substr(0, equals);
  std::ranges::transform(key, key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string whole = equals == std::string::npos ? key : key + word.text.substr(equals);
  return std::ranges::any_of(keys,
                             [&](std::string_view one) { return one == key || one == whole; });
}

void add_hazard(Command& command, const Danger& danger, std::string_view option,
                std::uint32_t index) {
  Hazard hazard{danger.effect, index, option, {}, false};
  if (danger.value && index != Hazard::whole_program) {
    const Argument& word = command.arguments[index];
    const std::size_t equals = word.text.find('=');
    hazard.has_value = true;
    if (option.starts_with("--") && equals != std::string::npos) {
      hazard.value = word;
      hazard.value.text = word.text.substr(equals + 1);
    } else if (option.size() == 2 && !word.text.ends_with(option[1])) {
      hazard.value = word;
      hazard.value.text = word.text.substr(word.text.find(option[1]) + 1);
    } else if (index + 1 < command.arguments.size()) {
      hazard.value = command.arguments[index + 1];
    } else {
      hazard.has_value = false;
    }
  }
  const bool configures = command.program.ends_with("git") && option == "-c" && hazard.has_value;
  if (configures && harmless_git_setting(hazard.value)) return;
  command.hazards.push_back(std::move(hazard));
}

void scan_options(Command& command, const Program& program, const Danger& danger,
                  const Subcommand& where) {
  // What stands behind the file of a script belongs to the script.
  constexpr std::string_view interpreters =
      "Rscript julia lua luajit node perl php python ruby tclsh";
  const auto& first = command.arguments;
  const bool script = has_word(interpreters, danger.program) && !first.empty() &&
                      first[0].literal() && !first[0].text.starts_with('-');
  if (script) return;
  for (std::string_view words = danger.options; !words.empty();) {
    const std::string_view option = next_word(words);
    for (std::uint32_t i = 0; i < command.arguments.size(); ++i) {
      const Argument& word = command.arguments[i];
      // An unknown ending does not hide an option: `--output=$x`.
      if (!word.literal() && word.text.empty()) continue;
      if (word.text == "-" || !has_option(program, word.text, option)) continue;
      // `git -c x` and `git clone -c x`: a row of a subcommand speaks of what is behind it.
      if (!danger.subs.empty() && i <= where.index && where.certain) continue;
      if (danger.program == "git" && danger.subs.empty() && where.certain && i > where.index)
        continue;
      add_hazard(command, danger, option, i);
    }
  }
}

// Options of tar without a dash, as the first word.
void scan_old_tar(Command& command) {
  if (command.arguments.empty()) return;
  const Argument& first = command.arguments[0];
  if (first.text.starts_with('-') || (first.literal() && first.text.empty())) return;
  if (!first.literal() || first.text.find_first_of("IF") != std::string::npos) {
    command.hazards.push_back({Effect::runs, 0, "-I", {}, false});
  }
}

}  // namespace

void find_hazards(Command& command) {
  const std::string_view name = canonical_name(command.program);
  const Program& program = find_program(name);
  const auto dangers = dangers_of(name);
  if (!dangers.empty()) {
    const Subcommand where = find_subcommand(program, command.arguments);
    const std::string_view sub = subcommand_name(program, command.arguments, where);
    for (const Danger& danger : dangers) {
      const bool could = !sub.empty() && !has_word(danger.subs, sub);
      const bool cut = program.abbreviates && !danger.subs.empty();
      bool here = danger.subs.empty() || !could;
      for (std::string_view all = danger.subs; cut && !here && !all.empty();) {
        here = next_word(all).starts_with(sub);
      }
      if (!here || (!danger.subs.empty() && where.index >= command.arguments.size())) continue;
      if (!danger.options.empty()) {
        scan_options(command, program, danger, where);
        continue;
      }
      const auto at =
          danger.subs.empty() ? Hazard::whole_program : static_cast<std::uint32_t>(where.index);
      add_hazard(command, danger, "", at);
    }
  }
  if (name == "tar") scan_old_tar(command);
  find_code(command, name, program);
  if (name == "git") {
    for (std::uint32_t i = 0; i < command.arguments.size(); ++i) {
      const std::string& text = command.arguments[i].text;
      if (text.contains("ext::") || text.contains("fd::")) {
        command.hazards.push_back({Effect::runs, i, "ext::", {}, false});
      }
    }
  }
}

}  // namespace pawl::shell
