// The layers of one policy against those of another. Ceilings, blocked names, freezes, contacts and
// secrets of layers are parts of the policy by now and compared as such.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/strictness/parts.h"

namespace pawl {

namespace {

std::string text_of(const std::shared_ptr<const Condition>& condition) {
  return condition == nullptr ? std::string() : condition->text();
}

bool same_people(const ApprovalTerms& before, const ApprovalTerms& after) {
  return before.reviewers == after.reviewers && before.deny_on_timeout == after.deny_on_timeout;
}

bool not_longer(const std::optional<Duration>& before, const std::optional<Duration>& after) {
  // Without `within` it is the role's, which may be either.
  return before.has_value() == after.has_value() && (!after || *after <= *before);
}

// Where nothing excepts from a denial, no one is asked.
bool only_denies(const Layer& layer, const Requirement& row, const std::string& role) {
  return row.then == Effect::deny &&
         std::ranges::none_of(layer.exceptions,
                              [&](const Exception& one) { return one.role == role; });
}

bool as_strict(const Requirement& before, const Requirement& after, bool only_denied) {
  if (text_of(before.condition) != text_of(after.condition)) return false;
  if (only_denied) return true;
  return after.then >= before.then &&
         after.approval.quorum.value_or(1) >= before.approval.quorum.value_or(1) &&
         after.approval.typed.has_value() >= before.approval.typed.has_value() &&
         same_people(before.approval, after.approval) &&
         not_longer(before.approval.within, after.approval.within) &&
         before.words.say == after.words.say;
}

// Everything that `after` excepts, `before` excepted too.
bool was_excepted(const Exception& after, const std::vector<Exception>& before) {
  return std::ranges::any_of(before, [&](const Exception& one) {
    return one.role == after.role && one.tool.text() == after.tool.text() &&
           text_of(one.condition) == text_of(after.condition) && one.then <= after.then &&
           one.until >= after.until;
  });
}

bool excepts_no_more(const Layer& before, const Layer& after, const std::string& role) {
  return std::ranges::all_of(after.exceptions, [&](const Exception& one) {
    return one.role != role || was_excepted(one, before.exceptions);
  });
}

bool kept(const Layer& layer, const Requirement& row, const Policy& after) {
  return std::ranges::any_of(after.layers, [&](const Layer& other) {
    return excepts_no_more(layer, other, after.agent) &&
           std::ranges::any_of(other.requirements, [&](const Requirement& each) {
             return as_strict(row, each, only_denies(other, each, after.agent));
           });
  });
}

bool is_new(const Requirement& row, const Policy& before) {
  return std::ranges::none_of(before.layers, [&](const Layer& layer) {
    return std::ranges::any_of(layer.requirements, [&](const Requirement& each) {
      return text_of(each.condition) == text_of(row.condition) &&
             each.approval.reviewers == row.approval.reviewers;
    });
  });
}

}  // namespace

void compare_layers(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  for (const Layer& layer : before.layers) {
    for (const Requirement& row : layer.requirements) {
      if (kept(layer, row, after)) continue;
      laxness.found(after.layers.empty() ? after.agent_rule.at : after.layers.front().rule.at,
                    fmt::format("what the layer `{}` requires in line {} is gone, weaker, or has "
                                "another exception",
                                escape_untrusted(layer.name), row.rule.at.line));
    }
  }
  for (const Layer& layer : after.layers) {
    for (const Requirement& row : layer.requirements) {
      // Who is named answers in place of the default reviewers.
      if (row.approval.reviewers.empty() || !is_new(row, before)) continue;
      laxness.found(row.rule.at,
                    fmt::format("the layer `{}` names other people", escape_untrusted(layer.name)));
    }
  }
}

// A row of a layer may speak of the class, the stage and the environment of a call: of what is
// stricter by itself it is not known whether the row still means it.
void compare_marks(const Pair& pair, PolicyDiff& laxness) {
  if (!pair.before.has_requirements()) return;
  const ToolRule& before = pair.old_entry;
  const ToolRule& after = pair.new_entry;
  const bool by_name = !before.stated_class && before.names != after.names;
  const bool stage = pair.before.default_stage != pair.after.default_stage ||
                     pair.before.stage_of(before) != pair.after.stage_of(after);
  if (before.stated_class == after.stated_class && !by_name && !stage &&
      pair.before.environment == pair.after.environment) {
    return;
  }
  laxness.found(after.rule.at, fmt::format("the class, the stage or the environment of `{}` is "
                                           "another one, and a layer may ask less of it",
                                           escape_untrusted(after.key)));
}

}  // namespace pawl
