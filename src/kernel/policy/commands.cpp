#include "kernel/policy/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "kernel/policy/fit.h"
#include "kernel/policy/line_files.h"

namespace pawl {

Class raised(Class stated, bool sends, bool discards, bool writes) {
  if (discards || (sends && !stated.has_effect())) {
    return more_dangerous(stated, {Reversibility::irreversible, stated.blast});
  }
  const bool more = writes && !stated.has_effect();
  return more ? more_dangerous(stated, {Reversibility::reversible, stated.blast}) : stated;
}

namespace {

constexpr std::array<std::string_view, 7> kLineNames = {
    "command", "cmd", "script", "command_line", "commandline", "shell_command", "bash_command",
};
// Arguments of command tools that say nothing about what runs.
constexpr std::array<std::string_view, 7> kHarmless = {
    "description",       "timeout",       "timeout_ms", "timeout_seconds",
    "run_in_background", "is_background", "background",
};

constexpr Class kNothing{Reversibility::read_only, Blast::small, false};

// The walk over the rows of one line.
class LineSum {
 public:
  LineSum(const CommandRule& rule, const shell::Analysis& analysis, Class entry_class,
          const AskCase& ask)
      : rule_(rule), analysis_(analysis), entry_class_(entry_class), ask_(ask) {}

  void row(const CommandRow& row, std::size_t command) {
    const Class usual = row.stated_class.value_or(entry_class_);
    if (row.cases.empty()) {
      add_class(usual);
      return say(row.then, {&row.rule, &row.approval, &row.words}, command, "row");
    }
    cases(row, usual, command);
  }
  // What the descriptions of the programs know, whatever the row states: work that is thrown away
  // does not come back, and what sends or writes is no reading.
  void raise(const shell::Command& command) {
    const auto does = [&](shell::Effect effect) {
      return std::ranges::find(command.hazards, effect, &shell::Hazard::effect) !=
             command.hazards.end();
    };
    const bool sends = worst_ && does(shell::Effect::sends),
               discards = does(shell::Effect::discards);
    const bool writes = worst_ && writes_files(command);
    if (sends || discards || writes) {
      add_class(raised(worst_.value_or(kNothing), sends, discards, writes));
    }
  }
  void denied(const Rule& by, std::string why) {
    if (out_.denies.rule != nullptr) return;
    out_.denies.rule = &by;
    out_.why = std::move(why);
  }
  void uncovered(std::string why) {
    out_.otherwise = true;
    if (otherwise_.empty()) otherwise_ = std::move(why);
  }

  LineJudgement take() {
    out_.action_class = worst_.value_or(kNothing);
    if (out_.otherwise) out_.action_class = more_dangerous(out_.action_class, kMostDangerous);
    if (out_.denies.rule != nullptr) return std::move(out_);
    out_.effect = !out_.holding.empty() ? Effect::hold
                  : out_.notify         ? Effect::notify
                                        : Effect::allow;
    out_.why = held_;
    if (!out_.otherwise) return std::move(out_);
    out_.effect = stricter(out_.effect, rule_.otherwise);
    if (out_.effect == Effect::deny) {
      out_.why = otherwise_;
    } else {
      out_.why += (out_.why.empty() ? "" : "; ") + otherwise_;
    }
    return std::move(out_);
  }

 private:
  static bool writes_files(const shell::Command& command) {
    const auto writes = [](const shell::Redirection& one) {
      return one.kind != shell::RedirectKind::read;
    };
    return command.writes || std::ranges::any_of(command.redirections, writes) ||
           std::ranges::find(command.hazards, shell::Effect::writes, &shell::Hazard::effect) !=
               command.hazards.end();
  }
  void add_class(Class c) { worst_ = worst_ ? more_dangerous(*worst_, c) : c; }

  // As the cases of an entry: what fails counts where it stops and not where it grants.
  void cases(const CommandRow& row, Class usual, std::size_t command) {
    std::optional<Class> stated, failed;
    bool any = false;
    for (const Case& one : row.cases.list) {
      const CaseAnswer answer = ask_(one, analysis_.commands[command]);
      if (answer == CaseAnswer::no) continue;
      if (one.action_class) {
        std::optional<Class>& into = answer == CaseAnswer::yes ? stated : failed;
        into = into ? more_dangerous(*into, *one.action_class) : *one.action_class;
      }
      if (answer == CaseAnswer::fails && one.polarity() == Polarity::grants) continue;
      any = true;
      say(one.then, {&one.rule, &one.approval, &one.words}, command, "case of a row");
    }
    add_class(stated.value_or(usual));
    if (failed) add_class(*failed);
    if (any) return;
    say(row.cases.otherwise, {&row.cases.otherwise_rule, &row.approval, &row.words}, command,
        "row without a case for it");
  }

  void say(Effect effect, LineJudgement::Said said, std::size_t command, std::string_view who) {
    switch (effect) {
      case Effect::deny:
        if (out_.denies.rule != nullptr) return;
        out_.denies = said;
        out_.why = fmt::format("a {} denies {}", who, ordinal(analysis_, command));
        return;
      case Effect::hold:
        if (std::ranges::find(out_.holding, said.rule, &LineJudgement::Said::rule) !=
            out_.holding.end()) {
          return;
        }
        if (out_.holding.empty()) {
          held_ = fmt::format("a {} asks for approval of {}", who, ordinal(analysis_, command));
        }
        out_.holding.push_back(said);
        return;
      case Effect::notify:
        out_.notify = true;
        return;
      case Effect::allow:
      case Effect::contain:
        return;
    }
  }

  const CommandRule& rule_;
  const shell::Analysis& analysis_;
  Class entry_class_;
  const AskCase& ask_;
  std::optional<Class> worst_;
  std::string held_, otherwise_;
  LineJudgement out_;
};

}  // namespace

bool CommandRow::stops() const {
  if (cases.empty()) return then >= Effect::hold;
  return cases.otherwise >= Effect::hold &&
         std::ranges::all_of(cases.list, [](const Case& one) { return one.then >= Effect::hold; });
}

namespace {

bool has_places(const CommandRow& row) {
  return row.reads.compiled != nullptr || row.writes.compiled != nullptr;
}

bool has_places(const CommandRule& rule, const PathRule* directory) {
  return directory != nullptr || rule.reads.compiled != nullptr ||
         rule.writes.compiled != nullptr ||
         std::ranges::any_of(rule.rows, [](const CommandRow& row) { return has_places(row); });
}

}  // namespace

LineJudgement judge_commands(const CommandRule& rule, const shell::Analysis& analysis,
                             Class entry_class, const shell::Place& place, const LinePlace& where,
                             const AskCase& ask) {
  LineSum sum(rule, analysis, entry_class, ask);
  const shell::Judgement judgement = shell::judge(analysis, rule.line.rows, place);
  std::optional<LineFiles> files;
  if (has_places(rule, where.directory)) files.emplace(rule, analysis, where);
  const auto object = [&](LineFiles::Objection found) {
    if (found.denies != nullptr) return sum.denied(*found.denies, std::move(found.why));
    if (!found.why.empty()) sum.uncovered(std::move(found.why));
  };
  for (const shell::Judged& judged : judgement.commands) {
    for (const std::uint32_t index : judged.rows) {
      const CommandRow& row = rule.rows[index];
      sum.row(row, judged.command);
      if (has_places(row)) object(files->row(row, judged.command));
    }
    sum.raise(analysis.commands[judged.command]);
  }
  if (files) object(files->whole());
  if (judgement.outcome != shell::Outcome::covered) {
    sum.uncovered(describe(analysis, judgement));
  } else if (judgement.commands.empty() && !analysis.settings.empty()) {
    // A shell that lives on would keep them for the next line.
    sum.uncovered("it sets variables and runs nothing");
  }
  return sum.take();
}

bool names_command_line(std::string_view argument) {
  return std::ranges::find(kLineNames, argument) != kLineNames.end();
}

Result<std::string> bind_command_line(const CommandRule& rule, const Shape& shape) {
  const auto fits = [&](const Shape& one) {
    const ValueType wanted = rule.line.words ? ValueType::array : ValueType::string;
    return one.type == wanted || one.type == ValueType::any;
  };
  const std::string_view kind = rule.line.words ? "a list of words" : "a text";
  std::vector<std::string> named, others;
  for (const Shape::Property& property : shape.properties) {
    if (!rule.argument.empty() && property.name == rule.argument) {
      if (fits(property.shape)) return property.name;
      return fail(
          ErrorKind::invalid,
          fmt::format("`{}` is of type {}, and `commands` needs {} there",
                      escape_untrusted(property.name), to_string(property.shape.type), kind));
    }
    if (!fits(property.shape)) continue;
    (names_command_line(property.name) ? named : others).push_back(property.name);
  }
  const auto listed = [](const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
      out += (out.empty() ? "`args." : "`, `args.") + escape_untrusted(name);
    }
    return out + (out.empty() ? "" : "`");
  };
  if (!rule.argument.empty()) {
    const std::string near = closest_match(rule.argument, named.empty() ? others : named);
    return fail(ErrorKind::missing,
                fmt::format("there is no argument `{}`{}", escape_untrusted(rule.argument),
                            near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
  }
  if (named.size() == 1) return named.front();
  if (named.size() > 1) {
    return fail(ErrorKind::invalid,
                fmt::format("the line could be any of {}: state `commands: {{of: …, rows: …}}`",
                            listed(named)));
  }
  if (others.empty()) return fail(ErrorKind::missing, fmt::format("no argument is {}", kind));
  return fail(ErrorKind::invalid, fmt::format("which argument holds the line cannot be told: state "
                                              "`commands: {{of: …, rows: …}}` with one of {}",
                                              listed(others)));
}

void name_lines(const CommandRule& rule, BoundTool& tool) {
  const auto add = [&](std::string_view name) {
    const bool known = std::ranges::find(tool.named, name) != tool.named.end();
    if (!known) tool.named.emplace_back(name);
  };
  if (!tool.command_line.empty()) return add(tool.command_line);
  if (!rule.argument.empty()) return add(rule.argument);
  for (const std::string_view name : kLineNames) add(name);
}

void bind_commands(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound) {
  const CommandRule& rule = *entry.commands;
  if (!tool.has_schema) return name_lines(rule, bound);
  auto name = bind_command_line(rule, tool.arguments);
  if (name) {
    bound.command_line = std::move(*name);
    return name_lines(rule, bound);
  }
  // As without a schema: it permits arguments that it does not list.
  if (name.error().fault == ErrorKind::missing && tool.arguments.unlisted) {
    bound.command_line = rule.argument;
    return name_lines(rule, bound);
  }
  const std::string called = tool.server.empty() ? tool.name : tool.server + "/" + tool.name;
  bound.misfits.push_back(
      {ErrorKind::invalid,
       fmt::format("`commands` of `{}`: {}", escape_untrusted(called), name.error().message),
       rule.rule.at});
}

std::string_view command_line_name(const CommandRule& rule, std::string_view bound,
                                   json::View arguments) {
  if (!bound.empty()) return bound;
  if (!rule.argument.empty()) return rule.argument;
  std::string_view found;
  for (const std::string_view name : kLineNames) {
    if (!arguments[name].exists()) continue;
    if (!found.empty()) return {};
    found = name;
  }
  return found;
}

std::string_view unnamed_beside(std::string_view line, std::span<const std::string> named,
                                json::View arguments) {
  for (const auto [name, value] : arguments.members()) {
    if (name == line || std::ranges::find(kHarmless, name) != kHarmless.end()) continue;
    if (std::ranges::find(named, name) == named.end()) return name;
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> files_to_resolve(const BoundTool& tool,
                                                                  json::View arguments) {
  const CommandRule* rule = tool.entry == nullptr ? nullptr : tool.entry->commands.get();
  if (rule == nullptr) return {};
  const WorkingDirectory works = working_directory(tool, arguments);
  if (!has_places(*rule, works.rule)) return {};
  const std::string_view argument = command_line_name(*rule, tool.command_line, arguments);
  const auto analysis = read_line(rule->line.words, rule->line.dialect, arguments[argument]);
  if (!analysis) return {};
  const LinePlace where{works.base, works.rule, {}, argument};
  return LineFiles(*rule, *analysis, where).to_resolve();
}

std::vector<std::string> programs_to_find(const BoundTool& tool, json::View arguments) {
  const CommandRule* rule = tool.entry == nullptr ? nullptr : tool.entry->commands.get();
  if (rule == nullptr || rule->directories.empty()) return {};
  const json::View value = arguments[command_line_name(*rule, tool.command_line, arguments)];
  const auto analysis = read_line(rule->line.words, rule->line.dialect, value);
  return analysis ? shell::words_to_resolve(*analysis) : std::vector<std::string>{};
}

}  // namespace pawl
