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
  list("under", described.writes_under);
  out.key("unknown").natural(static_cast<std::uint64_t>(row.unknown));
  out.key("writes").boolean(row.writes).end();
  return out.take();
}

}  // namespace

void RowReader::read_run(const yaml::Node& node, shell::Row& row) {
  for (const Placed& run : build_.lists.texts(build_.reading, node, "run")) {
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

void RowReader::read_writes(const yaml::Node& node, shell::Row& row, CommandRow& described) {
  if (!node.is_map() || section_ == Section::line_row) {
    row.writes = build_.reading.boolean(node, "writes").value_or(false);
    return;
  }
  row.writes = true;
  build_.reading.keys(node, Section::row_writes, [&](const yaml::Entry& key) {
    for (const Placed& place : build_.lists.texts(build_.reading, key.value, "under")) {
      if (const auto checked = compile_path({.under = {place.text}, .not_in = {}, .base = {}});
          !checked) {
        build_.reading.mistake(place.at, checked.error().message);
      } else {
        described.writes_under.push_back(place.text);
      }
    }
    return true;
  });
  build_.reading.missing(node, Section::row_writes, "under");
}

void RowReader::read_then(const yaml::Node& node, CommandRow& described) {
  const std::vector<std::string> words = {"allow", "notify", "hold", "deny"};
  const auto found = build_.reading.word(node, "then", words, {"contain"});
  if (!found) return;
  constexpr std::array<Effect, 4> effects = {Effect::allow, Effect::notify, Effect::hold,
                                             Effect::deny};
  described.then = effects[*found];
}

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

void RowReader::read_cases(const yaml::Node& node, CommandRow& described) {
  const yaml::Entry* cases = node.entry("cases");
  const yaml::Entry* otherwise = node.entry("else");
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
  for (const std::string_view key : {"then", "approval"}) {
    const yaml::Entry* beside = node.entry(key);
    if (beside == nullptr || (key == "approval" && described.cases.otherwise == Effect::hold)) {
      continue;
    }
    build_.reading.mistake(
        beside->key_at, fmt::format("`{}` beside `cases`: say it in a case, or with `else`", key));
  }
}

bool RowReader::take(const yaml::Entry& key, shell::Row& row, CommandRow& described) {
  if (key.key == "run") {
    read_run(key.value, row);
  } else if (key.key == "writes") {
    read_writes(key.value, row, described);
  } else if (key.key == "runs") {
    row.runs = build_.reading.boolean(key.value, "runs").value_or(false);
  } else if (key.key == "unknown") {
    const auto word = build_.reading.word(key.value, "unknown", {"none", "operands", "any"});
    if (word) row.unknown = static_cast<shell::Unknown>(*word);
  } else if (key.key == "env") {
    for (const Placed& name : build_.lists.texts(build_.reading, key.value, "env")) {
      shell::Row one;
      one.run = {"x"};
      one.environment = {name.text};
      if (const auto checked = shell::Rows::compile(std::span(&one, 1)); !checked) {
        build_.reading.mistake(name.at, checked.error().message);
      } else {
        row.environment.push_back(name.text);
      }
    }
  } else if (key.key == "class") {
    const auto text = build_.reading.text(key.value, "class");
    if (text) described.stated_class = parse_class(*text);
    if (text && !described.stated_class) {
      build_.reading.mistake(key.value.at, fmt::format("`class` is `{}`, expected `read_only`, or "
                                                       "`reversible` or `irreversible` with "
                                                       "`small` or `large`",
                                                       escape_untrusted(*text)));
    }
  } else if (key.key == "then") {
    read_then(key.value, described);
  } else if (key.key == "approval") {
    described.approval =
        read_approval(build_, key.value, described.rule.path + "/approval", entry_.conditions);
    refuse_wider(build_, described.approval, "commands are approved one by one: no `wider` here");
  } else if (key.key == "cases" || key.key == "else") {
    return true;  // read last
  } else if (key.key == "say") {
    described.words.say = build_.reading.text(key.value, "say", Lines::several).value_or("");
  } else if (key.key == "instead") {
    described.words.instead =
        build_.reading.text(key.value, "instead", Lines::several).value_or("");
  } else {
    return false;
  }
  return true;
}

// What a row says that contradicts itself.
void RowReader::check_row(const yaml::Node& node, const shell::Row& row,
                          const CommandRow& described) {
  const auto refuse = [&](std::string_view key, std::string_view why) {
    if (const yaml::Entry* entry = node.entry(key)) {
      build_.reading.mistake(entry->key_at, std::string(why));
    }
  };
  if (described.then == Effect::deny) {
    for (const std::string_view key : {"class", "approval", "writes", "runs", "env", "unknown"}) {
      refuse(key, fmt::format("`{}` says nothing beside `then: deny`", key));
    }
    return;
  }
  const bool reads =
      described.stated_class && described.stated_class->reversibility == Reversibility::read_only;
  if (reads && row.writes) {
    refuse("writes",
           "a row that accepts writing is not `read_only`: state the class of what it "
           "writes");
  }
  if (reads && row.runs) {
    refuse("runs",
           "a row that accepts running anything is not `read_only`: state the class of "
           "what it may run");
  }
  for (const std::string& run : row.run) {
    const std::string_view program = std::string_view(run).substr(0, run.find(' '));
    const std::string_view name = shell::canonical_name(program);
    const shell::Program& known = shell::find_program(name);
    if (known.nature == shell::Nature::writes && !row.writes) {
      build_.note(Finding::Weight::warning, node.at,
                  fmt::format("`{}` writes files, and its row does not say `writes`: every line "
                              "with it is refused",
                              escape_untrusted(run)));
    }
    const bool choosy = std::ranges::any_of(shell::dangers_of(name), [](const auto& danger) {
      return danger.effect == shell::Effect::runs;
    });
    if (row.runs && choosy) {
      build_.note(
          Finding::Weight::warning, node.at,
          fmt::format("`{}` can run other programs, which its arguments choose, and the row "
                      "says `runs: true`: whoever may call it may run anything",
                      escape_untrusted(run)));
    } else if (known.name.empty() && !run.starts_with(':') && run.find(' ') == std::string::npos) {
      build_.note(Finding::Weight::note, node.at,
                  fmt::format("nothing is known of the arguments of `{}`: the row grants all of "
                              "them",
                              escape_untrusted(run)));
    }
  }
}

void RowReader::read(const yaml::Node& node) {
  shell::Row row;
  CommandRow described;
  described.rule = {fmt::format("{}/{}", path_, rows_.size()), node.at};
  if (node.is_scalar() && section_ == Section::line_row) {
    read_run(node, row);
  } else {
    const bool read = build_.reading.keys(
        node, section_, [&](const yaml::Entry& key) { return take(key, row, described); });
    if (read) build_.reading.missing(node, section_, "run");
    if (read && section_ == Section::row) read_cases(node, described);
    const bool asks = node.entry("approval") != nullptr && described.cases.empty();
    if (asks && node.entry("then") == nullptr) described.then = Effect::hold;
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
