// Rows applied to a line.
#include <algorithm>

#include "lang/shell/programs.h"
#include "lang/shell/reader.h"
#include "lang/shell/rows.h"

namespace pawl::shell {
namespace {

bool below(std::string_view path, std::string_view directory) {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) && path.size() > directory.size() &&
         path[directory.size()] == '/';
}

bool clean(std::string_view path) {
  return path.starts_with('/') && !path.contains("//") && !path.contains("/./") &&
         !path.contains("/../") && !path.ends_with("/..") && !path.ends_with("/.");
}

enum class Match : std::uint8_t { no, yes, perhaps };

class Judge {
 public:
  Judge(const Analysis& analysis, const Rows& rows, const Place& place)
      : analysis_(analysis), rows_(rows), place_(place) {}

  Judgement run();

 private:
  void settings();
  void command(std::uint32_t index);
  void stopped(std::uint32_t index);
  std::string_view row_name(const Command& command);
  bool found(std::string_view word) const;
  Match match(const Rows::Entry& entry, const Command& command);
  Match match_stop(const Rows::Entry& entry, const Command& command);
  void accept(const Command& command, const Judged& judged);
  void accept_row(const Command& command, const Row& row);
  bool hazard_spelled(const Hazard& hazard, const Command& command, const Judged& judged) const;
  void refuse(Outcome outcome, std::uint32_t at, std::string_view why);

  const Analysis& analysis_;
  const Rows& rows_;
  const Place& place_;
  std::vector<const Setting*> inherited_;
  Judgement out_;
  const Program* program_ = nullptr;
  std::string_view row_name_;
  Subcommand where_;
};

void Judge::refuse(Outcome outcome, std::uint32_t at, std::string_view why) {
  constexpr std::size_t reasons_max = 8;
  if (outcome > out_.outcome) out_.outcome = outcome;
  if (out_.reasons.size() < reasons_max) out_.reasons.push_back({at, std::string(why)});
}

// Variables of the line itself: which of them do later programs see?
void Judge::settings() {
  for (const Setting& setting : analysis_.settings) {
    if (critical_variable(setting.name)) {
      refuse(Outcome::not_analysable, setting.value.at, "a variable that decides what runs");
      continue;
    }
    const bool capital =
        std::ranges::any_of(setting.name, [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool lower = setting.name.ends_with("_proxy") || setting.name.starts_with("npm_config_");
    const bool seen = place_.environment != nullptr ? place_.environment->contains(setting.name)
                                                    : capital || lower;
    if (setting.exported || seen) inherited_.push_back(&setting);
  }
}

bool Judge::found(std::string_view word) const {
  if (place_.programs == nullptr) return true;
  const auto at = place_.programs->find(word);
  if (at == place_.programs->end()) return false;
  const Resolved& resolved = at->second;
  if (base_name(resolved.found) != base_name(word)) return false;
  if (!clean(resolved.found) || !clean(resolved.real)) return false;
  const auto inside = [&](std::string_view path) {
    return std::ranges::any_of(
        place_.directories, [&](const std::string& directory) { return below(path, directory); });
  };
  return inside(resolved.found) && inside(resolved.real);
}

// The name that rows use for this command, or empty where none can.
std::string_view Judge::row_name(const Command& command) {
  const std::string_view word = command.program;
  if (command.standing == Standing::silent) return ":";
  if (command.standing == Standing::builtin) return word;
  if (!rows_.entries_of(word).empty() && word.starts_with('/')) return word;
  if (!word.contains('/')) return word;
  // A path stands for its name only where it was looked up.
  return place_.programs != nullptr && clean(word) ? base_name(word) : std::string_view();
}

// Word by word, from the subcommand on; a row that begins with an option is compared from the
// first argument.
Match Judge::match(const Rows::Entry& entry, const Command& command) {
  if (entry.words.empty()) return Match::yes;
  const auto& arguments = command.arguments;
  const bool option_first = entry.words[0].starts_with('-');
  const std::size_t start = option_first ? 0 : where_.index;
  if (!option_first && !where_.certain) return Match::perhaps;
  for (std::size_t i = 0; i < entry.words.size(); ++i) {
    if (start + i >= arguments.size()) return Match::no;
    const Argument& argument = arguments[start + i];
    if (!argument.literal()) {
      const bool could = argument.known == Known::many || entry.words[i].starts_with(argument.text);
      return could ? Match::perhaps : Match::no;
    }
    if (argument.text == entry.words[i]) continue;
    const bool valued =
        entry.words[i].starts_with('-') && argument.text.starts_with(entry.words[i] + "=");
    const bool alias =
        i == 0 && !option_first && subcommand_name(*program_, arguments, where_) == entry.words[i];
    if (!valued && !alias) return Match::no;
  }
  return Match::yes;
}

// The words in their order, wherever they stand.
Match Judge::match_stop(const Rows::Entry& entry, const Command& command) {
  const auto& arguments = command.arguments;
  std::size_t at = 0;
  bool perhaps = false;
  for (std::size_t i = 0; i < entry.words.size(); ++i) {
    const std::string& word = entry.words[i];
    const bool option = word.starts_with('-');
    const bool first = i == 0 && !option && where_.certain;
    if (option &&
        says_the_same(*program_, command, subcommand_name(*program_, arguments, where_), word)) {
      continue;
    }
    bool met = false;
    std::size_t from = option ? 0 : (first ? where_.index : at);
    for (; from < arguments.size() && !met; ++from) {
      const Argument& argument = arguments[from];
      if (!argument.literal()) {
        const bool any = argument.known == Known::many && !argument.operand;
        perhaps =
            perhaps || (option ? argument.may_be_option() : any || word.starts_with(argument.text));
        if (first) break;
        continue;
      }
      const std::string_view text =
          first ? subcommand_name(*program_, arguments, where_) : std::string_view(argument.text);
      met = option ? has_option(*program_, argument.text, word)
                   : text == word || argument.text == word ||
                         (program_->abbreviates && !text.empty() && word.starts_with(text));
      if (first) {
        ++from;
        break;
      }
    }
    if (!met) return perhaps ? Match::perhaps : Match::no;
    if (!option) at = from;
  }
  return Match::yes;
}

bool Judge::hazard_spelled(const Hazard& hazard, const Command& command,
                           const Judged& judged) const {
  if (hazard.option.empty() || hazard.argument >= command.arguments.size()) return false;
  for (const Rows::Entry& entry : rows_.entries_of(row_name_)) {
    if (entry.words.size() != judged.words) continue;
    const bool applies = std::ranges::find(judged.rows, entry.row) != judged.rows.end();
    const std::size_t start =
        !entry.words.empty() && entry.words[0].starts_with('-') ? 0 : where_.index;
    const bool within = hazard.argument >= start && hazard.argument < start + entry.words.size();
    // Only this very option, alone in its word.
    if (applies && within && entry.words[hazard.argument - start] == hazard.option &&
        command.arguments[hazard.argument].text.starts_with(hazard.option) &&
        (hazard.option.size() > 2 || command.arguments[hazard.argument].text == hazard.option)) {
      return true;
    }
  }
  return false;
}

void Judge::accept_row(const Command& command, const Row& row) {
  // Variables and words of a wrapper are those of the program behind it, and are judged there.
  const bool through = command.standing == Standing::through;
  // make expands what it finds in variables: `X='$(shell id)' make`.
  const bool expands = expands_variables(program_->name) && !row.runs;
  const auto may_set = [&](const Setting& setting) {
    if (expands && !plain_setting(setting)) return false;
    return harmless_setting(setting) ||
           std::ranges::find(row.environment, setting.name) != row.environment.end();
  };
  for (const Setting& setting : command.settings) {
    if (critical_variable(setting.name)) {
      refuse(Outcome::not_analysable, setting.value.at, "a variable that decides what runs");
    } else if (!through && !may_set(setting)) {
      refuse(Outcome::uncovered, setting.value.at, "a variable that the row does not accept");
    }
  }
  for (const Setting* setting : inherited_) {
    if (!through && !may_set(*setting)) {
      refuse(Outcome::uncovered, setting->value.at, "a variable that the row does not accept");
    }
  }
  for (const Redirection& redirection : command.redirections) {
    if (redirection.kind != RedirectKind::read && !row.writes) {
      refuse(Outcome::uncovered, redirection.target.at,
             "writes a file, which the row does not accept");
    }
  }
  if (program_->nature == Nature::writes && command.standing != Standing::builtin && !row.writes) {
    refuse(Outcome::uncovered, command.at, "writes files, which the row does not accept");
  }
  if (row.unknown == Unknown::any || through) return;
  const bool harmless = program_->nature == Nature::harmless;
  for (const Argument& argument : command.arguments) {
    if (argument.literal() || (harmless && row.unknown != Unknown::none)) continue;
    if (argument.operand && row.unknown == Unknown::operands) continue;
    refuse(Outcome::not_analysable, argument.at, "a word that is not known before the line runs");
  }
}

void Judge::accept(const Command& command, const Judged& judged) {
  for (const std::uint32_t index : judged.rows) {
    // Nothing that stops needs to be accepted.
    if (rows_.row(index).stops) return;
  }
  for (const std::uint32_t index : judged.rows) {
    const Row& row = rows_.row(index);
    accept_row(command, row);
    for (const Hazard& hazard : command.hazards) {
      const bool accepted = (hazard.effect == Effect::runs && row.runs) ||
                            (hazard.effect == Effect::writes && row.writes) ||
                            hazard.effect == Effect::elsewhere;
      if (accepted || hazard_spelled(hazard, command, judged)) continue;
      const std::uint32_t at = hazard.argument < command.arguments.size()
                                   ? command.arguments[hazard.argument].at
                                   : command.at;
      if (hazard.effect == Effect::runs && hazard.option == "-") {
        refuse(Outcome::not_analysable, at, "a program that runs what it reads");
      } else if (hazard.effect == Effect::runs) {
        refuse(Outcome::not_analysable, at, "an argument that chooses what the program runs");
      } else {
        refuse(Outcome::uncovered, at, "writes a file, which the row does not accept");
      }
    }
  }
}

// What a row stops is stopped by its name, wherever the program lies and whatever else is unclear
// about the command: a question about the rest must not ask about this.
void Judge::stopped(std::uint32_t index) {
  const Command& command = analysis_.commands[index];
  Judged judged;
  judged.command = index;
  for (const Rows::Entry& entry : rows_.entries_of(base_name(command.program))) {
    if (!rows_.row(entry.row).stops || match_stop(entry, command) != Match::yes) continue;
    judged.rows.push_back(entry.row);
  }
  if (!judged.rows.empty()) out_.commands.push_back(std::move(judged));
}

void Judge::command(std::uint32_t index) {
  const Command& command = analysis_.commands[index];
  const bool writes = std::ranges::any_of(
      command.redirections, [](const Redirection& one) { return one.kind != RedirectKind::read; });
  const bool named = command.standing == Standing::silent && !command.program.empty() &&
                     !rows_.entries_of(command.program).empty();
  if (command.standing == Standing::silent && !writes && !named) return;
  program_ = &find_program(canonical_name(command.program));
  where_ = find_subcommand(*program_, command.arguments);
  row_name_ = named ? std::string_view(command.program) : row_name(command);
  const bool looked_up =
      command.standing == Standing::program || command.standing == Standing::through;
  const bool shell_word =
      command.standing == Standing::through &&
      (command.program == "command" || command.program == "exec" || command.program == "builtin");
  if (looked_up && !shell_word && !found(command.program)) {
    stopped(index);
    return refuse(Outcome::uncovered, command.at, "a program that is not where programs are");
  }
  Judged judged;
  judged.command = index;
  std::size_t perhaps = 0;
  bool any = false;
  for (const Rows::Entry& entry : rows_.entries_of(row_name_)) {
    const Match result =
        rows_.row(entry.row).stops ? match_stop(entry, command) : match(entry, command);
    const std::size_t words = entry.words.size();
    if (result == Match::perhaps) perhaps = std::max(perhaps, words);
    if (result != Match::yes || (any && words < judged.words)) continue;
    if (!any || words > judged.words) judged.rows.clear();
    any = true;
    judged.words = static_cast<std::uint32_t>(words);
    if (judged.rows.empty() || judged.rows.back() != entry.row) judged.rows.push_back(entry.row);
  }
  if (perhaps > 0 && (!any || perhaps > judged.words)) {
    stopped(index);
    return refuse(Outcome::not_analysable, command.at, "which row speaks of it cannot be told");
  }
  if (any) {
    accept(command, judged);
    out_.commands.push_back(std::move(judged));
    return;
  }
  if (command.standing != Standing::through) {
    stopped(index);
    return refuse(Outcome::uncovered, command.at, "no row covers it");
  }
  // Without a row of its own a wrapper may do nothing but run what is behind it. What it writes
  // itself (`bash -c '…' > file`) is the shell's.
  Row nothing;
  for (const Rows::Entry& entry : rows_.entries_of(":")) {
    nothing.writes = nothing.writes || rows_.row(entry.row).writes;
  }
  accept_row(command, nothing);
  for (const Hazard& hazard : command.hazards) {
    if (hazard.effect != Effect::elsewhere) {
      refuse(Outcome::not_analysable, command.at, "an argument that chooses what the program runs");
    }
  }
}

Judgement Judge::run() {
  out_.outcome = Outcome::covered;
  for (const Trouble& trouble : analysis_.troubles) {
    refuse(Outcome::not_analysable, trouble.at, trouble.why);
  }
  // What is not fully understood may still be seen to run what a row stops.
  settings();
  for (std::uint32_t i = 0; i < analysis_.commands.size(); ++i) command(i);
  return std::move(out_);
}

}  // namespace

Judgement judge(const Analysis& analysis, const Rows& rows, const Place& place) {
  return Judge(analysis, rows, place).run();
}

}  // namespace pawl::shell
