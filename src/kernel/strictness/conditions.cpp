// Expressions and cases of one entry against those of another.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/strictness/parts.h"

namespace pawl {

namespace {

using Conditions = std::vector<std::shared_ptr<const Condition>>;

std::string text_of(const ToolRule& entry, const ConditionPlace& place) {
  return place ? entry.conditions[*place]->text() : std::string();
}

bool same_words(const Class* a, const Class* b) {
  return (a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b);
}

bool same_typed(const std::optional<TypedText>& a, const std::optional<TypedText>& b) {
  return a.has_value() == b.has_value() && (!a || a->argument == b->argument);
}

bool same_terms(const ToolRule& before, const ApprovalTerms& a, const ToolRule& after,
                const ApprovalTerms& b) {
  return a.quorum == b.quorum && a.within == b.within && a.reviewers == b.reviewers &&
         a.deny_on_timeout == b.deny_on_timeout && same_typed(a.typed, b.typed) &&
         a.wider == b.wider && same_routes(a, before.conditions, b, after.conditions);
}

// Constraints of a case are compared by the same rules as those of an entry, both ways.
bool same_arguments(const Case& a, const Case& b) {
  ToolRule one, other;
  one.arguments = a.arguments;
  other.arguments = b.arguments;
  PolicyDiff forth, back;
  compare_rules(one, other, forth);
  compare_rules(other, one, back);
  return forth.take().empty() && back.take().empty();
}

bool same_case(const ToolRule& before, const Case& a, const ToolRule& after, const Case& b) {
  const Class* was = a.action_class ? &*a.action_class : nullptr;
  const Class* is = b.action_class ? &*b.action_class : nullptr;
  return text_of(before, a.condition) == text_of(after, b.condition) &&
         a.condition.has_value() == b.condition.has_value() && a.then == b.then &&
         same_words(was, is) && a.words.say == b.words.say &&
         same_terms(before, a.approval, after, b.approval) && same_arguments(a, b);
}

// Limits are compared apart: the same case may have smaller ones, and more.
bool bounds_as_much(const Case& before, const Case& after) {
  ToolRule one, other;
  one.arguments = before.limits;
  other.arguments = after.limits;
  PolicyDiff laxness;
  compare_rules(one, other, laxness);
  return laxness.take().empty();
}

bool has_case(const ToolRule& entry, const ToolRule& other, const Case& one) {
  return std::ranges::any_of(entry.cases.list,
                             [&](const Case& each) { return same_case(other, one, entry, each); });
}

// The case is still there, and bounds as much as it did.
bool keeps_case(const ToolRule& before, const Case& one, const ToolRule& after) {
  return std::ranges::any_of(after.cases.list, [&](const Case& each) {
    return same_case(before, one, after, each) && bounds_as_much(one, each);
  });
}

// One case more that can only stop: it changes no class and names no other reviewers.
bool only_stops(const Case& one, Effect otherwise) {
  const ApprovalTerms& terms = one.approval;
  const bool plain = !terms.quorum && !terms.within && terms.reviewers.empty() &&
                     terms.routes.empty() && !terms.deny_on_timeout && !terms.wider;
  return one.then >= Effect::hold && one.then >= otherwise && !one.action_class && plain;
}

void compare_cases(const Pair& pair, PolicyDiff& laxness) {
  const ToolRule& before = pair.old_entry;
  const ToolRule& after = pair.new_entry;
  const std::string name = "`" + escape_untrusted(after.key) + "`";
  if (before.cases.empty()) {
    for (const Case& one : after.cases.list) {
      if (!one.action_class && one.approval.reviewers.empty() && one.approval.routes.empty() &&
          !one.approval.within && !one.approval.deny_on_timeout && !one.approval.wider) {
        continue;
      }
      laxness.found(one.rule.at, "a new case of " + name + " says another class or other people");
    }
    return;
  }
  const Position& at = after.cases.empty() ? after.rule.at : after.cases.otherwise_rule.at;
  for (const Case& one : before.cases.list) {
    if (keeps_case(before, one, after)) continue;
    laxness.found(at, fmt::format("a case of {} is gone or another one (line {} before)", name,
                                  one.rule.at.line));
  }
  for (const Case& one : after.cases.list) {
    if (has_case(before, after, one) || only_stops(one, before.cases.otherwise)) continue;
    laxness.found(one.rule.at, "a case of " + name + " is new");
  }
  if (after.cases.otherwise < before.cases.otherwise) {
    laxness.found(at,
                  fmt::format("`else` of {} was `{}` and is `{}`", name,
                              to_string(before.cases.otherwise), to_string(after.cases.otherwise)));
  }
}

}  // namespace

namespace {

bool same_environment(const EnvironmentBy* a, const EnvironmentBy* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return to_string(a->argument) == to_string(b->argument) && a->values == b->values;
}

// With fewer values fewer calls have a credential.
bool as_strict_credential(const CredentialBy* before, const CredentialBy* after) {
  if (before == nullptr || after == nullptr) return before == after;
  return to_string(before->argument) == to_string(after->argument) &&
         std::ranges::includes(before->values, after->values);
}

}  // namespace

bool same_routes(const ApprovalTerms& before, const Conditions& old, const ApprovalTerms& after,
                 const Conditions& now) {
  return std::ranges::equal(before.routes, after.routes, [&](const Route& a, const Route& b) {
    return old[a.condition]->text() == now[b.condition]->text() && a.reviewers == b.reviewers;
  });
}

void compare_conditions(const Pair& pair, PolicyDiff& laxness) {
  const ToolRule& before = pair.old_entry;
  const ToolRule& after = pair.new_entry;
  const std::string name = "`" + escape_untrusted(after.key) + "`";
  if (before.only_if && text_of(before, before.only_if) != text_of(after, after.only_if)) {
    laxness.found(after.rule.at, "`if` of " + name + " is another condition or gone");
  }
  if (before.approval_if && !after.requires_approval &&
      text_of(before, before.approval_if) != text_of(after, after.approval_if)) {
    laxness.found(after.rule.at,
                  "`requires_approval` of " + name + " is another condition or gone");
  }
  const bool counted = before.counts_records() || after.counts_records();
  if (counted && text_of(before, before.records_by) != text_of(after, after.records_by)) {
    laxness.found(after.rule.at, "`records` of " + name + " counts in another way");
  }
  if (before.asked_for_records && !after.asked_for_records) {
    laxness.found(after.rule.at, "the records of " + name + " are not counted any more");
  }
  if (!same_environment(before.environment_by.get(), after.environment_by.get())) {
    laxness.found(after.rule.at,
                  "another argument, or other values of it, name the environment of " + name);
  }
  if (!as_strict_credential(before.credential_by.get(), after.credential_by.get())) {
    laxness.found(after.rule.at,
                  "another argument, or other values of it, name the credential of " + name);
  }
  compare_cases(pair, laxness);
}

}  // namespace pawl
