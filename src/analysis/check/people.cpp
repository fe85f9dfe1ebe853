// Who can answer a held call, and who is who.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/policy/commands.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

constexpr Duration within_default = Duration::seconds(300);
constexpr std::string_view no_reviewer =
    "neither the file nor a deployment file names one; `pawl reviewers add NAME` enrols the first";

const Position& asking_place(const ToolRule& entry) {
  return entry.approval_rule.path.empty() ? entry.rule.at : entry.approval_rule.at;
}

// The most dangerous reading of the tools that an entry grants.
Class class_of(const Subject& subject, const ToolRule& entry) {
  std::optional<Class> worst;
  for (const BoundTool& tool : bound_tools(subject, subject.policy, entry)) {
    worst = worst ? more_dangerous(*worst, tool.action_class) : tool.action_class;
  }
  return *worst;
}

// A freeze may ask about calls that pass on every other day.
bool frozen_asks(const Subject& subject, Class c) {
  const Environment place =
      subject.production ? Environment::production : subject.policy.environment;
  return std::ranges::any_of(subject.policy.freezes, [&](const Freeze& freeze) {
    return freeze.then == Effect::hold && !freeze.is_over(subject.now) && freeze.stops(c, place);
  });
}

// The sponsor of a run is not the last who approves its calls, where two are asked for, in
// production and in a freeze. With one person who may answer, that person's own runs wait in
// vain.
void check_apart(const Subject& subject, const ToolRule& entry, const Question& question,
                 const std::set<std::string>& named) {
  const Class worst = class_of(subject, entry);
  const bool strict = worst.has_effect() &&
                      (subject.production || subject.policy.environment == Environment::production);
  if (question.quorum < 2 && !strict && !frozen_asks(subject, worst)) return;
  const bool mild = worst.reversibility != Reversibility::irreversible && !worst.external_sink;
  std::size_t eyes = 0;
  std::string only;
  for (const std::string& name : named) {
    if (!mild && only_programs(*subject.deployment, {name})) continue;
    ++eyes;
    only = name;
  }
  if (eyes != 1) return;
  const std::string name = fmt::format("`{}`", escape_untrusted(entry.key));
  const std::string why = fmt::format(
      "cannot be approved by the sponsor of its run alone, and `{}` is the only "
      "reviewer: calls of runs that they sponsor cannot be approved",
      escape_untrusted(only));
  subject.finding(warning, asking_place(entry), fmt::format("a held call of {} {}", name, why),
                  name, "a held call " + why);
}

void check_reviewers(const Subject& subject, const ToolRule& entry, Question question) {
  const Position& at = asking_place(entry);
  const std::string tool = escape_untrusted(entry.key);
  const std::string name = "`" + tool + "`";
  if (question.reviewers.empty() && subject.deployment != nullptr) {
    question.reviewers = subject.deployment->default_reviewers;
  }
  if (question.reviewers.empty()) {
    subject.finding(error_in_production, at,
                    fmt::format("a held call of {} has no reviewer: {}", name, no_reviewer), name,
                    fmt::format("a held call has no reviewer: {}", no_reviewer));
    return;
  }
  if (subject.deployment == nullptr) {
    const std::string unknown =
        fmt::format("`{}` is not known without a deployment file, so a held call",
                    escape_untrusted(fmt::format("{}", fmt::join(question.reviewers, "`, `"))));
    subject.finding(warning, at, fmt::format("{} of {} has no reviewer", unknown, name), name,
                    unknown + " has no reviewer");
    return;
  }
  for (const std::string& reviewer : question.reviewers) {
    if (subject.deployment->knows(reviewer)) continue;
    subject.error(at, fmt::format("`{}`, who is to answer for `{}`, is neither a person nor a "
                                  "group of the deployment file",
                                  escape_untrusted(reviewer), tool));
  }
  const std::set<std::string> named = answerers(*subject.deployment, question.reviewers);
  const std::size_t persons = named.size();
  const Class worst = class_of(subject, entry);
  const bool open_ended = subject.deployment->open_ended(question.reviewers);
  const bool undone = worst.reversibility != Reversibility::irreversible && !worst.external_sink;
  if (persons > 0 && !undone && !open_ended && only_programs(*subject.deployment, named)) {
    subject.error(at, fmt::format("a held call of `{}` can be answered by programs only, which "
                                  "approve nothing alone that cannot be undone or carries data "
                                  "outside",
                                  tool));
    return;
  }
  // How many members a group of the provider has is not known here.
  if (open_ended) return;
  if (persons >= question.quorum) {
    check_apart(subject, entry, question, named);
    return check_place_of_sponsor(subject, at, tool, question);
  }
  std::string says = fmt::format("a held call of `{}` needs {} persons, and its reviewers are {}",
                                 tool, question.quorum, persons);
  const bool both = std::ranges::any_of(question.reviewers, [](const std::string& reviewer) {
    return parts_of_reviewer(reviewer).size() > 1;
  });
  if (both) {
    says += fmt::format(
        ": role and layers name different people, so one answer must come from a reviewer who is "
        "in both (`{}`)",
        escape_untrusted(fmt::format("{}", fmt::join(question.reviewers, "`, `"))));
  }
  subject.error(at, std::move(says));
}

bool asks(const Cases& cases) {
  return cases.otherwise == Effect::hold ||
         std::ranges::any_of(cases.list, [](const Case& one) { return one.then == Effect::hold; });
}

bool rows_ask(const CommandRule& rule) {
  return rule.otherwise == Effect::hold ||
         std::ranges::any_of(rule.rows, [](const CommandRow& row) {
           return row.then == Effect::hold || asks(row.cases);
         });
}

}  // namespace

std::set<std::string> answerers(const Deployment& deployment,
                                const std::vector<std::string>& reviewers) {
  std::set<std::string> named = deployment.persons(reviewers);
  for (const std::string& auditor : deployment.persons(deployment.auditors)) named.erase(auditor);
  return named;
}

bool only_programs(const Deployment& deployment, const std::set<std::string>& persons) {
  return std::ranges::all_of(persons, [&](const std::string& name) {
    const auto person = deployment.people.find(name);
    return person != deployment.people.end() && person->second.automatic;
  });
}

namespace {

// What a call of an entry asks of people in one situation, without what the layers ask.
Question question_in(const Subject& subject, const ToolRule& entry, Class of_tool,
                     const Circumstance& at) {
  const Policy& policy = subject.policy;
  const Environment place = subject.production ? Environment::production : policy.environment;
  const AskedByClass table =
      asked_by_class(policy, entry, of_tool, at.action_class, place, subject.now);
  const ApprovalTerms none;
  const ApprovalTerms& terms = at.terms == nullptr ? none : *at.terms;
  const ApprovalTerms& own = entry.approval;
  const ApprovalTerms& file = policy.approval;
  Question question;
  question.effect = stricter(at.then, table.asks.effect);
  if ((entry.requires_approval || at.asked) && question.effect != Effect::deny) {
    question.effect = Effect::hold;
  }
  const bool by_table = table.asks.effect == Effect::hold;
  const std::uint8_t stated = own.quorum.value_or(file.quorum.value_or(1));
  question.quorum =
      std::max({stated, terms.quorum.value_or(1), by_table ? table.asks.quorum : std::uint8_t{1}});
  question.typed = terms.typed || own.typed || file.typed || (by_table && table.asks.typed);
  question.within =
      terms.within.value_or(own.within.value_or(file.within.value_or(within_default)));
  question.reviewers = !terms.reviewers.empty() ? terms.reviewers
                       : !own.reviewers.empty() ? own.reviewers
                                                : file.reviewers;
  return question;
}

// What a condition, a case, a row or a value may ask has to be answerable too.
Question question_of_role(const Subject& subject, const ToolRule& entry, Class action_class) {
  const bool may_ask = (entry.commands != nullptr && rows_ask(*entry.commands)) ||
                       entry.approval_if || asks(entry.cases) ||
                       std::ranges::any_of(entry.arguments, &ArgumentRule::may_hold);
  return question_in(subject, entry, action_class,
                     {.action_class = action_class, .asked = may_ask});
}

// Without the deployment's reviewers, which answer where no one is named.
Question question_of_all(const Subject& subject, const ToolRule& entry, Class action_class) {
  Question question = question_of_role(subject, entry, action_class);
  add_layers(subject, entry, action_class, question);
  return question;
}

}  // namespace

Question question_of(const Subject& subject, const ToolRule& entry, Class of_tool,
                     const Circumstance& at) {
  Question question = question_in(subject, entry, of_tool, at);
  add_layers(subject, entry, at.action_class, question);
  if (question.effect != Effect::hold) return {.effect = question.effect, .reviewers = {}};
  if (question.reviewers.empty() && subject.deployment != nullptr) {
    question.reviewers = subject.deployment->default_reviewers;
  }
  return question;
}

namespace {

void check_route(const Subject& subject, const ToolRule& entry, const Route& route,
                 Question question) {
  question.effect = Effect::hold;
  question.reviewers = route.reviewers;
  add_layers(subject, entry, class_of(subject, entry), question);
  check_reviewers(subject, entry, question);
}

// What a case or a row says of people, in place of what the entry says.
void check_terms(const Subject& subject, const ToolRule& entry, const ApprovalTerms& terms,
                 const std::optional<Class>& stated, Question question) {
  question.effect = Effect::hold;
  question.quorum = std::max(question.quorum, terms.quorum.value_or(1));
  if (!terms.reviewers.empty()) question.reviewers = terms.reviewers;
  add_layers(subject, entry, stated ? *stated : class_of(subject, entry), question);
  check_reviewers(subject, entry, question);
  for (const Route& route : terms.routes) check_route(subject, entry, route, question);
}

void check_cases(const Subject& subject, const ToolRule& entry, const Cases& cases,
                 const Question& question) {
  for (const Case& one : cases.list) {
    if (one.then == Effect::hold) {
      check_terms(subject, entry, one.approval, one.action_class, question);
    }
  }
}

void check_rows(const Subject& subject, const ToolRule& entry, const Question& question) {
  if (entry.commands == nullptr) return;
  for (const CommandRow& row : entry.commands->rows) {
    if (row.then == Effect::hold) {
      check_terms(subject, entry, row.approval, row.stated_class, question);
    }
    check_cases(subject, entry, row.cases, question);
  }
}

}  // namespace

void check_answerers(const Subject& subject) {
  const Policy& policy = subject.policy;
  for (const ToolRule& entry : policy.tools) {
    const Question question = question_of_all(subject, entry, class_of(subject, entry));
    if (question.effect != Effect::hold) continue;
    for (const Route& route : policy.approval.routes) check_route(subject, entry, route, question);
  }
  for (const ToolRule& entry : policy.tools) {
    const Question question = question_of_all(subject, entry, class_of(subject, entry));
    check_rows_that_may_ask(subject, entry, class_of(subject, entry), question);
    const bool passes = question.effect == Effect::allow || question.effect == Effect::notify;
    if (question.effect == Effect::hold ||
        (passes && frozen_asks(subject, class_of(subject, entry)))) {
      check_reviewers(subject, entry, question);
    }
    check_cases(subject, entry, entry.cases, question);
    check_rows(subject, entry, question);
    for (const Route& route : entry.approval.routes) check_route(subject, entry, route, question);
  }
}

namespace {

// Where the sponsor of its runs is not known, no person is kept from approving its calls alone.
void check_sponsors(const Subject& subject) {
  if (!subject.production && subject.policy.environment != Environment::production) return;
  for (const auto& [name, agent] : subject.deployment->agents) {
    if (agent.role != subject.policy.agent || !agent.sponsor.empty()) continue;
    subject.finding(
        note, subject.policy.agent_rule.at,
        fmt::format("the agent `{}` has no `sponsor` in the deployment file: the person who starts "
                    "its runs is not known, and may approve their calls alone",
                    escape_untrusted(name)));
  }
}

}  // namespace

void check_people(const Subject& subject) {
  check_answerers(subject);
  const Policy& policy = subject.policy;
  if (subject.deployment == nullptr) return;
  const Deployment& deployment = *subject.deployment;
  check_sponsors(subject);
  if (!policy.identity.empty() && deployment.people.contains(policy.identity)) {
    subject.error(policy.agent_rule.at,
                  fmt::format("the identity `{}` is a person's: an agent needs its own",
                              escape_untrusted(policy.identity)));
  }
  if (!deployment.roles.empty() && !deployment.roles.contains(policy.agent)) {
    subject.finding(
        warning, policy.agent_rule.at,
        fmt::format("the deployment file has no role `{}`", escape_untrusted(policy.agent)));
  }
}

}  // namespace pawl::checking
