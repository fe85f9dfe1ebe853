// One row of command lines.
#include "kernel/policy/load_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "kernel/constraint/path_text.h"
#include "lang/shell/programs.h"

namespace pawl {
namespace {

// Words of the shell's grammar: no line can start a program by them.
constexpr std::array<std::string_view, 20> kGrammar = {
    "!",    "[[",   "]]", "{",   "}",        "case", "coproc", "do",     "done", "elif",
    "else", "esac", "fi", "for", "function", "if",   "in",     "select", "then", "until",
};

constexpr std::string_view kRun = "run";

std::string one_blank(std::string_view text) {
  std::string out;
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

void put_terms(const ApprovalTerms& terms, const ToolRule& entry, json::Writer& out) {
  out.key("approval").object();
  if (terms.deny_on_timeout) out.key("auto_deny").boolean(*terms.deny_on_timeout);
  if (terms.quorum) out.key("quorum").natural(*terms.quorum);
  out.key("reviewers").array();
  for (const std::string& reviewer : terms.reviewers) out.string(reviewer);
  out.end().key("routes").array();
  for (const Route& route : terms.routes) {
    out.array().string(entry.conditions[route.condition]->text());
    for (const std::string& reviewer : route.reviewers) out.string(reviewer);
    out.end();
  }
  out.end();
  if (terms.typed) out.key("typed").string(terms.typed->argument);
  if (terms.within) out.key("within").integer(terms.within->ns);
  out.end();
}

// How a row is compared with the same row of another policy.
std::string to_string(const shell::Row& row, const CommandRow& described, const ToolRule& entry) {
  json::Writer out;
  const auto list = [&](std::string_view key, std::vector<std::string> texts) {
    std::ranges::sort(texts);
    out.key(key).array();
    for (const std::string& text : texts) out.string(text);
    out.end();
  };
  std::vector<std::string> run;
  for (const std::string& one : row.run) run.push_back(one_blank(one));
  out.object();
  put_terms(described.approval, entry, out);
  out.key("cases").array();
  for (const Case& one : described.cases.list) {
    out.object();
    put_terms(one.approval, entry, out);
    out.key("class").string(one.action_class ? to_string(*one.action_class) : "");
    out.key("if").string(one.condition ? entry.conditions[*one.condition]->text() : "");
    out.key("then").string(to_string(one.then)).end();
  }
  out.end().key("else").string(to_string(described.cases.otherwise));
  out.key("class").string(described.stated_class ? to_string(*described.stated_class) : "");
  list("env", row.environment);
  list("run", run);
  out.key("runs").boolean(row.runs);
  out.key("then").string(to_string(described.then));
  list("not_in", described.writes.not_in);
  list("reads", described.reads.under);
  list("reads not_in", described.reads.not_in);
  list("under", described.writes.under);
  out.key("unknown").natural(static_cast<std::uint64_t>(row.unknown));
  out.key("writes").boolean(row.writes).end();
  return out.take();
}

// `cp`, `git add`: of others only what is written (`cat > x`) counts as such, by itself.
bool always_writes(std::string_view run) {
  const std::string_view program = shell::canonical_name(shell::next_word(run));
  const shell::Form* form = shell::find_form(program, run);
  return form != nullptr && form->writes();
}

}  // namespace

void RowReader::read_run(const yaml::Node& node, shell::Row& row) {
  for (const Placed& run : build_.lists.texts(build_.reading, node, kRun)) {
    shell::Row one;
    one.run = {run.text};
    if (const auto compiled = shell::Rows::compile(std::span(&one, 1)); !compiled) {
      build_.reading.mistake(run.at, compiled.error().message);
      sound_ = false;
      continue;
    }
    std::string words = one_blank(run.text);
    const std::string_view program = std::string_view(words).substr(0, words.find(' '));
    if (std::ranges::find(kGrammar, program) != kGrammar.end()) {
      build_.reading.mistake(run.at,
                             fmt::format("`{}` can never match: it is a word of the shell's "
                                         "grammar and no program",
                                         escape_untrusted(program)));
      sound_ = false;
      continue;
    }
    const auto before = std::ranges::find(written_, words, &Written::words);
    if (before != written_.end()) {
      build_.reading.mistake(run.at, fmt::format("`{}` is there twice; the first is in line {}",
                                                 escape_untrusted(words), before->at.line));
      sound_ = false;
      continue;
    }
    row.run.push_back(words);
    written_.push_back({std::move(words), run.at});
  }
}

namespace {

void read_under(Build& build, FilePlaces& into, const yaml::Entry& key) {
  for (const Placed& place : build.lists.texts(build.reading, key.value, key.key)) {
    if (const auto checked = compile_path({.under = {place.text}, .not_in = {}, .base = {}});
        !checked) {
      build.reading.mistake(place.at, checked.error().message);
    } else {
      into.under.push_back(checked->under.front());
    }
  }
}

void read_not_in(Build& build, FilePlaces& into, const yaml::Entry& key) {
  for (const Placed& glob : build.lists.texts(build.reading, key.value, key.key)) {
    if (const auto checked = PathGlobs::make({glob.text}); !checked) {
      build.reading.mistake(glob.at, checked.error().message);
    } else {
      into.not_in.push_back(glob.text);
    }
  }
}

constexpr auto kPlacesKeys = section_keys<Build, FilePlaces>(
    Section::row_writes,
    {
        {"under", "text or list of texts", "anywhere", 6,
         "Directories in which the files lie that it evidently reads or writes.", read_under},
        {"not_in", "text or list of texts", "none", 6,
         "Globs that no file matches: a line with one is denied, as it is by `not_in` of an "
         "argument.",
         read_not_in},
    });

}  // namespace

void read_places(Build& build, const yaml::Entry& key, std::string_view path, FilePlaces& into) {
  into.rule = {fmt::format("{}/{}", path, key.key), key.key_at};
  read_section(build, key.value, kPlacesKeys, into);
  if (into.under.empty() && into.not_in.empty()) {
    build.reading.mistake(key.key_at,
                          fmt::format("`{}` says neither `under` nor `not_in`", key.key));
    return;
  }
  PathCheck check{.under = into.under, .not_in = into.not_in, .base = {}};
  for (const std::string& directory : into.under) {
    const std::string place = build.sources.place ? build.sources.place(directory) : "";
    if (place.empty() || place == directory) continue;
    check.leads[directory] = build.policy.links[directory] = place;
  }
  if (auto compiled = compile_path(check)) {
    into.compiled = std::make_shared<const PathRule>(std::move(*compiled));
  }
}

namespace {

// One row while it is read.
struct RowDraft {
  RowReader& reader;
  ToolRule& entry;  // keeps the expressions
  shell::Row row;
  CommandRow described;
};

void read_run_of_row(Build& /*build*/, RowDraft& into, const yaml::Entry& key) {
  into.reader.read_run(key.value, into.row);
}

void read_writes_of_row(Build& build, RowDraft& into, const yaml::Entry& key) {
  if (!key.value.is_map()) {
    boolean<&RowDraft::row, &shell::Row::writes>(build, into, key);
    return;
  }
  into.row.writes = true;
  read_places(build, key, into.described.rule.path, into.described.writes);
}

void read_reads_of_row(Build& build, RowDraft& into, const yaml::Entry& key) {
  read_places(build, key, into.described.rule.path, into.described.reads);
}

void read_unknown(Build& build, RowDraft& into, const yaml::Entry& key) {
  const auto word = build.reading.word(key.value, key.key, {"none", "operands", "any"});
  if (word) into.row.unknown = static_cast<shell::Unknown>(*word);
}

void read_environment_of_row(Build& build, RowDraft& into, const yaml::Entry& key) {
  for (const Placed& name : build.lists.texts(build.reading, key.value, key.key)) {
    shell::Row one;
    one.run = {"x"};
    one.environment = {name.text};
    if (const auto checked = shell::Rows::compile(std::span(&one, 1)); !checked) {
      build.reading.mistake(name.at, checked.error().message);
    } else {
      into.row.environment.push_back(name.text);
    }
  }
}

void read_class_of_row(Build& build, RowDraft& into, const yaml::Entry& key) {
  const auto written = build.reading.text(key.value, key.key);
  if (written) into.described.stated_class = parse_class(*written);
  if (!written || into.described.stated_class) return;
  build.reading.mistake(key.value.at, fmt::format("`class` is `{}`, expected `read_only`, or "
                                                  "`reversible` or `irreversible` with "
                                                  "`small` or `large`",
                                                  escape_untrusted(*written)));
}

void read_then_of_row(Build& build, RowDraft& into, const yaml::Entry& key) {
  if (const auto effect = read_effect(build, key)) into.described.then = *effect;
}

void read_approval_of_row(Build& build, RowDraft& into, const yaml::Entry& key) {
  CommandRow& described = into.described;
  described.approval =
      read_approval(build, key.value, described.rule.path + "/approval", into.entry.conditions);
  refuse_wider(build, described.approval, "commands are approved one by one: no `wider` here");
}

constexpr std::string_view kRowClass = "class";
constexpr std::string_view kRowThen = "then";
constexpr std::string_view kWrites = "writes";
constexpr std::string_view kRuns = "runs";
constexpr std::string_view kUnknown = "unknown";
constexpr std::string_view kRowEnv = "env";

constexpr auto kRowKeys = section_keys<Build, RowDraft>(
    Section::row,
    {
        {kRun, "text or list of texts", "required", 6,
         "Programs, or programs and the words behind them: `ls`, `git status`. The longest match "
         "wins.",
         read_run_of_row},
        {kRowClass, "words", "the entry's", 11, "The class of a call that this row covers.",
         read_class_of_row},
        {kRowThen, "`allow`, `notify`, `hold` or `deny`", "allow, or hold beside `approval`", 2,
         "What happens to a line with such a command.", read_then_of_row},
        {kApproval, mapping(Section::approval), "the entry's", 10,
         "Holds such a line, and says how people are asked.", read_approval_of_row},
        {"say", "text", "the entry's", 0, "Words for the agent and the reviewer.",
         lines<&RowDraft::described, &CommandRow::words, &Words::say>},
        {"instead", "text", "the entry's", 0, "What the agent may do instead.",
         lines<&RowDraft::described, &CommandRow::words, &Words::instead>},
        {kWrites, "true, or a mapping", "false", 6,
         "Accepts that the command writes files: redirections, `sort -o`, programs such as `cp`.",
         read_writes_of_row},
        {"reads", mapping(Section::row_writes), "anywhere", 6,
         "Where the files lie that it evidently reads.", read_reads_of_row},
        {kRuns, "true or false", "false", 6,
         "Accepts arguments that choose what the program runs: `git -c`, `find -exec` of anything.",
         boolean<&RowDraft::row, &shell::Row::runs>},
        {kUnknown, "`none`, `operands` or `any`", "operands", 6,
         "Which words may be unknown before the line runs: none, those that cannot be options, "
         "any.",
         read_unknown},
        {kRowEnv, "text or list of texts", "none", 6, "Variables that may be set for it.",
         read_environment_of_row},
        {kCases, list_of(Section::situation), "one situation", 2,
         "Several situations of one command; their expressions may use `cmd`, the parsed command.",
         read_later},
        {kElse, "`allow`, `notify`, `hold` or `deny`", "deny", 2,
         "What happens to a command that no case matches.", read_later},
        {"contain", "mapping", "", 0, "Runs the command in a sandbox."},
        {"needs", "text", "", 0, "What must exist before the call."},
        {"rehearse", "text", "", 0, "Tries the call first and binds the approval to it."},
    });

constexpr auto kLineRowKeys = section_keys<Build, RowDraft>(
    Section::line_row,
    {
        {kRun, "text or list of texts", "required", 6, "As `run` of a row of `commands`.",
         read_run_of_row},
        {kWrites, "true or false", "false", 6, "Accepts that the command writes files.",
         boolean<&RowDraft::row, &shell::Row::writes>},
        {kRuns, "true or false", "false", 6, "Accepts arguments that choose what the program runs.",
         boolean<&RowDraft::row, &shell::Row::runs>},
        {kUnknown, "`none`, `operands` or `any`", "operands", 6,
         "Which words may be unknown before the line runs.", read_unknown},
        {kRowEnv, "text or list of texts", "none", 6, "Variables that may be set for it.",
         read_environment_of_row},
    });

// What an expression may ask of `cmd`, and what it most likely meant.
void check_names(Build& build, const Condition& condition) {
  const std::vector<std::string> known = shell::value_names();
  for (const cel::Reference& reference : condition.program().references()) {
    if (reference.variable != "cmd") continue;
    std::string_view name = reference.path;
    if (name.starts_with("cmd")) name.remove_prefix(3);
    if (name.starts_with('.')) name.remove_prefix(1);
    name = name.substr(0, name.find_first_of(".["));
    if (name.empty() || std::ranges::find(known, name) != known.end()) continue;
    const std::string near = closest_match(name, known);
    build.reading.mistake(
        condition.rule().at,
        fmt::format("`cmd` has no `{}`{}", escape_untrusted(name),
                    near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
  }
}

}  // namespace

void list_row_keys(std::vector<Key>& into) {
  kRowKeys.list(into);
  kPlacesKeys.list(into);
}

void list_line_row_keys(std::vector<Key>& into) {
  kLineRowKeys.list(into);
}

void RowReader::read_cases(const yaml::Node& node, CommandRow& described) {
  const yaml::Entry* cases = node.entry(kCases);
  const yaml::Entry* otherwise = node.entry(kElse);
  if (otherwise != nullptr && cases == nullptr) {
    build_.reading.mistake(otherwise->key_at, "`else` of a row needs `cases` beside it");
  }
  if (cases == nullptr) return;
  static const std::vector<cel::Variable> extra = {{"cmd", cel::simple(cel::TypeKind::dyn)}};
  ToolRule holder;
  holder.rule = described.rule;
  holder.conditions = std::move(entry_.conditions);
  const std::size_t before = holder.conditions.size();
  read_case_list(build_, cases->value, holder, extra);
  entry_.conditions = std::move(holder.conditions);
  for (std::size_t i = before; i < entry_.conditions.size(); ++i) {
    check_names(build_, *entry_.conditions[i]);
  }
  described.cases = std::move(holder.cases);
  described.cases.otherwise_rule = described.rule;
  if (otherwise != nullptr) {
    described.cases.otherwise = read_effect(build_, *otherwise).value_or(Effect::deny);
    described.cases.otherwise_rule = {described.rule.path + "/else", otherwise->key_at};
  }
  for (const std::string_view key : {kRowThen, kApproval}) {
    const yaml::Entry* beside = node.entry(key);
    if (beside == nullptr || (key == kApproval && described.cases.otherwise == Effect::hold)) {
      continue;
    }
    build_.reading.mistake(
        beside->key_at, fmt::format("`{}` beside `cases`: say it in a case, or with `else`", key));
  }
}

namespace {

// The command that a `run` spells.
shell::Command command_of(std::string_view run) {
  shell::Command out;
  for (const std::string_view word : split(run, ' ')) {
    if (word.empty()) continue;
    if (out.program.empty()) {
      out.program = word;
    } else {
      out.arguments.push_back(shell::Argument{std::string(word)});
    }
  }
  return out;
}

// An option in a row that stops: of a program that is not described, only as it is written.
void note_stopped(Build& build, const yaml::Node& node, const std::string& run) {
  const shell::Command command = command_of(run);
  const shell::Reading reading = shell::read_command(command);
  for (const shell::Argument& word : command.arguments) {
    if (word.text.size() < 2 || word.text[0] != '-') continue;
    const auto names = shell::spellings(reading, word.text);
    const bool alone = std::ranges::any_of(names, [&](const auto& one) {
      return one.size() == 1 && !shell::describes(reading, one[0]);
    });
    if (!alone) continue;
    build.note(Finding::Weight::note, node.at,
               fmt::format("`{}` of `{}` is not described: other spellings of it are not stopped",
                           escape_untrusted(word.text), escape_untrusted(run)));
  }
}

// What the table knows of the program of a row, and what the row does not say.
void note_program(Build& build, const yaml::Node& node, const std::string& run,
                  const shell::Row& row) {
  const shell::Command command = command_of(run);
  const std::string_view name = shell::canonical_name(command.program);
  const shell::Reading reading = shell::read_command(command);
  const shell::Form* form = reading.form;
  const auto warn = [&](Finding::Weight weight, std::string_view says) {
    build.note(weight, node.at, fmt::format(fmt::runtime(says), escape_untrusted(run)));
  };
  const bool writes = form != nullptr && form->writes();
  if (writes && !row.writes) {
    warn(Finding::Weight::warning,
         "`{}` writes files, and its row does not say `writes`: every line with it is refused");
  }
  if (row.runs && form != nullptr && form->may_do('x')) {
    warn(Finding::Weight::warning,
         "`{}` can run other programs, which its arguments choose, and the row says `runs: true`: "
         "a caller of it may run anything");
  } else if (form == nullptr && !run.starts_with(':') && !row.runs) {
    warn(
        Finding::Weight::note,
        shell::find_form(name) == nullptr
            ? "nothing is known of the options of `{}`: a line with one follows `else`, unless the "
              "row says `runs: true`"
            : "nothing is known of `{}`: a line with an option follows `else`, unless the row says "
              "`runs: true`");
  }
}

}  // namespace

// What a row says that contradicts itself.
void RowReader::check_row(const yaml::Node& node, const shell::Row& row,
                          const CommandRow& described) {
  const auto refuse = [&](std::string_view key, std::string_view why) {
    if (const yaml::Entry* entry = node.entry(key)) {
      build_.reading.mistake(entry->key_at, std::string(why));
    }
  };
  if (described.then == Effect::deny) {
    for (const std::string_view key : {kRowClass, kApproval, kWrites, kRuns, kRowEnv, kUnknown}) {
      refuse(key, fmt::format("`{}` says nothing beside `then: deny`", key));
    }
    for (const std::string& run : row.run) note_stopped(build_, node, run);
    return;
  }
  const bool reads =
      described.stated_class && described.stated_class->reversibility == Reversibility::read_only;
  if (reads && row.writes && std::ranges::any_of(row.run, always_writes)) {
    refuse(kWrites,
           "a row of what always writes is not `read_only`: state the class of what it "
           "writes");
  }
  if (reads && row.runs) {
    refuse(kRuns,
           "a row that accepts running anything is not `read_only`: state the class of "
           "what it may run");
  }
  for (const std::string& run : row.run) note_program(build_, node, run, row);
}

void RowReader::read(const yaml::Node& node) {
  RowDraft draft{.reader = *this, .entry = entry_, .row = {}, .described = {}};
  shell::Row& row = draft.row;
  CommandRow& described = draft.described;
  described.rule = {fmt::format("{}/{}", path_, rows_.size()), node.at};
  if (node.is_scalar() && section_ == Section::line_row) {
    read_run(node, row);
  } else {
    const bool full = section_ == Section::row;
    const bool read = full ? read_section(build_, node, kRowKeys, draft)
                           : read_section(build_, node, kLineRowKeys, draft);
    if (read && full) read_cases(node, described);
    const bool asks = node.entry(kApproval) != nullptr && described.cases.empty();
    if (asks && node.entry(kRowThen) == nullptr) described.then = Effect::hold;
    if (read) check_row(node, row, described);
  }
  row.stops = described.stops();
  if (row.run.empty()) sound_ = false;
  rows_.push_back(std::move(row));
  described_.push_back(std::move(described));
}

std::optional<LineRule> RowReader::compile(bool words, shell::Dialect dialect,
                                           const std::vector<std::string>& directories) {
  if (!directories.empty()) {
    for (const Written& one : written_) {
      if (!one.words.starts_with('/')) continue;
      const std::string path = one.words.substr(0, one.words.find(' '));
      const std::string directory = path.substr(0, path.rfind('/'));
      if (std::ranges::find(directories, directory) != directories.end()) continue;
      build_.reading.mistake(one.at, fmt::format("`{}` can never match: its directory is not one "
                                                 "of `programs`",
                                                 escape_untrusted(path)));
      sound_ = false;
    }
  }
  if (!sound_ || rows_.empty()) return std::nullopt;
  LineRule out;
  out.words = words;
  out.dialect = dialect;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    out.spelled.push_back(to_string(rows_[i], described_[i], entry_));
  }
  auto compiled = shell::Rows::compile(rows_);
  if (!compiled) {
    build_.reading.mistake(described_.front().rule.at, compiled.error().message);
    return std::nullopt;
  }
  out.rows = std::move(*compiled);
  return out;
}

}  // namespace pawl
