// `accept_risk`: lines that change nothing, and what would have to stand there.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/check/parts.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

std::vector<Environment> places_of(const Subject& subject, const ToolRule& entry) {
  if (subject.production) return {Environment::production};
  if (entry.environment_by == nullptr) return {subject.policy.environment};
  std::vector<Environment> out;
  for (const auto& [value, place] : entry.environment_by->values) out.push_back(place);
  return out;
}

// Why `requires_approval: false` with its accepted risk lets no call run that would wait without
// it; empty: it does.
std::string why_still_asked(const Subject& subject, const ToolRule& entry) {
  if (entry.approval_if) {
    return fmt::format(
        "`requires_approval` is an expression, and the decision table asks beside "
        "it: a risk counts beside `requires_approval: false`, with `cases: [{{if: "
        "{}, then: hold}}, …]` for the rest",
        escape_untrusted(entry.conditions[*entry.approval_if]->text()));
  }
  std::string why;
  for (const BoundTool& bound : bound_tools(subject, subject.policy, entry)) {
    for (const Environment place : places_of(subject, entry)) {
      const Class c = bound.action_class;
      const AskedByClass asked = asked_by_class(subject.policy, entry, c, c, place, subject.now);
      if (asked.accepted) return {};
      why = asked.asks.effect == Effect::hold
                ? std::string("what cannot be undone is asked for in production all the same")
                : fmt::format("the decision table asks no one about `{}` in the stage `{}`",
                              to_string(c), to_string(asked.stage));
    }
  }
  return why;
}

// Whether a stated class would not be in force without the risk that is accepted for it. Where no
// definition is known, the description or the arguments may be what it is for.
bool lowers(const Subject& subject, const Policy& without, const ToolRule& entry) {
  const std::vector<BoundTool> with = bound_tools(subject, subject.policy, entry);
  const std::vector<BoundTool> bare = bound_tools(subject, without, entry);
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (with[i].definition == nullptr || with[i].action_class != bare[i].action_class ||
        with[i].misfits.size() != bare[i].misfits.size()) {
      return true;
    }
  }
  return false;
}

bool about_class(const ToolRule& entry, const std::string& path) {
  if (entry.stated_class && entry.class_rule.path == path) return true;
  const auto has = [&path](const Case& one) {
    return one.action_class && one.class_rule.path == path;
  };
  return std::ranges::any_of(entry.cases.list, has) ||
         (entry.stated_class && std::ranges::any_of(entry.names, [&](const std::string& name) {
            return path == "tools/" + name + "/class";
          }));
}

// What an owner may have meant who lowers no class: not to be asked.
std::string meant(const Subject& subject, const ToolRule& entry) {
  const Class c = bound_tools(subject, subject.policy, entry).front().action_class;
  const Environment place = places_of(subject, entry).front();
  const AskedByClass asked = asked_by_class(subject.policy, entry, c, c, place, subject.now);
  if (asked.asks.effect != Effect::hold) return {};
  return fmt::format(
      "; what asks is the decision table: `requires_approval: false` with the risk "
      "`{}/requires_approval` tells a person instead",
      escape_untrusted(entry.rule.path));
}

void check_risk(const Subject& subject, const AcceptedRisk& risk) {
  Policy without = subject.policy;
  std::erase_if(without.risks,
                [&risk](const AcceptedRisk& other) { return other.path == risk.path; });
  std::string why;
  for (const ToolRule& entry : subject.policy.tools) {
    if (risk.path == entry.rule.path + "/requires_approval") {
      why = why_still_asked(subject, entry);
      if (why.empty()) return;
    } else if (about_class(entry, risk.path)) {
      if (lowers(subject, without, entry)) return;
      why = "the class that is stated is no less dangerous than what is known of the tool" +
            meant(subject, entry);
    }
  }
  if (why.empty()) return;
  subject.finding(warning, risk.rule.at,
                  fmt::format("the risk `{}` is accepted and changes nothing: {}",
                              escape_untrusted(risk.path), why));
}

}  // namespace

void check_risks(const Subject& subject) {
  for (const AcceptedRisk& risk : subject.policy.risks) {
    if (risk.until > subject.now) check_risk(subject, risk);
  }
}

}  // namespace pawl::checking
