// People of the deployment file who could be taken for two, or shed what they may not do.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/check/parts.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

// Only the provider says who is in these groups, so only who signs in through it is an auditor.
void check_auditors(const Subject& subject, const Deployment& deployment) {
  const auto open = std::ranges::find_if(deployment.auditors, [&](const std::string& name) {
    return deployment.provider_groups.contains(name);
  });
  if (open == deployment.auditors.end()) return;
  const std::set<std::string> named = deployment.persons(deployment.auditors);
  const std::set<std::string> answer = deployment.persons(deployment.default_reviewers);
  for (const auto& [name, person] : deployment.people) {
    if (person.oidc.empty() || named.contains(name)) continue;
    if (person.verifier.empty() && person.groups.empty() && !answer.contains(name)) continue;
    subject.finding(
        warning, person.at,
        fmt::format("`{0}` would be an auditor only while signed in through the provider, whose "
                    "group `{1}` is under `auditors`: with a passphrase, `{0}` decides like any "
                    "reviewer; if they belong to it, name them under `auditors`",
                    escape_untrusted(name), escape_untrusted(*open)));
  }
}

// A person without a name of the provider in the file may be another person there.
void check_twins_of_provider(const Subject& subject, const Deployment& deployment) {
  if (!deployment.provider || deployment.provider_groups.empty()) return;
  for (const auto& [name, person] : deployment.people) {
    if (person.automatic || !person.oidc.empty() || !person.accounts.empty()) continue;
    subject.finding(
        warning, person.at,
        fmt::format("`{}` has no `oidc`: if the provider knows them by another name, and in a "
                    "group of this file, they count as two persons",
                    escape_untrusted(name)));
  }
}

// Questions would be answered by any person who finds a browser open.
void check_fresh_sign_in(const Subject& subject, const Deployment& deployment) {
  if (!deployment.provider || deployment.provider->max_age) return;
  subject.finding(warning, deployment.provider->at_file,
                  "`max_age: off`: whether people signed in at the provider just now is not known, "
                  "so a browser that was left open there is a way into the console");
}

}  // namespace

void check_persons(const Subject& subject) {
  if (subject.deployment == nullptr) return;
  check_fresh_sign_in(subject, *subject.deployment);
  check_auditors(subject, *subject.deployment);
  check_twins_of_provider(subject, *subject.deployment);
}

// Who started a run may be the first pair of eyes on its calls, and never the last one that is
// needed.
void check_place_of_sponsor(const Subject& subject, const Position& at, const std::string& tool,
                            const Question& question) {
  const Deployment& deployment = *subject.deployment;
  const std::set<std::string> named = answerers(deployment, question.reviewers);
  const bool programs = std::ranges::any_of(named, [&](const std::string& name) {
    const auto person = deployment.people.find(name);
    return person != deployment.people.end() && person->second.automatic;
  });
  if (programs || question.quorum < 2 || named.size() != question.quorum) return;
  const std::string persons = escape_untrusted(fmt::format("{}", fmt::join(named, "`, `")));
  subject.finding(
      note, at,
      fmt::format(
          "a held call of `{}` needs all of `{}`: in a run that one of them "
          "started, that one must approve before the others, or the call cannot be approved",
          tool, persons));
}

}  // namespace pawl::checking
