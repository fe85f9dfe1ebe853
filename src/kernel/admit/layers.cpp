// Layers: what an organisation or a team asks of every call, whatever its role says.
#include <algorithm>
#include <string>
#include <utility>

#include "kernel/admit/call_values.h"
#include "kernel/admit/layers.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

bool excepts(const Situation& s, const Exception& one) {
  // A wall clock that cannot be trusted may stand behind any end.
  return one.role == s.policy.agent && !s.facts.clock_suspect && s.now < one.until &&
         one.tool.grants(s.call.server, s.call.tool) &&
         (one.condition == nullptr || one.condition->holds(*s.values));
}

// The least that an exception leaves of it.
Effect weakened(const Situation& s, const Layer& layer, Effect asked) {
  for (const Exception& one : layer.exceptions) {
    if (one.then < asked && excepts(s, one)) asked = one.then;
  }
  return asked;
}

}  // namespace

Effect asked_by(const Situation& s, const Layer& layer, const Requirement& row) {
  if (!row.condition->holds(*s.values)) return Effect::allow;
  return weakened(s, layer, row.then);
}

bool deny_layers(const Situation& s, Verdict& v) {
  if (!s.policy.has_requirements()) return false;
  if (s.values == nullptr || !s.values->forward(v.rewrites)) {
    return object(v, Code::internal, &s.tool->entry->rule, "its expressions cannot be asked");
  }
  for (const Layer& layer : s.policy.layers) {
    for (const Requirement& row : layer.requirements) {
      if (row.then != Effect::deny || asked_by(s, layer, row) != Effect::deny) continue;
      object(v, Code::constraint, &row.rule, "the layer `" + layer.name + "` denies it");
      v.reason.words = &row.words;
      return true;
    }
  }
  return false;
}

// First of all, so that the line of the layer is named where the role asks too.
void ask_layers(const Situation& s, Asked& asked) {
  if (!s.policy.has_requirements()) return;
  const bool by_role = asked.by_role;
  std::size_t place = 0;
  for (const Layer& layer : s.policy.layers) {
    for (const Requirement& row : layer.requirements) {
      const std::uint64_t bit = std::uint64_t{1} << place++;
      const Effect effect = asked_by(s, layer, row);
      if (effect == Effect::notify) asked.notify = true;
      if (effect < Effect::hold) continue;
      asked.layers |= bit;
      std::string why = "the layer `" + layer.name + "` asks for approval";
      if (!row.words.say.empty()) why += ": " + row.words.say;
      asked.ask(&row.rule, why, row.approval.typed.has_value(), row.approval.quorum.value_or(1));
    }
  }
  asked.by_role = by_role;
}

void unite_layers(const Situation& s, const Asked& asked, Question& question) {
  const Duration usual = question.within;
  const std::vector<std::string> own = question.reviewers;
  std::optional<Duration> within;
  std::optional<std::vector<std::string>> who;
  if (asked.by_role) {
    within = usual;
    who = own;
  }
  std::size_t place = 0;
  for (const Layer& layer : s.policy.layers) {
    for (const Requirement& row : layer.requirements) {
      if ((asked.layers >> place++ & 1U) == 0) continue;
      const ApprovalTerms& terms = row.approval;
      const Duration one = terms.within.value_or(usual);
      within = within ? std::min(*within, one) : one;
      const std::vector<std::string>& names = terms.reviewers.empty() ? own : terms.reviewers;
      who = who ? reviewers_of_both(*who, names) : names;
    }
  }
  question.within = within.value_or(usual);
  question.reviewers = who.value_or(own);
  // What a layer asks never stays open for ever.
  question.deny_on_timeout = true;
}

}  // namespace pawl
