// `commands` of an entry, compiled: which command lines the tool may get, and what each means.
//
// Every simple command of a line must be covered by a row (lang/shell/rows.h says what covers);
// of everything that the rows of a line say the strictest holds, and the class of the call is the
// most dangerous of the rows that were used. What no row covers, and what cannot be fully analysed,
// follows `else` of the entry.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/constraint/line_rule.h"
#include "kernel/policy/policy.h"

namespace pawl {

struct PathRule;

// Where the files lie that commands evidently read or write, and which are excluded.
struct FilePlaces {
  Rule rule;
  std::vector<std::string> under, not_in;    // as written
  std::shared_ptr<const PathRule> compiled;  // null: anywhere
};

// One row of the file. Its place in CommandRule::rows is its index in LineRule::rows.
struct CommandRow {
  Rule rule;
  std::optional<Class> stated_class;  // absent: the class of the entry
  Effect then = Effect::allow;        // allow, notify, hold or deny
  ApprovalTerms approval;
  Words words;
  Cases cases;  // with `cmd` in their expressions; empty: `then` says it all
  FilePlaces reads, writes;

  // Nothing that this row covers runs without a person.
  bool stops() const;
};

// A line that the author gave with what it has to come to.
struct CommandExample {
  std::string line;
  Effect expected = Effect::allow;
  Position at;
};

struct CommandRule {
  Rule rule;
  Rule else_rule;        // `else`, or `commands` where it is not stated
  std::string argument;  // as stated with `of: args.NAME`; empty: found by its name
  LineRule line;
  std::vector<CommandRow> rows;
  Effect otherwise = Effect::deny;       // deny or hold
  std::vector<std::string> directories;  // `programs`; empty: programs are judged by their words
  FilePlaces reads, writes;              // of all rows
  std::vector<CommandExample> examples;
};

// What the rows say about one line.
struct LineJudgement {
  // A row, or a case of one, that denies or holds.
  struct Said {
    const Rule* rule = nullptr;
    const ApprovalTerms* terms = nullptr;
    const Words* words = nullptr;
  };

  Effect effect = Effect::deny;
  Class action_class = kMostDangerous;
  Said denies;                // no rule: none, or `else`
  std::vector<Said> holding;  // each once
  bool notify = false;
  bool otherwise = false;  // `else` speaks
  std::string why;         // of deny and hold; no bytes of the line
};

// Whether a case applies to a command; an expression may fail.
enum class CaseAnswer : std::uint8_t { no, yes, fails };
using AskCase = std::function<CaseAnswer(const Case&, const shell::Command&)>;

// The class of a command whose row states this one: work that is thrown away does not come back,
// and what was sent is no reading.
Class raised(Class stated, bool sends, bool discards, bool writes);

// `entry_class` is the class of rows that state none. `where` says from where paths are read.
struct LinePlace;
LineJudgement judge_commands(const CommandRule& rule, const shell::Analysis& analysis,
                             Class entry_class, const shell::Place& place, const LinePlace& where,
                             const AskCase& ask);

// Names under which a tool's line is found where the policy does not state one.
bool names_command_line(std::string_view argument);

// The argument that `commands` is about, of a tool with this schema. The error names the
// candidates.
Result<std::string> bind_command_line(const CommandRule& rule, const Shape& shape);

// Adds the arguments that may hold the line to those that the policy names: they are judged by
// rows, and not as plain text.
void name_lines(const CommandRule& rule, BoundTool& tool);

// The argument of a call that holds the line: `bound` as bind_command_line found it, or empty where
// no schema is known, and then exactly one of the call's own keys has to fit. Empty: none does.
std::string_view command_line_name(const CommandRule& rule, std::string_view bound,
                                   json::View arguments);

// The first argument of the call beside the line that could change what runs and that the policy
// does not name; empty: none.
std::string_view unnamed_beside(std::string_view line, std::span<const std::string> named,
                                json::View arguments);

// The paths of the line of a call whose place has to be known, each with the pointer of its fact.
std::vector<std::pair<std::string, std::string>> files_to_resolve(const BoundTool& tool,
                                                                  json::View arguments);

// The words to look up for a call: none where the policy names no directories.
std::vector<std::string> programs_to_find(const BoundTool& tool, json::View arguments);

}  // namespace pawl
