// Arguments that are programs: scripts of sed and awk, variables and targets of make.
#include <algorithm>
#include <array>

#include "lang/shell/analyser.h"
#include "lang/shell/programs.h"
#include "lang/shell/reader.h"
#include "lang/shell/rows.h"

namespace pawl::shell {
namespace {

void runs_code(Command& command, std::size_t index, std::string_view option) {
  command.hazards.push_back({Effect::runs, static_cast<std::uint32_t>(index), option, {}, false});
}

// ---- sed

// The options of GNU sed; any other may take the next word for its value.
constexpr std::string_view kSedFlags = "bnrsuzE";
constexpr std::string_view kSedLongFlags =
    "binary debug follow-symlinks help null-data posix quiet regexp-extended sandbox separate "
    "silent unbuffered version zero-terminated";
constexpr std::string_view kSedLongValues = "expression file in-place line-length";

// The option that a long word spells, abbreviated or not; empty where it could be several or none.
std::string_view sed_option(std::string_view name) {
  std::string_view found;
  for (const std::string_view list : {kSedLongFlags, kSedLongValues}) {
    for (std::string_view words = list; !words.empty();) {
      const std::string_view word = next_word(words);
      if (word == name) return word;
      if (!word.starts_with(name)) continue;
      if (!found.empty()) return {};
      found = word;
    }
  }
  return found;
}

class SedLine {
 public:
  explicit SedLine(Command& command) : command_(command) {}

  void scan() {
    const auto& words = command_.arguments;
    bool options = true;
    for (at_ = 0; at_ < words.size(); ++at_) {
      const Argument& word = words[at_];
      if (options && word.is("--")) {
        options = false;
      } else if (!options || word.text.size() < 2 || word.text[0] != '-') {
        if (operand_ == none) operand_ = at_;
      } else if (!word.literal()) {
        runs_code(command_, at_, "--");
      } else if (word.text.starts_with("--")) {
        long_option(std::string_view(word.text).substr(2));
      } else {
        letters(word.text);
      }
    }
    first_operand();
    finish();
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  void long_option(std::string_view text) {
    const std::size_t equals = text.find('=');
    const bool joined = equals != text.npos;
    const std::string_view option = sed_option(text.substr(0, equals));
    if (option == "expression") {
      joined ? script(at_, text.substr(equals + 1)) : next_script();
    } else if (option == "file" || option == "line-length") {
      given_ = given_ || option == "file";
      if (option == "file") runs_code(command_, at_, "--file");
      if (!joined) skip_value();
    } else if (option.empty() || (joined && option != "in-place")) {
      runs_code(command_, at_, "--");
    } else if (option == "in-place" && !text.starts_with(option)) {
      command_.hazards.push_back(
          {Effect::writes, static_cast<std::uint32_t>(at_), "--in-place", {}, false});
    }
  }

  void letters(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      const char letter = text[i];
      const std::string_view rest = text.substr(i + 1);
      if (kSedFlags.contains(letter)) continue;
      if (letter == 'i') return;  // the rest is the suffix
      if (letter == 'e') return rest.empty() ? next_script() : script(at_, rest);
      if (letter != 'f' && letter != 'l') return runs_code(command_, at_, "--");
      given_ = given_ || letter == 'f';
      if (rest.empty()) skip_value();
      return;
    }
  }

  void skip_value() {
    ++at_;
    const auto& words = command_.arguments;
    if (at_ < words.size() && words[at_].known == Known::many) runs_code(command_, at_, "--");
  }

  void next_script() {
    given_ = true;
    if (at_ + 1 >= command_.arguments.size()) return;
    ++at_;
    script(at_, command_.arguments[at_].text);
  }

  void script(std::size_t index, std::string_view text) {
    given_ = true;
    if (first_ == none) first_ = index;
    pieces_.emplace_back(text);
    if (!command_.arguments[index].literal()) runs_code(command_, index, "script");
  }

  // `sed -i '' script`: an empty script here, and the suffix of some versions.
  void first_operand() {
    if (given_) return;
    const auto& words = command_.arguments;
    while (operand_ < words.size() && words[operand_].is("")) ++operand_;
    if (operand_ < words.size()) script(operand_, words[operand_].text);
  }

  void finish() {
    const SedScript found = read_sed(pieces_);
    if (found.runs) runs_code(command_, first_, "script");
    command_.inputs.insert(command_.inputs.end(), found.inputs.begin(), found.inputs.end());
    for (const std::string& file : found.files) {
      command_.hazards.push_back({Effect::writes, static_cast<std::uint32_t>(first_), "script",
                                  Argument{file, Known::literal, false, command_.at}, true});
    }
  }

  Command& command_;
  std::size_t at_ = 0;
  std::size_t operand_ = none;
  std::size_t first_ = none;  // argument that holds the first script
  bool given_ = false;        // by -e or -f
  std::vector<std::string> pieces_;
};

// ---- awk

// The first operand where neither -f nor -e gives a program.
void scan_awk(Command& command) {
  constexpr std::string_view values = "FvfeiEl";
  const auto& words = command.arguments;
  std::size_t at = 0;
  for (; at < words.size(); ++at) {
    const std::string& text = words[at].text;
    if (words[at].is("--")) {
      ++at;
      break;
    }
    if (text.size() < 2 || text[0] != '-') break;
    if (text.starts_with("--")) {
      constexpr auto bare = std::to_array<std::string_view>(
          {"--posix", "--sandbox", "--version", "--help", "--re-interval"});
      if (std::ranges::find(bare, text) == bare.end()) runs_code(command, at, "--");
      continue;
    }
    const std::size_t letter = text.find_first_of(values, 1);
    if (letter == std::string::npos) continue;
    if (text[letter] == 'f') return;  // the table has it
    if (letter + 1 < text.size() || !words[at].literal()) continue;
    ++at;
    if (at < words.size() && words[at].known == Known::many) runs_code(command, at, "--");
  }
  if (at >= words.size()) return;
  if (!words[at].literal() || !harmless_awk(words[at].text)) runs_code(command, at, "program");
}

// ---- make, and what is like it

// Names whose value is a word that recipes choose among and not a program; and values that are not
// the name of one, whatever the variable is for.
constexpr std::string_view kMakeNames =
    "ARCH BUILD BUILD_TYPE CONFIG CONFIGURATION DEBUG LEVEL LOG_LEVEL MODE PLATFORM PROFILE "
    "RELEASE "
    "TAG TARGET TEST TESTS V VERBOSE VERSION";
constexpr std::string_view kMakeValues =
    "y n yes no on off true false Y N Yes No YES NO ON OFF True False TRUE FALSE debug release "
    "Debug Release";

bool is_number(std::string_view text) {
  return text.find_first_not_of("0123456789.") == text.npos;
}

// Letters, digits and signs that neither make nor a shell nor a template reads as anything else.
bool is_plain_word(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return is_name(c) || std::string_view("./-+:@%,").contains(c); });
}

// `NAME=value`, as a variable that every line of a recipe sees.
bool harmless_make_setting(std::string_view word) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (!is_identifier(name) || critical_variable(name)) return false;
  if (name.contains("MAKE") || name.contains("FLAGS") || name == "SHELL") return false;
  if (is_number(value) || has_word(kMakeValues, value)) return true;
  const bool inside = !value.starts_with('/') && !value.starts_with('-') && !value.contains("..");
  return has_word(kMakeNames, name) && is_plain_word(value) && inside;
}

// Variables on the line are code (`X!=cmd`, `X:=$(shell cmd)`, `CC=cmd`), and so is a target that a
// recipe puts into a command: `make 'x; cmd'` where it says `echo $@`.
void scan_make(Command& command) {
  // The file of rules lies where the line says.
  for (std::size_t i = 0; i < command.hazards.size(); ++i) {
    const Hazard& hazard = command.hazards[i];
    if (hazard.effect != Effect::elsewhere || !hazard.has_value) continue;
    const std::string& place = hazard.value.text;
    const bool inside = hazard.value.literal() && !place.starts_with('/') && !place.contains("..");
    if (!inside) runs_code(command, hazard.argument, "-C");
  }
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const Argument& word = command.arguments[i];
    if (word.text.starts_with('-') && word.literal()) continue;
    const bool setting = word.text.contains('=');
    const bool fine =
        word.literal() && (setting ? harmless_make_setting(word.text) : is_plain_word(word.text));
    if (!fine) runs_code(command, i, setting ? "NAME=" : "target");
  }
}

// ---- date

// A word that is no format sets the clock.
void scan_date(Command& command) {
  for (const Reading::Operand& operand : read_command(command).operands) {
    const Argument& word = command.arguments[operand.at];
    if (word.text.starts_with('+')) continue;
    command.hazards.push_back({Effect::writes, operand.at, "date", {}, false});
  }
}

// ---- cmake

constexpr std::string_view kCmakeNames =
    "BUILD_SHARED_LIBS BUILD_TESTING CMAKE_BUILD_TYPE CMAKE_CXX_STANDARD CMAKE_C_STANDARD "
    "CMAKE_EXPORT_COMPILE_COMMANDS CMAKE_INSTALL_PREFIX CMAKE_OSX_ARCHITECTURES "
    "CMAKE_POSITION_INDEPENDENT_CODE CMAKE_VERBOSE_MAKEFILE";

// -D NAME[:TYPE]=VALUE: launchers, compilers and files to include are set in this way.
void scan_cmake(Command& command) {
  const auto& words = command.arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].text.starts_with("-D")) continue;
    std::size_t at = i;
    std::string_view text = std::string_view(words[i].text).substr(2);
    if (text.empty() && i + 1 < words.size()) text = words[++at].text;
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, std::min(text.find(':'), equals));
    const std::string_view value = equals == text.npos ? "" : text.substr(equals + 1);
    const bool word = has_word(kMakeValues, value) || is_number(value);
    const bool fine = words[i].literal() && words[at].literal() && is_identifier(name) &&
                      is_plain_word(value) && (word || has_word(kCmakeNames, name));
    if (!fine) runs_code(command, i, "-D");
  }
}

// ---- go

// A package by its path alone may be fetched: only what lies in the tree is run or installed.
void scan_go(Command& command) {
  const Reading reading = read_command(command);
  if (reading.sub != "run" && reading.sub != "install") return;
  for (const Reading::Operand& operand : reading.operands) {
    const Argument& word = command.arguments[operand.at];
    const bool inside = word.text.starts_with('.') || word.text.starts_with('/') ||
                        (word.text.ends_with(".go") && !word.text.contains('@'));
    if (!inside) runs_code(command, operand.at, "package");
    if (reading.sub == "run" && !word.text.ends_with(".go")) break;  // the rest is for the program
  }
}

}  // namespace

bool expands_variables(std::string_view name) {
  return has_word("make just ninja rake task scons", name);
}

void find_code(Command& command, std::string_view name) {
  if (name == "sed") {
    SedLine(command).scan();
  } else if (name == "awk") {
    scan_awk(command);
  } else if (expands_variables(name)) {
    scan_make(command);
  } else if (name == "date") {
    scan_date(command);
  } else if (name == "cmake") {
    scan_cmake(command);
  } else if (name == "go") {
    scan_go(command);
  } else if (reads_its_code(name, command.arguments)) {
    runs_code(command, Hazard::whole_program, "-");
  }
}

}  // namespace pawl::shell
