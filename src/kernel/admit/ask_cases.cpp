// Cases that hold, and how people are asked.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kernel/admit/call_values.h"
#include "kernel/admit/layers.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr Duration default_within = Duration::seconds(300);

bool applies(const Asked& asked, std::size_t index) {
  return (asked.cases >> index & 1U) != 0;
}

// The cases that hold this call.
std::vector<const Case*> holding(const Situation& s, const Asked& asked) {
  std::vector<const Case*> found;
  const Cases& cases = s.tool->entry->cases;
  for (std::size_t i = 0; i < cases.list.size(); ++i) {
    if (applies(asked, i) && cases.list[i].then == Effect::hold) found.push_back(&cases.list[i]);
  }
  return found;
}

void add(std::vector<std::string>& all, const std::vector<std::string>& more) {
  for (const std::string& one : more) {
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  }
}

}  // namespace

// Routes of one `approval`, in place of its reviewers where any matches.
std::vector<std::string> reviewers_of(const Situation& s, const ApprovalTerms& terms,
                                      bool of_file) {
  std::vector<std::string> routed;
  for (const Route& route : terms.routes) {
    const Condition& condition =
        of_file ? *s.policy.conditions[route.condition] : condition_of(s, route.condition);
    if (s.values == nullptr || condition.holds(*s.values)) add(routed, route.reviewers);
  }
  return routed.empty() ? terms.reviewers : routed;
}

namespace {

template <class T>
void stricter(std::optional<T>& into, const std::optional<T>& other, bool greater) {
  if (!other) return;
  if (!into || (greater ? *other > *into : *other < *into)) into = other;
}

// Of several cases the strictest of each; every person that one of them names may answer.
ApprovalTerms united(const Situation& s, const std::vector<const Case*>& cases) {
  ApprovalTerms all;
  for (const Case* one : cases) {
    stricter(all.quorum, one->approval.quorum, true);
    stricter(all.within, one->approval.within, false);
    stricter(all.deny_on_timeout, one->approval.deny_on_timeout, true);
    add(all.reviewers, reviewers_of(s, one->approval, false));
  }
  return all;
}

}  // namespace

void ask_cases(const Situation& s, Asked& asked) {
  const Cases& cases = s.tool->entry->cases;
  if (cases.empty()) return;
  for (const Case* one : holding(s, asked)) {
    asked.ask(&one->rule, "a case asks for approval");
    if (asked.words == nullptr) asked.words = &one->words;
  }
  if (asked.cases == 0 && cases.otherwise == Effect::hold) {
    asked.ask(&cases.otherwise_rule, "no case lets it run, and `else` asks for approval");
  }
  const bool told = asked.cases == 0 && cases.otherwise == Effect::notify;
  asked.notify = asked.notify || told;
  for (std::size_t i = 0; i < cases.list.size(); ++i) {
    asked.notify = asked.notify || (applies(asked, i) && cases.list[i].then == Effect::notify);
  }
}

// Whatever asks for a typed text gets it: those of all cases that hold are typed.
void add_typed(Question& question, const std::optional<TypedText>& typed) {
  if (!typed) return;
  question.typed = true;
  if (typed->argument.empty()) return;
  std::vector<std::string>& all = question.typed_of;
  const auto place = std::ranges::lower_bound(all, typed->argument);
  if (place == all.end() || *place != typed->argument) all.insert(place, typed->argument);
}

// What rows of a command line ask for, and whatever else asks beside them.
Question question_of_rows(const Situation& s, const Asked& asked) {
  Question question = asked.wish->question;
  question.quorum = std::max(question.quorum, asked.quorum);
  question.typed = question.typed || asked.typed;
  if (question.reviewers.empty()) {
    question.reviewers = reviewers_of(s, s.tool->entry->approval, false);
  }
  if (question.reviewers.empty()) question.reviewers = reviewers_of(s, s.policy.approval, true);
  question.why = asked.why;
  return question;
}

namespace {

Question question_of_entry(const Situation& s, const Asked& asked) {
  ApprovalTerms terms;
  if (asked.cases != 0) terms = united(s, holding(s, asked));
  const ApprovalTerms& own = s.tool->entry->approval;
  const ApprovalTerms& file = s.policy.approval;
  const std::uint8_t usual = own.quorum.value_or(file.quorum.value_or(1));
  Question question;
  question.quorum = std::max(asked.quorum, std::max(usual, terms.quorum.value_or(1)));
  question.typed = asked.typed;
  if (asked.cases != 0) {
    for (const Case* one : holding(s, asked)) add_typed(question, one->approval.typed);
  }
  const std::optional<TypedText>& typed = own.typed ? own.typed : file.typed;
  if (typed && s.tool->wanted_entry != nullptr) {
    question.typed = true;  // a request has other arguments than the calls that it asks for
  } else {
    add_typed(question, typed);
  }
  question.within =
      terms.within.value_or(own.within.value_or(file.within.value_or(default_within)));
  question.deny_on_timeout = terms.deny_on_timeout.value_or(
      own.deny_on_timeout.value_or(file.deny_on_timeout.value_or(true)));
  question.reviewers = std::move(terms.reviewers);
  if (question.reviewers.empty()) question.reviewers = reviewers_of(s, own, false);
  if (question.reviewers.empty()) question.reviewers = reviewers_of(s, file, true);
  question.why = asked.why;
  return question;
}

}  // namespace

namespace {

// What one approval may be good for besides the call. Nothing where a layer or a row of `commands`
// asks, where something is typed, and where the call cannot be undone.
void add_wider(const Situation& s, const Asked& asked, Question& question) {
  const bool undone = asked.action_class.reversibility != Reversibility::irreversible;
  const bool plain = asked.wish == nullptr && asked.layers == 0 && !question.typed &&
                     s.tool->wanted_entry == nullptr;
  if (!undone || !plain) return;
  const auto& own = s.tool->entry->approval.wider;
  const Wider usual = own ? *own : s.policy.approval.wider.value_or(Wider{});
  Wider wider = usual;
  bool first = true;
  if (asked.cases != 0) {
    for (const Case* one : holding(s, asked)) {
      const Wider stated = one->approval.wider.value_or(usual);
      wider = first ? stated : wider.and_not_more_than(stated);
      first = false;
    }
  }
  question.identical = wider.identical;
  // Other values of the same argument are other reasons, and what carries data outside is looked
  // at each time.
  if (!asked.by_value && !asked.action_class.external_sink) question.for_run = wider.run;
}

}  // namespace

Question question_of(const Situation& s, const Asked& asked) {
  Question question =
      asked.wish != nullptr ? question_of_rows(s, asked) : question_of_entry(s, asked);
  if (asked.layers != 0) unite_layers(s, asked, question);
  const bool effect = asked.action_class.has_effect();
  question.apart = asked.frozen || (effect && asked.environment == Environment::production);
  add_wider(s, asked, question);
  return question;
}

}  // namespace pawl
