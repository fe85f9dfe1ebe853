#include "views/evidence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/constraint/line_rule.h"
#include "kernel/policy/commands.h"
#include "model/facts.h"

namespace pawl::views {
namespace {

constexpr std::size_t facts_shown_max = 64;
constexpr std::size_t notes_shown_max = 32;

// One row of the card.
class FactRows {
 public:
  explicit FactRows(json::Writer& out) : out_(out) {}
  void say(std::string_view name, const std::string& text, bool danger = false) {
    if (text.empty()) return;
    if (rows_ == facts_shown_max) {
      ++more_;
      return;
    }
    ++rows_;
    out_.object().key("danger").boolean(danger).key("name").string(escape_untrusted(name));
    out_.key("text").string(escape_untrusted(text)).end();
  }
  // What there was no room for is said.
  void finish() {
    if (more_ == 0) return;
    out_.object().key("danger").boolean(true).key("name").string("more");
    out_.key("text").string(fmt::format("{} more are not shown here", more_)).end();
  }

 private:
  json::Writer& out_;
  std::size_t rows_ = 0, more_ = 0;
};

std::string list_of(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

void say_sql(FactRows& rows, const sql::Fact& fact) {
  const sql::Summary& sql = fact.summary;
  if (!fact.failure.empty()) return rows.say("SQL", "cannot be read: " + fact.failure, true);
  rows.say("SQL", fmt::format("{} ({} statement{})", list_of(sql.kinds), sql.statements,
                              sql.statements == 1 ? "" : "s"));
  rows.say("reads", list_of(sql.reads));
  rows.say("changes", list_of(sql.writes), true);
  if (!sql.unbounded.empty()) {
    rows.say("unbounded", list_of(sql.unbounded) + ", which nothing narrows", true);
  }
  rows.say("calls", list_of(sql.functions), true);
  rows.say("refused", list_of(sql.refusals), true);
}

void say_pin(FactRows& rows, PinState pin) {
  switch (pin) {
    case PinState::none:
    case PinState::accepted:
      return;
    case PinState::first_use:
      return rows.say("tool", "its definition is not accepted yet: `pawl accept`");
    case PinState::changed:
    case PinState::hidden:
    case PinState::ambiguous:
    case PinState::unknown_tool:
      return rows.say("tool", "its definition is not the accepted one", true);
  }
}

// The text behind a JSON pointer; nothing where no text is there, and for a name with escapes.
std::optional<std::string_view> text_at(json::View value, std::string_view pointer) {
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string_view name = pointer.substr(0, end);
    pointer.remove_prefix(end);
    json::View next = value.is_object() ? value[name] : json::View();
    std::uint32_t index = 0;
    for (const json::View element : value.elements()) {
      if (name == std::to_string(index++)) next = element;
    }
    value = next;
  }
  if (!value.exists() || !value.is_string()) return std::nullopt;
  return value.string();
}

std::string name_of(const std::string& pointer) {
  return pointer.starts_with('/') ? pointer.substr(1) : pointer;
}

void say_path(FactRows& rows, const PathFact& path, json::View arguments) {
  if (!path.failure.empty()) {
    return rows.say("path", name_of(path.pointer) + " cannot be resolved: " + path.failure, true);
  }
  if (text_at(arguments, path.pointer) == path.resolved) return;
  rows.say("path", name_of(path.pointer) + " leads to " + path.resolved);
}

// Where each byte of the line stands in the display, which is its JSON: only where nothing had to
// be escaped, so that no mark is ever at another place than what it is about.
bool displayed_as_it_is(std::string_view line, std::string_view shown) {
  return is_ascii(line) && shown.size() == line.size() + 2 && shown.substr(1, line.size()) == line;
}

std::string hazards_of(const shell::Command& command) {
  std::string why;
  for (const shell::Hazard& hazard : command.hazards) {
    const std::string option = hazard.option.empty() ? "" : "`" + std::string(hazard.option) + "` ";
    why += (why.empty() ? "" : "; ") + option + std::string(to_string(hazard.effect));
  }
  if (command.context.elevated) why += (why.empty() ? "" : "; ") + std::string("as another user");
  return why;
}

}  // namespace

void write_facts(json::Writer& out, std::string_view facts_text, json::View arguments) {
  if (facts_text.empty()) return;
  const auto document = json::parse(facts_text);
  const auto facts = document ? parse_facts(document->root()) : Result<Facts>();
  if (!document || !facts) return;
  out.key("facts").array();
  FactRows rows(out);
  say_pin(rows, facts->pin);
  for (const PathFact& path : facts->paths) say_path(rows, path, arguments);
  for (const sql::Fact& sql : facts->sql) say_sql(rows, sql);
  for (const ProgramFact& program : facts->programs) {
    rows.say("program",
             program.word + (program.found.empty() ? " is not found" : " is " + program.real),
             program.found.empty());
  }
  for (const OriginFact& origin : facts->origins) {
    rows.say("from", origin.source + ", for " + origin.pointer +
                         (origin.part.empty() ? "" : " " + origin.part));
  }
  rows.finish();
  out.end();
}

const ToolRule* entry_of(const Policy& policy, std::string_view tool) {
  const std::size_t slash = tool.find('/');
  if (slash != std::string_view::npos) {
    const ToolRule* entry = policy.find(tool.substr(0, slash), tool.substr(slash + 1));
    if (entry != nullptr) return entry;
  }
  return policy.find({}, tool);
}

LineEvidence line_evidence(const ToolRule& entry, std::string_view argument, json::View value,
                           std::string_view shown) {
  LineEvidence found;
  if (entry.commands == nullptr) return found;
  const CommandRule& rule = *entry.commands;
  const bool holds =
      rule.argument.empty() ? names_command_line(argument) : rule.argument == argument;
  if (!holds) return found;
  const auto analysis = read_line(rule.line.words, rule.line.dialect, value);
  if (!analysis) {
    found.notes.push_back("cannot be read as a command line");
    return found;
  }
  for (const shell::Trouble& trouble : analysis->troubles) {
    found.notes.push_back("not fully analysable: " + trouble.why);
  }
  const bool as_it_is = value.is_string() && displayed_as_it_is(value.string(), shown);
  for (const shell::Command& one : analysis->commands) {
    const std::string why = hazards_of(one);
    if (why.empty() || found.notes.size() >= notes_shown_max) continue;
    found.notes.push_back("`" + escape_untrusted(one.program) + "`: " + escape_untrusted(why));
    // Behind the quote of the display; commands of inner scripts have no place of their own.
    const bool placed = as_it_is && one.behind == shell::Command::none && one.at < one.end &&
                        one.end <= value.string().size();
    if (placed) found.marks.push_back({one.at + 1, one.end + 1, escape_untrusted(why)});
  }
  std::ranges::sort(found.marks, {}, &ShownMark::from);
  return found;
}

}  // namespace pawl::views
