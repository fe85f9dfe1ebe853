// The line of a command tool against the rows of its entry. Rows that hold are kept as a wish, for
// the stages that ask people.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "kernel/admit/call_values.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/commands.h"
#include "kernel/policy/line_files.h"

namespace pawl {

namespace {

Question question_of_row(const Situation& s, const ApprovalTerms& row) {
  const ApprovalTerms& entry = s.tool->entry->approval;
  const ApprovalTerms& file = s.policy.approval;
  const Question preset;
  Question out;
  out.quorum = row.quorum.value_or(entry.quorum.value_or(file.quorum.value_or(1)));
  out.within = row.within.value_or(entry.within.value_or(file.within.value_or(preset.within)));
  out.deny_on_timeout = row.deny_on_timeout.value_or(
      entry.deny_on_timeout.value_or(file.deny_on_timeout.value_or(true)));
  add_typed(out, row.typed);
  add_typed(out, entry.typed ? entry.typed : file.typed);
  out.reviewers = reviewers_of(s, row, false);  // none: those of the entry or the file
  return out;
}

bool asks_people(const Situation& s, const CommandRule& rule, const LineJudgement& judgement,
                 Verdict& v) {
  CommandApproval wish;
  bool answerable = true;
  const auto add = [&](const ApprovalTerms& terms, const Rule& by) {
    Question question = question_of_row(s, terms);
    if (wish.rule == nullptr) {
      wish.question = std::move(question);
      wish.rule = &by;
    } else {
      answerable = answerable && unite(wish.question, question);
    }
  };
  for (const LineJudgement::Said& one : judgement.holding) {
    add(*one.terms, *one.rule);
    if (wish.words == nullptr) wish.words = one.words;
  }
  if (judgement.otherwise) add({}, rule.else_rule);
  const ToolRule& entry = *s.tool->entry;
  if (entry.requires_approval || entry.approval_if) add(entry.approval, entry.approval_rule);
  if (!answerable) {
    return object(v, Code::constraint, &rule.rule,
                  "its commands have different reviewers, and no reviewer may answer for all of "
                  "them: call them one by one");
  }
  wish.question.why = judgement.why;
  v.wish = std::make_shared<const CommandApproval>(std::move(wish));
  return false;
}

bool refuses(const CommandRule& rule, const LineJudgement& judgement, std::string_view argument,
             Verdict& v) {
  const bool by_row = judgement.denies.rule != nullptr;
  object(v, Code::constraint, by_row ? judgement.denies.rule : &rule.else_rule,
         "is not allowed: " + judgement.why);
  v.reason.argument = argument;
  v.reason.words = judgement.denies.words;
  return true;
}

// Cases of rows, with the command as `cmd`.
class Asking {
 public:
  explicit Asking(const Situation& s) : s_(s) {}

  CaseAnswer operator()(const Case& one, const shell::Command& about) {
    if (s_.values == nullptr || !one.condition) return CaseAnswer::fails;
    if (&about != command_) {
      command_ = &about;
      auto read = json::parse(shell::value_of(about));
      document_ = read ? std::optional(std::move(*read)) : std::nullopt;
    }
    if (!document_) return CaseAnswer::fails;
    const std::array<cel::Value, 1> extra = {cel::Value::of(document_->root())};
    s_.values->extra(extra);
    const cel::Value result = condition_of(s_, *one.condition).evaluate(*s_.values);
    return result.is_true()    ? CaseAnswer::yes
           : result.is_false() ? CaseAnswer::no
                               : CaseAnswer::fails;
  }

 private:
  const Situation& s_;
  const shell::Command* command_ = nullptr;
  std::optional<json::Document> document_;
};

}  // namespace

// Only reviewers that are in both lists may answer for both; a list that is empty names no one in
// particular.
bool unite(Question& into, const Question& other) {
  into.quorum = std::max(into.quorum, other.quorum);
  into.typed = into.typed || other.typed;
  for (const std::string& argument : other.typed_of) {
    add_typed(into, TypedText{argument, {}});
  }
  into.deny_on_timeout = into.deny_on_timeout || other.deny_on_timeout;
  into.within = std::min(into.within, other.within);
  if (other.reviewers.empty()) return true;
  if (into.reviewers.empty()) {
    into.reviewers = other.reviewers;
    return true;
  }
  std::erase_if(into.reviewers, [&](const std::string& reviewer) {
    return std::ranges::find(other.reviewers, reviewer) == other.reviewers.end();
  });
  return !into.reviewers.empty();
}

namespace {

[[gnu::noinline]] bool refused(const Situation& s, const CommandRule* rule, Verdict& v) {
  std::string_view name = command_line_name(*rule, s.tool->command_line, s.call.arguments);
  const auto refuse = [&](std::string says) {
    object(v, Code::constraint, &rule->rule, std::move(says));
    v.reason.argument = name;
    return true;
  };
  const json::View value = s.call.arguments[name];
  if (!value.exists()) return refuse("no argument, or more than one, holds its command line");
  const std::string_view beside = unnamed_beside(name, s.tool->named, s.call.arguments);
  if (!beside.empty()) {
    name = beside;
    return refuse("could change what its command line means, and the policy does not name it");
  }
  const auto analysis = read_line(rule->line.words, rule->line.dialect, value);
  if (!analysis) {
    // A text that is no command line is one that cannot be told.
    if (rule->otherwise != Effect::hold || rule->line.words || !value.is_string()) {
      return refuse(analysis.error().message);
    }
    LineJudgement unread;
    unread.otherwise = true;
    unread.why = "it " + analysis.error().message;
    v.action_class = more_dangerous(kMostDangerous, s.tool->action_class);
    if (s.values != nullptr) s.values->in_force(v.action_class);
    return asks_people(s, *rule, unread, v);
  }
  std::map<std::string, shell::Resolved, std::less<>> programs;
  shell::Place place;
  if (s.facts.programs_known && !rule->directories.empty()) {
    for (const ProgramFact& one : s.facts.programs) programs[one.word] = {one.found, one.real};
    place.programs = &programs;
    place.directories = rule->directories;
  }
  Asking asking(s);
  const WorkingDirectory works = working_directory(*s.tool, s.call.arguments);
  const LinePlace where{works.base, works.rule, s.facts.paths, name};
  const LineJudgement judgement =
      judge_commands(*rule, *analysis, s.tool->action_class, place, where, std::ref(asking));
  v.action_class = judgement.action_class;
  if (s.values != nullptr) s.values->in_force(v.action_class);
  v.notify = judgement.notify;
  if (judgement.effect == Effect::deny) return refuses(*rule, judgement, name, v);
  return judgement.effect == Effect::hold && asks_people(s, *rule, judgement, v);
}

}  // namespace

bool deny_commands(const Situation& s, Verdict& v) {
  const CommandRule* rule = s.tool->entry->commands.get();
  return rule != nullptr && refused(s, rule, v);
}

// What deny_commands kept.
void ask_commands(const Situation&, Asked& asked) {
  if (asked.wish == nullptr) return;
  asked.ask(asked.wish->rule, asked.wish->question.why);
  if (asked.words == nullptr) asked.words = asked.wish->words;
}

}  // namespace pawl
