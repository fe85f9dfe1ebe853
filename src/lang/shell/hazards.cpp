// What is known of the arguments of one command, and what is not.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "lang/shell/analyser.h"
#include "lang/shell/programs.h"
#include "lang/shell/reader.h"

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
  const std::string key = lower_ascii(word.text.substr(0, equals));
  const std::string whole = equals == std::string::npos ? key : key + word.text.substr(equals);
  return std::ranges::any_of(keys,
                             [&](std::string_view one) { return one == key || one == whole; });
}

// `python -W ignore`: the name of an action, and not one of a module that would be loaded.
bool plain_warning(const Argument& word) {
  return word.literal() &&
         has_word("ignore error default always module once all i e d a m o", word.text);
}

void add_option(Command& command, const Reading& reading, const Reading::Given& given) {
  const Option& option = *given.option;
  const auto add = [&](Effect effect, bool valued) {
    Hazard hazard{effect, given.at, option.name, {}, false};
    hazard.has_value = valued && (given.value > 0 || given.from > 0);
    if (hazard.has_value) hazard.value = reading.value(command, given);
    command.hazards.push_back(std::move(hazard));
  };
  for (const char letter : option.effects) {
    switch (letter) {
      case 'x': {
        const bool configures =
            reading.program->name == "git" && option.name == "-c" && given.at < reading.where.index;
        if (configures && harmless_git_setting(reading.value(command, given))) break;
        if (option.name == "-W" && plain_warning(reading.value(command, given))) break;
        add(Effect::runs, true);
        break;
      }
      case 'w':
      case 't':
        add(Effect::writes, true);
        break;
      case 'W':
        add(Effect::writes, false);
        break;
      case 'd':
      case 'i':
        add(Effect::elsewhere, true);
        command.writes = command.writes || letter == 'i';
        break;
      case 's':
        add(Effect::sends, true);
        break;
      default:
        break;
    }
  }
}

// Whether a name stands in code: no letter, digit or `_` beside it, and no dot before it.
bool has_name(std::string_view code, std::string_view name) {
  for (std::size_t at = code.find(name); at != code.npos; at = code.find(name, at + 1)) {
    const char before = at == 0 ? ' ' : code[at - 1];
    const char after = at + name.size() < code.size() ? code[at + name.size()] : ' ';
    if (!is_name(before) && before != '.' && !is_name(after)) return true;
  }
  return false;
}

void add_whole(Command& command, const Reading& reading, Effect effect) {
  const bool sub = !reading.sub.empty();
  command.hazards.push_back(
      {effect,
       sub ? static_cast<std::uint32_t>(reading.where.index) : Hazard::whole_program,
       "",
       {},
       false});
}

void add_unknown(Command& command, const Reading& reading) {
  for (const std::uint32_t at : reading.unknown) {
    Hazard hazard{Effect::runs, at, "", {}, false};
    hazard.unknown = true;
    command.hazards.push_back(std::move(hazard));
  }
}

// `tar -f host:x`: an archive on another machine, which rsh reaches. tar(1), `--force-local`.
void find_remote_archive(Command& command, const Reading& reading) {
  for (const Reading::Given& given : reading.options) {
    if (!given.option->effects.contains('f')) continue;
    const Argument archive = reading.value(command, given);
    const std::size_t colon = archive.text.find(':');
    if (colon == std::string::npos || archive.text.find('/') < colon) continue;
    command.hazards.push_back({Effect::runs, given.at, given.option->name, {}, false});
    command.hazards.push_back({Effect::sends, given.at, given.option->name, archive, true});
  }
}

// `curl -T x file:///y` writes a file of this machine.
void find_upload(Command& command, const Reading& reading) {
  const auto uploads = std::ranges::find_if(reading.options, [](const Reading::Given& given) {
    return given.option->name == "-T" || given.option->name == "--upload-file";
  });
  if (uploads == reading.options.end()) return;
  const bool here = std::ranges::any_of(command.arguments, [](const Argument& word) {
    return !word.literal() || (word.text.contains(":/") && !word.text.starts_with("http"));
  });
  if (!here) return;
  command.hazards.push_back({Effect::writes, uploads->at, uploads->option->name, {}, false});
}

void add_unknown_word(Command& command, std::uint32_t at) {
  Hazard hazard{Effect::runs, at, "", {}, false};
  hazard.unknown = true;
  command.hazards.push_back(std::move(hazard));
}

// A filter of jq that reads variables of the environment: `env`, `$ENV`. jq(1).
void find_environment(Command& command, const Reading& reading) {
  for (const Reading::Operand& operand : reading.operands) {
    if (operand.role != Role::pattern) continue;
    const Argument& filter = command.arguments[operand.at];
    if (filter.literal() && !has_name(filter.text, "env") && !has_name(filter.text, "ENV"))
      continue;
    add_unknown_word(command, operand.at);
  }
}

// `npm run env` shows the environment, and `npm config get` what an older npm keeps of passwords.
void find_shown_secrets(Command& command, const Reading& reading) {
  for (const Reading::Operand& operand : reading.operands) {
    const Argument& word = command.arguments[operand.at];
    const bool environment = reading.sub == "run" && word.is("env");
    const std::string name = lower_ascii(word.text);
    const bool secret = reading.form->usage->subs.starts_with("config get") &&
                        std::ranges::any_of(std::array{"auth", "password", "token", "key"},
                                            [&](const char* part) { return name.contains(part); });
    if (environment || secret) add_unknown_word(command, operand.at);
  }
}

// `git merge -s x` runs `git-merge-x`.
void find_strategy(Command& command, const Reading& reading) {
  for (const Reading::Given& given : reading.options) {
    if (given.option->name != "-s" && given.option->name != "--strategy") continue;
    if (given.value == 0 && given.from == 0) continue;
    const Argument value = reading.value(command, given);
    if (value.literal() && has_word("ort recursive resolve octopus ours subtree", value.text))
      continue;
    add_unknown_word(command, given.value);
  }
}

// `tsc @file`, `npx tsc @file`: options that stand in a file.
void find_option_file(Command& command, bool compiles) {
  for (std::uint32_t i = 0; i < command.arguments.size(); ++i) {
    const Argument& word = command.arguments[i];
    if (compiles && word.text.starts_with('@')) add_unknown_word(command, i);
    compiles = compiles || word.is("tsc");
  }
}

}  // namespace

void find_hazards(Command& command) {
  const std::string_view name = canonical_name(command.program);
  const Reading reading = read_command(command);
  add_unknown(command, reading);
  for (const Reading::Given& given : reading.options) add_option(command, reading, given);
  if (reading.does('x')) add_whole(command, reading, Effect::runs);
  if (reading.does('W')) {
    add_whole(command, reading, Effect::writes);
  } else if (reading.writes()) {
    command.writes = true;
  }
  if (reading.does('s')) add_whole(command, reading, Effect::sends);
  if (reading.discards()) add_whole(command, reading, Effect::discards);
  for (const Reading::Operand& operand : reading.operands) {
    if (operand.role != Role::into) continue;
    Argument place = command.arguments[operand.at];
    if (name == "go") place.text = packages_directory(place.text);
    command.hazards.push_back({Effect::elsewhere, operand.at, "", std::move(place), true});
  }
  find_code(command, name);
  if (name == "tar") find_remote_archive(command, reading);
  const bool form = reading.form != nullptr;
  if (name == "jq") find_environment(command, reading);
  if (name == "npm" && form) find_shown_secrets(command, reading);
  if (name == "tsc" || name == "npx") find_option_file(command, name == "tsc");
  if (name == "curl") find_upload(command, reading);
  if (name == "git") {
    find_strategy(command, reading);
    for (std::uint32_t i = 0; i < command.arguments.size(); ++i) {
      const std::string& text = command.arguments[i].text;
      if (text.contains("ext::") || text.contains("fd::")) {
        command.hazards.push_back({Effect::runs, i, "ext::", {}, false});
      }
    }
  }
}

}  // namespace pawl::shell
