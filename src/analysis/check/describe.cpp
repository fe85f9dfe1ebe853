#include "analysis/check/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "analysis/check/check.h"
#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/constraint/in_words.h"
#include "kernel/constraint/origin_check.h"
#include "kernel/policy/commands.h"

namespace pawl {

std::string checking::argument_sentence(const ArgumentRule& rule) {
  const std::string name = escape_untrusted(rule.name());
  std::string wants;
  bool none = false;
  for (const Check& check : rule.checks) {
    none = none || (check.kind == CheckKind::max_items && check.count == 0);
    wants += (wants.empty() ? "" : "; ") + in_words(check, Entries::said);
  }
  if (!rule.or_from.empty()) wants += ", or come from " + spoken(rule.or_from);
  if (!rule.from.empty()) {
    wants += (wants.empty() ? "" : "; ") + std::string("from ") + spoken(rule.from);
  }
  if (none) return fmt::format("`{}` must be empty or absent", name);
  const std::string_view bound = rule.plural.empty() ? "" : " (or its singular)";
  std::string out = wants.empty() ? fmt::format("`{}`{} may be anything", name, bound)
                                  : fmt::format("`{}`{} must be: {}", name, bound, wants);
  if (rule.otherwise == Effect::hold) {
    const bool path = std::ranges::any_of(
        rule.checks, [](const Check& check) { return check.kind == CheckKind::path; });
    out += path ? "; a person is asked about any other path that is spelled out"
                : "; a person is asked about any other value";
    if (rule.required) out += ", and without one the call is denied";
  }
  if (!rule.required) out += "; it may be absent";
  if (rule.min_items == 0) out += "; it may be empty";
  return out;
}

namespace {

using checking::argument_sentence;
using checking::Question;
using checking::some_of;
using checking::Subject;

void add_limits(const ToolRule& entry, std::vector<std::string>& out) {
  if (entry.max_calls_per_run) {
    out.push_back(fmt::format("at most {} calls in one run", *entry.max_calls_per_run));
  }
  if (entry.max_calls_per_minute) {
    out.push_back(fmt::format("at most {} calls in any minute", *entry.max_calls_per_minute));
  }
  if (entry.max_records_per_run) {
    out.push_back(fmt::format(
        "at most {} records in one run; a call counts as {}", *entry.max_records_per_run,
        entry.records_by       ? escape_untrusted(entry.conditions[*entry.records_by]->text())
        : entry.records_stated ? std::to_string(*entry.records_stated)
                               : std::string("1, or as one for every element of its only array")));
  }
}

void add_counters(const ToolRule& entry, std::vector<std::string>& out) {
  for (const CounterRule& counter : entry.counters) {
    std::string said =
        fmt::format("`{}` adds up to at most {} {}", escape_untrusted(added_by(counter, entry)),
                    to_string(counter.max), extent_of(counter));
    if (counter.rule.path.starts_with("counters/")) {
      said += fmt::format(", together with every other tool that adds to `{}`", counter.id);
    }
    out.push_back(std::move(said));
  }
}

std::string typed_words(const std::string& argument) {
  return argument.empty() ? std::string("the tool's name")
                          : fmt::format("the text of `{}`", escape_untrusted(argument));
}

std::string case_sentence(const ToolRule& entry, const Case& one) {
  std::string when;
  if (one.condition) {
    when = "`" + escape_untrusted(entry.conditions[*one.condition]->text()) + "`";
  } else {
    for (const ArgumentRule& rule : one.arguments) {
      when += (when.empty() ? "" : ", and ") + argument_sentence(rule);
    }
  }
  std::string out = fmt::format("case where {}: {}", when, to_string(one.then));
  if (one.action_class) out += fmt::format(", as {}", to_string(*one.action_class));
  for (const ArgumentRule& limit : one.limits) out += "; there " + argument_sentence(limit);
  if (one.approval.typed) {
    out += fmt::format("; who approves types {}", typed_words(one.approval.typed->argument));
  }
  if (!one.words.say.empty())
    out += fmt::format("; the owner says: {}", escape_untrusted(one.words.say));
  return out;
}

void add_conditions(const ToolRule& entry, std::vector<std::string>& out) {
  const auto text = [&](const ConditionPlace& place) {
    return "`" + escape_untrusted(entry.conditions[*place]->text()) + "`";
  };
  if (entry.only_if) out.push_back(fmt::format("only where {}", text(entry.only_if)));
  if (entry.approval_if) {
    out.push_back(fmt::format("a call waits for a person where {}", text(entry.approval_if)));
  }
  for (const Case& one : entry.cases.list) out.push_back(case_sentence(entry, one));
  if (!entry.cases.empty()) {
    out.push_back(fmt::format("where no case applies: {}", to_string(entry.cases.otherwise)));
  }
}

// What a pack says of single calls; the table below speaks of the worst of them.
std::string table_sentence(const PackTool& known) {
  std::string out = fmt::format("its class depends on `{}`:", escape_untrusted(known.by));
  std::size_t said = 0;
  for (const auto& [value, one] : known.calls) {
    if (++said > checking::names_said_max) break;
    out += fmt::format(" `{}` is {},", escape_untrusted(value), to_string(one));
  }
  if (known.calls.size() > checking::names_said_max) {
    out += fmt::format(" {} more,", known.calls.size() - checking::names_said_max);
  }
  if (known.absent) out += fmt::format(" without it {},", to_string(*known.absent));
  return out + fmt::format(" anything else is {}", to_string(known.otherwise));
}

std::string who_is_asked(const Question& question, const ApprovalTerms& own,
                         const ApprovalTerms& file) {
  const std::string who = question.reviewers.empty() ? std::string("no reviewer yet")
                                                     : fmt::format("{} of {}", question.quorum,
                                                                   some_of(question.reviewers));
  const bool denies = own.deny_on_timeout.value_or(file.deny_on_timeout.value_or(true));
  // What the decision table asks for beside it depends on the place, and stands in the table below.
  const std::optional<TypedText>& stated = own.typed ? own.typed : file.typed;
  const std::string typed =
      stated ? fmt::format(", who type {}", typed_words(stated->argument)) : "";
  return fmt::format("asked: {}{}, within {}; {}", who, typed, to_string(question.within),
                     denies ? "no answer is a denial" : "without an answer it stays open");
}

void add_rows(const CommandRule& commands, std::vector<std::string>& out) {
  for (std::uint32_t i = 0; i < commands.rows.size(); ++i) {
    const CommandRow& row = commands.rows[i];
    std::string said = fmt::format("{} ", some_of(commands.line.rows.row(i).run));
    if (!row.cases.empty()) {
      out.push_back(said + fmt::format("is judged by {} cases", row.cases.list.size()));
      continue;
    }
    switch (row.then) {
      case Effect::deny:
        said += "is denied";
        break;
      case Effect::hold:
        said += "waits for a person";
        break;
      case Effect::allow:
      case Effect::notify:
      case Effect::contain:
        said += "may stand in its command line";
        break;
    }
    if (row.stated_class) said += fmt::format(", as {}", to_string(*row.stated_class));
    if (!row.writes.under.empty()) {
      said += fmt::format(", and writes below {}", some_of(row.writes.under));
    } else if (commands.line.rows.row(i).writes) {
      said += ", and may write";
    }
    out.push_back(std::move(said));
  }
  out.emplace_back(commands.otherwise == Effect::hold
                       ? "a line with any other command, or one that cannot be told, waits for a "
                         "person"
                       : "a line with any other command, or one that cannot be told, is denied");
}

std::string credential_sentence(const CredentialBy& by) {
  std::string out = fmt::format("it works with a credential by `{}`, which the agent never sees:",
                                escape_untrusted(to_string(by.argument)));
  for (std::size_t i = 0; i < by.values.size() && i < checking::names_said_max; ++i) {
    out += fmt::format(" `{}` uses `{}`,", escape_untrusted(by.values[i].first),
                       escape_untrusted(by.values[i].second));
  }
  if (by.values.size() > checking::names_said_max)
    out += fmt::format(" {} more,", by.values.size() - checking::names_said_max);
  return out + " and anything else is denied";
}

class Describing {
 public:
  Describing(const Policy& policy, const Deployment* deployment, Instant now)
      : policy_(policy), deployment_(deployment), now_(now) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      places_[i] = policy;
      places_[i].environment = described_environments[i];
    }
  }

  Description run() {
    Description out;
    out.role = escape_untrusted(policy_.agent);
    out.environment = policy_.environment;
    CheckReport report;
    checking::summarise(subject(policy_, report));
    out.about = std::move(report.summary);
    for (const ToolRule& entry : policy_.tools) {
      for (const std::string& name : entry.names) out.tools.push_back(tool(entry, name));
    }
    for (const BlockedName& blocked : policy_.blocked) {
      out.blocked.push_back(escape_untrusted(blocked.folded));
    }
    return out;
  }

 private:
  Subject subject(const Policy& policy, CheckReport& report) const {
    return {policy, deployment_, {}, now_, false, report};
  }

  Description::Tool tool(const ToolRule& entry, const std::string& name) const {
    ToolRule alone = entry;
    alone.names = {name};
    const BoundTool bound = bind(policy_, alone, nullptr, now_);
    Description::Tool out;
    out.name = escape_untrusted(name);
    out.class_text = to_string(bound.action_class);
    out.class_source = escape_untrusted(bound.class_source);
    const bool claimed = policy_.default_stage.has_value();
    out.stage = claimed ? to_string(policy_.stage_of(alone)) : "established (nothing is claimed)";
    out.sentences = sentences(entry);
    for (const PackTool* known : bound.by_call) out.sentences.push_back(table_sentence(*known));
    CheckReport report;
    std::optional<Question> asked;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      for (const checking::Outcome& one :
           checking::outcomes_of(subject(places_[i], report), entry, bound)) {
        add(one, out, i);
        if (one.question.effect == Effect::hold) asked = one.question;
      }
    }
    if (out.parts.size() == 1) out.parts.clear();
    if (asked) {
      out.sentences.push_back(who_is_asked(*asked, entry.approval, policy_.approval));
    }
    return out;
  }

  static void add(const checking::Outcome& one, Description::Tool& tool, std::size_t place) {
    const std::string when = one.when.empty() ? "otherwise" : one.when;
    auto part = std::ranges::find(tool.parts, when, &Description::Part::when);
    if (part == tool.parts.end()) {
      tool.parts.push_back({when, {}});
      part = std::prev(tool.parts.end());
    }
    for (Description::Cell* cell : {&part->cells[place], &tool.cells[place]}) {
      const Question& found = one.question;
      if (std::ranges::find(cell->effects, found.effect) == cell->effects.end()) {
        cell->effects.push_back(found.effect);
        std::ranges::sort(cell->effects);
      }
      if (found.effect != Effect::hold) continue;
      cell->quorum = std::max(cell->quorum, found.quorum);
      cell->typed = cell->typed || found.typed;
    }
  }

  static std::vector<std::string> sentences(const ToolRule& entry) {
    std::vector<std::string> out;
    for (const ArgumentRule& rule : entry.arguments) out.push_back(argument_sentence(rule));
    if (entry.commands != nullptr) add_rows(*entry.commands, out);
    add_limits(entry, out);
    add_counters(entry, out);
    add_conditions(entry, out);
    if (entry.scope) {
      out.push_back(
          fmt::format("of what it returns only {} comes back", some_of(entry.scope->fields())));
    }
    if (entry.requires_approval) out.emplace_back("every call waits for a person");
    if (entry.secrets) {
      out.push_back(*entry.secrets == Effect::allow
                        ? std::string("what it carries outside is not searched for credentials")
                        : fmt::format("a credential in what it carries outside: {}",
                                      to_string(*entry.secrets)));
    }
    if (!entry.credential.empty()) {
      out.push_back(fmt::format("it works with the credential `{}`, which the agent never sees",
                                escape_untrusted(entry.credential)));
    }
    if (entry.credential_by != nullptr) out.push_back(credential_sentence(*entry.credential_by));
    if (!entry.say.empty())
      out.push_back(fmt::format("the owner says: {}", escape_untrusted(entry.say)));
    if (!entry.instead.empty()) {
      out.push_back(fmt::format("instead of a refused call: {}", escape_untrusted(entry.instead)));
    }
    return out;
  }

  const Policy& policy_;
  const Deployment* deployment_;
  Instant now_;
  std::array<Policy, described_environments.size()> places_;
};

}  // namespace

std::string Description::Cell::text() const {
  std::string out = effects.empty() ? "-" : checking::spoken(effects);
  if (quorum > 1) out += fmt::format(" x{}", quorum);
  if (typed) out += " typed";
  return out;
}

Description describe(const Policy& policy, const Deployment* deployment, Instant now) {
  return Describing(policy, deployment, now).run();
}

}  // namespace pawl
