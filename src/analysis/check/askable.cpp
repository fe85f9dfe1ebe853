// `may_request`: whether what may be asked for could be granted, and what it would be.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/config/name.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

std::vector<std::string> reviewers_of(const Subject& subject, const Askable& one) {
  if (!one.what.approval.reviewers.empty()) return one.what.approval.reviewers;
  if (!subject.policy.approval.reviewers.empty()) return subject.policy.approval.reviewers;
  return subject.deployment == nullptr ? std::vector<std::string>()
                                       : subject.deployment->default_reviewers;
}

void check_reviewers(const Subject& subject, const Askable& one) {
  const Position& at = one.what.rule.at;
  const std::vector<std::string> reviewers = reviewers_of(subject, one);
  const std::string tool = escape_untrusted(one.what.key);
  if (reviewers.empty()) {
    subject.finding(error_in_production, at,
                    fmt::format("`{}` cannot be granted: neither `by` nor the file nor a "
                                "deployment file names reviewers",
                                tool));
    return;
  }
  if (subject.deployment == nullptr) return;
  for (const std::string& reviewer : reviewers) {
    if (subject.deployment->knows(reviewer)) continue;
    subject.error(at, fmt::format("`{}`, who may grant `{}`, is neither a person nor a group of "
                                  "the deployment file",
                                  escape_untrusted(reviewer), tool));
  }
  const std::set<std::string> persons = answerers(*subject.deployment, reviewers);
  if (persons.empty() || !only_programs(*subject.deployment, persons)) return;
  subject.error(
      at, fmt::format("`{}` could be granted by programs only, which grant nothing alone", tool));
}

// Its arguments have to be those of the tool.
void check_offered(const Subject& subject, const Askable& one) {
  if (subject.live.empty()) return;
  for (const std::string& name : one.what.names) {
    const auto pattern = parse_name(name);
    if (!pattern || pattern->reserved()) continue;
    bool offered = false;
    for (const ToolDefinition& tool : subject.live) {
      if (!pattern->grants(tool.server, tool.name)) continue;
      offered = true;
      for (const Error& misfit : fit(subject.policy, one.what, tool, subject.now)) {
        subject.error(misfit.at, misfit.message);
      }
    }
    if (offered) continue;
    subject.finding(
        warning, one.what.rule.at,
        fmt::format("no server offers `{}`, which may be asked for", escape_untrusted(name)));
  }
}

}  // namespace

void check_askable(const Subject& subject) {
  for (const Askable& one : subject.policy.askable) {
    check_reviewers(subject, one);
    check_offered(subject, one);
  }
}

void say_askable(const Subject& subject, std::vector<std::string>& lines) {
  for (const Askable& one : subject.policy.askable) {
    const std::vector<std::string> who = reviewers_of(subject, one);
    std::string line =
        fmt::format("may ask for `{}`: for {}",
                    escape_untrusted(fmt::format("{}", fmt::join(one.what.names, "`, `"))),
                    to_string(one.lasts));
    if (one.what.max_calls_per_run) {
      line += fmt::format(", at most {} calls", *one.what.max_calls_per_run);
    }
    line += fmt::format(", granted by {}",
                        who.empty() ? std::string("no reviewer yet")
                                    : escape_untrusted(fmt::format("{}", fmt::join(who, ", "))));
    for (const ArgumentRule& rule : one.what.arguments) line += "; " + argument_sentence(rule);
    lines.push_back(std::move(line));
  }
}

}  // namespace pawl::checking
