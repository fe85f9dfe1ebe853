// `cases`: one tool, several situations; and how people are asked.
//
// All cases that match apply, and the strictest wins; where none matches, `otherwise` does. A case
// matches by an expression or by constraints on arguments. One that lets a call run does not match
// where it fails; one that holds or denies matches then, and so does the class of any case that
// fails, as far as it is the more dangerous one. The upper bounds of a case hold where it matches
// and where it fails.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kernel/condition/condition.h"
#include "kernel/constraint/constraint.h"
#include "model/class.h"
#include "model/verdict.h"

namespace pawl {

// The place of an expression in the list of its entry or of the file.
using ConditionPlace = std::optional<std::uint16_t>;

// Who answers where a condition holds, or fails.
struct Route {
  std::uint16_t condition = 0;
  std::vector<std::string> reviewers;
  Rule rule;
};

// What a reviewer types to approve: the text of an argument, or the tool's name.
struct TypedText {
  std::string argument;  // as a path, `a.b`; empty: the tool's name
  Rule rule;
};

// What one approval may be good for besides its call, where that can be undone. Zero: nothing.
struct Wider {
  std::uint64_t identical = 0;  // so many identical calls, this one among them
  Duration run{};               // so long for calls like it, of the same run

  bool any() const { return identical > 0 || run.ns > 0; }
  // The less of both, each by itself.
  Wider and_not_more_than(const Wider& other) const {
    return {std::min(identical, other.identical), std::min(run, other.run)};
  }
  friend bool operator==(const Wider&, const Wider&) = default;
};

// How people are asked; what an entry does not say comes from the file's `approval:`. The
// reviewers of all routes that match answer in place of `reviewers`.
struct ApprovalTerms {
  std::optional<std::uint8_t> quorum;
  std::optional<Duration> within;
  std::vector<std::string> reviewers;
  std::vector<Route> routes;
  std::optional<bool> deny_on_timeout;
  std::optional<TypedText> typed;
  std::optional<Wider> wider;
  Rule wider_rule;
};

struct Case {
  Rule rule;                            // `tools/KEY/cases/1`
  ConditionPlace condition;             // or
  std::vector<ArgumentRule> arguments;  // all of them
  Effect then = Effect::allow;
  std::optional<Class> action_class;  // in place of the entry's
  Rule class_rule;
  ApprovalTerms approval;  // of a case that holds
  Words words;
  std::vector<ArgumentRule> limits;  // `max_X`: where the case applies, or fails

  // What a failure means.
  Polarity polarity() const { return then >= Effect::hold ? Polarity::stops : Polarity::grants; }
};

inline constexpr std::size_t cases_max = 64;

struct Cases {
  std::vector<Case> list;  // at most `cases_max`
  Effect otherwise = Effect::deny;
  Rule otherwise_rule;  // of `else`, or of `cases`

  bool empty() const { return list.empty(); }
};

}  // namespace pawl
