// Rows, compiled: one entry for each `run`, in the order of program names.
#include "lang/shell/rows.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "lang/shell/programs.h"
#include "lang/shell/reader.h"

namespace pawl::shell {
namespace {

// Blanks divide; there are no quotes, since a word that needs them is not part of a program's name
// or subcommand.
Result<std::vector<std::string>> words_of(std::string_view run) {
  std::vector<std::string> words;
  for (const std::string_view word : split(run, ' ')) {
    if (word.empty()) continue;
    const bool plain = std::ranges::all_of(word, [](char c) {
      return static_cast<unsigned char>(c) > 0x20 && c != 0x7f &&
             !std::string_view("'\"`$\\*?;&|<>(){}~#!").contains(c);
    });
    if (!plain) {
      return fail(ErrorKind::invalid, "`" + escape_untrusted(run) +
                                          "` is not a plain command: expected a program "
                                          "and the words behind it");
    }
    words.emplace_back(word);
  }
  if (words.empty()) return fail(ErrorKind::invalid, "an empty `run`: expected a program");
  if (words[0].contains('/') && words[0][0] != '/') {
    return fail(ErrorKind::invalid,
                "`" + escape_untrusted(words[0]) +
                    "` is a relative path: expected a name or an absolute path");
  }
  if (words[0].starts_with('-')) {
    return fail(ErrorKind::invalid,
                "`" + escape_untrusted(words[0]) + "` is an option: expected a program");
  }
  return words;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::covered:
      return "covered";
    case Outcome::uncovered:
      return "uncovered";
    case Outcome::not_analysable:
      return "not analysable";
  }
  return "";
}

Result<Rows> Rows::compile(std::span<const Row> rows) {
  Rows out;
  out.rows_.assign(rows.begin(), rows.end());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    for (const std::string& name : rows[i].environment) {
      if (!is_identifier(name) || critical_variable(name)) {
        return fail(
            ErrorKind::invalid,
            "`" + escape_untrusted(name) + "` decides what runs: no row can accept that it is set");
      }
    }
    if (rows[i].run.empty()) return fail(ErrorKind::invalid, "an empty `run`: expected a program");
    for (const std::string& run : rows[i].run) {
      Result<std::vector<std::string>> words = words_of(run);
      PAWL_TRY(words);
      Entry entry{std::move(words->front()), {}, i};
      entry.words.assign(words->begin() + 1, words->end());
      out.entries_.push_back(std::move(entry));
    }
  }
  std::ranges::sort(out.entries_, [](const Entry& a, const Entry& b) {
    return a.program != b.program ? a.program < b.program : a.row < b.row;
  });
  return out;
}

std::span<const Rows::Entry> Rows::entries_of(std::string_view program) const {
  const auto found = std::ranges::equal_range(entries_, program, {}, &Entry::program);
  return {found.begin(), found.end()};
}

std::vector<std::string> words_to_resolve(const Analysis& analysis) {
  std::vector<std::string> words;
  for (const Command& command : analysis.commands) {
    const bool looked_up =
        command.standing == Standing::program || command.standing == Standing::through;
    if (looked_up && !command.program.empty()) words.push_back(command.program);
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

// Rows applied to a line.

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
  Match has_stopped(std::string_view option, const Command& command) const;
  void accept(const Command& command, const Judged& judged);
  bool is_value(std::size_t word) const;
  void accept_row(const Command& command, const Row& row);
  bool hazard_spelled(const Hazard& hazard, const Command& command, const Judged& judged) const;
  void refuse(Outcome outcome, std::uint32_t at, std::string_view why);

  const Analysis& analysis_;
  const Rows& rows_;
  const Place& place_;
  std::vector<const Setting*> inherited_;
  Judgement out_;
  Reading reading_;       // of the command that is judged
  std::string_view sub_;  // its subcommand, other spellings resolved
  std::string_view row_name_;
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
  const Subcommand& where = reading_.where;
  const std::size_t start = option_first ? 0 : where.index;
  if (!option_first && !where.certain) return Match::perhaps;
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
    const bool alias = i == 0 && !option_first && sub_ == entry.words[i];
    if (!valued && !alias) return Match::no;
  }
  return Match::yes;
}

// Whether the command has the option of a row that stops, in any of its spellings and places.
Match Judge::has_stopped(std::string_view option, const Command& command) const {
  if (says_the_same(reading_, command, option)) return Match::yes;
  bool perhaps = false;
  for (const auto& names : spellings(reading_, option)) {
    bool met = false;
    for (const Argument& argument : command.arguments) {
      if (!argument.literal()) {
        perhaps = perhaps || argument.may_be_option();
        continue;
      }
      met = met || std::ranges::any_of(names, [&](std::string_view name) {
              return has_option(reading_, argument.text, name);
            });
    }
    if (!met) return perhaps ? Match::perhaps : Match::no;
  }
  return Match::yes;
}

// The words in their order, wherever they stand.
Match Judge::match_stop(const Rows::Entry& entry, const Command& command) {
  const auto& arguments = command.arguments;
  const Subcommand& where = reading_.where;
  std::size_t at = 0;
  bool perhaps = false;
  for (std::size_t i = 0; i < entry.words.size(); ++i) {
    const std::string& word = entry.words[i];
    if (word.starts_with('-')) {
      const Match found = has_stopped(word, command);
      if (found == Match::no) return perhaps ? Match::perhaps : Match::no;
      perhaps = perhaps || found == Match::perhaps;
      continue;
    }
    const bool first = i == 0 && where.certain;
    bool met = false;
    std::size_t from = first ? where.index : at;
    for (; from < arguments.size() && !met; ++from) {
      const Argument& argument = arguments[from];
      if (!argument.literal()) {
        const bool any = argument.known == Known::many && !argument.operand;
        perhaps = perhaps || any || word.starts_with(argument.text);
        if (first) break;
        continue;
      }
      const std::string_view text = first ? sub_ : std::string_view(argument.text);
      met = text == word || argument.text == word ||
            (reading_.program->abbreviates && !text.empty() && word.starts_with(text));
      if (first) {
        ++from;
        break;
      }
    }
    if (!met) return perhaps ? Match::perhaps : Match::no;
    at = from;
  }
  return perhaps ? Match::perhaps : Match::yes;
}

bool Judge::hazard_spelled(const Hazard& hazard, const Command& command,
                           const Judged& judged) const {
  const bool named = !hazard.option.empty() || hazard.unknown;
  if (!named || hazard.argument >= command.arguments.size()) return false;
  for (const Rows::Entry& entry : rows_.entries_of(row_name_)) {
    if (entry.words.size() != judged.words) continue;
    const bool applies = std::ranges::find(judged.rows, entry.row) != judged.rows.end();
    const std::size_t start =
        !entry.words.empty() && entry.words[0].starts_with('-') ? 0 : reading_.where.index;
    const bool within = hazard.argument >= start && hazard.argument < start + entry.words.size();
    const std::string& text = command.arguments[hazard.argument].text;
    if (hazard.unknown) {
      if (applies && within && entry.words[hazard.argument - start] == text) return true;
      continue;
    }
    // Only this very option, alone in its word.
    if (applies && within && entry.words[hazard.argument - start] == hazard.option &&
        text.starts_with(hazard.option) && (hazard.option.size() > 2 || text == hazard.option)) {
      return true;
    }
  }
  return false;
}

// `-m "$(cat)"`: behind an option that takes a value, one word is no option.
bool Judge::is_value(std::size_t word) const {
  return std::ranges::any_of(reading_.options, [&](const Reading::Given& given) {
    return given.value == word && word > given.at && given.option->values == 1;
  });
}

void Judge::accept_row(const Command& command, const Row& row) {
  // Variables and words of a wrapper are those of the program behind it, and are judged there.
  const bool through = command.standing == Standing::through;
  // make expands what it finds in variables: `X='$(shell id)' make`.
  const bool expands = expands_variables(canonical_name(command.program)) && !row.runs;
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
  if (command.writes && command.standing != Standing::builtin && !row.writes) {
    refuse(Outcome::uncovered, command.at, "writes files, which the row does not accept");
  }
  if (row.unknown == Unknown::any || through) return;
  const bool harmless = reading_.form != nullptr && reading_.form->does('h');
  const std::string_view name = canonical_name(command.program);
  const bool compares = name == "test" || name == "[";
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const Argument& argument = command.arguments[i];
    if (argument.secret && !compares) {
      refuse(Outcome::uncovered, argument.at, "shows or passes on the value of a secret");
    }
    if (argument.literal() || (harmless && row.unknown != Unknown::none)) continue;
    const bool is_one = argument.operand || (argument.known == Known::one && is_value(i));
    if (is_one && row.unknown == Unknown::operands) continue;
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
                            hazard.effect > Effect::writes;
      if (accepted || hazard_spelled(hazard, command, judged)) continue;
      const std::uint32_t at = hazard.argument < command.arguments.size()
                                   ? command.arguments[hazard.argument].at
                                   : command.at;
      if (hazard.unknown) {
        const bool option = command.arguments[hazard.argument].text.starts_with('-');
        refuse(Outcome::not_analysable, at,
               option ? "an option that is not known, and may do anything"
                      : "a word that is not known for this program, and may do anything");
      } else if (hazard.effect == Effect::runs && hazard.option == "-") {
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
  reading_ = read_command(command);
  sub_ = subcommand_name(*reading_.program, command.arguments, reading_.where);
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
    if (hazard.effect <= Effect::writes) {
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

// `cmd` in expressions.

namespace {

// Options that carry one meaning, by program and subcommand. Any spelling that could be one of
// them counts.
struct Meaning {
  std::string_view program;
  std::string_view subs;
  std::string_view name;
  std::string_view options;
};
constexpr auto kMeanings = std::to_array<Meaning>({
    {"cp", "", "force", "-f --force --remove-destination"},
    {"cp", "", "recursive", "-r -R -a --recursive --archive"},
    {"docker", "rm rmi kill", "force", "-f --force"},
    {"git", "branch", "delete", "-d -D --delete"},
    {"git", "branch checkout switch tag", "force", "-f --force -D -M -C -B"},
    {"git", "checkout switch", "force", "-f --force --discard-changes"},
    {"git", "clean", "force", "-f --force"},
    {"git", "commit", "amend", "--amend"},
    {"git", "commit", "no_verify", "-n --no-verify"},
    {"git", "push", "delete", "-d --delete --prune --mirror"},
    {"git", "push", "force", "-f --force --force-with-lease --force-if-includes --mirror"},
    {"git", "push", "all", "--all --branches --mirror --tags --follow-tags"},
    {"git", "reset", "hard", "--hard --merge --keep"},
    {"git", "tag", "delete", "-d --delete"},
    {"kubectl", "delete", "force", "--force --grace-period --now"},
    {"kubectl", "delete get", "all", "--all -A --all-namespaces"},
    {"mv", "", "force", "-f --force"},
    {"npm", "install ci", "global", "-g --global --location"},
    {"rm", "", "force", "-f --force"},
    {"rm", "", "recursive", "-r -R --recursive"},
    {"terraform", "apply destroy", "auto_approve", "-auto-approve"},
});

struct Push {
  std::string remote;
  std::vector<std::string> refs;
  bool force = false;
  bool removes = false;
};

bool given(const Reading& reading, std::string_view name) {
  return std::ranges::any_of(reading.options,
                             [&](const Reading::Given& one) { return one.option->name == name; });
}

// What `git push` is told to change on the other side. A ref that git chooses itself, by its
// configuration or by what is checked out, is "" and equals no name. Only of words that are all
// described.
Push read_push(const Reading& reading, const Command& command) {
  Push out;
  for (const Reading::Given& one : reading.options) {
    if (one.option->name == "--repo") out.remote = reading.value(command, one).text;
  }
  bool remote = false;
  bool tag = false;
  for (const Reading::Operand& operand : reading.operands) {
    std::string_view word = command.arguments[operand.at].text;
    if (!remote) {
      remote = true;
      out.remote = word;
      continue;
    }
    if (word.starts_with('+')) {
      out.force = true;
      word.remove_prefix(1);
    }
    if (word == "tag") {
      tag = true;
      continue;
    }
    const std::size_t colon = word.find(':');
    const std::string_view target = colon == word.npos ? word : word.substr(colon + 1);
    out.removes = out.removes || word.starts_with(':');
    const bool chosen = target.empty() || target == "HEAD" || target == "@";
    const bool full = target.starts_with("refs/");
    // git completes `heads/main` as it completes `main`.
    const bool half = target.starts_with("heads/") || target.starts_with("tags/") ||
                      target.starts_with("remotes/");
    std::string ref = chosen ? "" : full ? "" : half ? "refs/" : tag ? "refs/tags/" : "refs/heads/";
    if (!chosen) ref += target;
    out.refs.push_back(std::move(ref));
    tag = false;
  }
  if (given(reading, "--tags") || given(reading, "--follow-tags"))
    out.refs.emplace_back("refs/tags/*");
  const bool all =
      given(reading, "--all") || given(reading, "--branches") || given(reading, "--mirror");
  if (all || out.refs.empty()) out.refs.emplace_back();
  return out;
}

// The repositories that git is told to ask; none are "", and several are one text.
std::string read_remote(const Reading& reading, const Command& command) {
  std::string out;
  const bool several = given(reading, "--multiple") || given(reading, "-m");
  for (const Reading::Operand& operand : reading.operands) {
    if (!out.empty() && !several) break;
    out += (out.empty() ? "" : " ") + command.arguments[operand.at].text;
  }
  return out;
}

void write_list(json::Writer& writer, std::string_view name,
                std::span<const std::string_view> words) {
  writer.key(name).array();
  for (const std::string_view word : words) writer.string(word);
  writer.end();
}

// `known`: no word of the command may say more than is seen.
void write_meanings(json::Writer& writer, const Reading& reading, const Command& command,
                    const Push& push, bool known) {
  const std::string_view program = reading.program->name.empty() && reading.top != nullptr
                                       ? reading.top->usage->program
                                       : reading.program->name;
  const std::string_view sub = reading.sub;
  for (const Meaning& meaning : kMeanings) {
    if (meaning.program != program) continue;
    if (!meaning.subs.empty() && !has_word(meaning.subs, sub)) continue;
    bool set = false;
    for (std::string_view options = meaning.options; !options.empty();) {
      const std::string_view option = next_word(options);
      for (const Argument& word : command.arguments) {
        set = set || has_option(reading, word.text, option);
      }
    }
    const bool git_push = program == "git" && sub == "push";
    if (git_push && meaning.name == "force") set = set || push.force;
    if (git_push && meaning.name == "delete") set = set || push.removes;
    if (set || known) writer.key(meaning.name).boolean(set);
    if (program == "git" && (sub == "checkout" || sub == "switch")) break;
  }
}

bool any_option(const Reading& reading, const Command& command, std::string_view options) {
  while (!options.empty()) {
    const std::string_view option = next_word(options);
    for (const Argument& word : command.arguments) {
      if (word.literal() && has_option(reading, word.text, option)) return true;
    }
  }
  return false;
}

}  // namespace

bool says_the_same(const Reading& reading, const Command& command, std::string_view option) {
  const std::string_view program = canonical_name(command.program);
  for (const Meaning& meaning : kMeanings) {
    // The first two are the meaning by its own names; the others imply it and mean more.
    std::string_view options = meaning.options;
    const bool named = next_word(options) == option || next_word(options) == option;
    if (meaning.program != program || !named) continue;
    if (!meaning.subs.empty() && !has_word(meaning.subs, reading.sub)) continue;
    if (any_option(reading, command, meaning.options)) return true;
    if (program != "git" || reading.sub != "push") continue;
    const auto begins = [&](char sign) {
      return std::ranges::any_of(command.arguments,
                                 [&](const Argument& word) { return word.text.starts_with(sign); });
    };
    if ((meaning.name == "force" && begins('+')) || (meaning.name == "delete" && begins(':'))) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> value_names() {
  std::vector<std::string> names = {"program", "path",  "subcommand", "complete", "args",
                                    "flags",   "words", "remote",     "refs"};
  for (const Meaning& meaning : kMeanings) names.emplace_back(meaning.name);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string value_of(const Command& command) {
  const Reading reading = read_command(command);
  const std::string_view sub = subcommand_name(*reading.program, command.arguments, reading.where);
  const bool complete = std::ranges::all_of(command.arguments, &Argument::literal);
  json::Writer writer;
  writer.object();
  writer.key("program").string(base_name(command.program));
  writer.key("path").string(command.program);
  writer.key("subcommand").string(sub);
  writer.key("complete").boolean(complete);
  if (complete) {
    std::vector<std::string_view> args;
    std::vector<std::string_view> flags;
    std::vector<std::string_view> words;
    std::vector<std::string> letters;
    for (const Argument& argument : command.arguments) args.emplace_back(argument.text);
    for (const std::string_view word : args) {
      if (word.size() < 2 || word[0] != '-') {
        words.push_back(word);
        continue;
      }
      flags.push_back(word.starts_with("--") ? word.substr(0, word.find('=')) : word);
      if (word[1] == '-' || word.size() == 2) continue;
      for (const char letter : word.substr(1)) letters.push_back({'-', letter});
    }
    flags.insert(flags.end(), letters.begin(), letters.end());
    write_list(writer, "args", args);
    write_list(writer, "flags", flags);
    write_list(writer, "words", words);
    // Where a word is not described, the others may mean something else.
    Push push;
    const bool described = reading.exact() || reading.top == nullptr;
    if (described && reading.program->name == "git" && sub == "push") {
      push = read_push(reading, command);
      writer.key("remote").string(push.remote);
      const std::vector<std::string_view> refs(push.refs.begin(), push.refs.end());
      write_list(writer, "refs", refs);
    }
    const bool asks = has_word("fetch pull ls-remote", sub);
    if (described && reading.program->name == "git" && asks) {
      writer.key("remote").string(read_remote(reading, command));
    }
    write_meanings(writer, reading, command, push, described);
  }
  writer.end();
  return writer.take();
}

}  // namespace pawl::shell
