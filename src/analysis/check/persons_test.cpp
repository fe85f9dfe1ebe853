// What a check says of the deployment's people, and of the calls that measure them.
#include <gmock/gmock.h>

#include "analysis/check/check.h"

namespace pawl {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Instant kPersonsNow = *parse_instant("2026-11-21T08:00:00Z");

std::vector<std::string> findings_of(std::string_view policy, std::string_view deployment) {
  const LoadedDeployment people = load_deployment(deployment, "pawl.yaml");
  for (const Error& error : people.errors) ADD_FAILURE() << to_string(error);
  LoadSources sources;
  sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  const Loaded loaded = load_policy(policy, "p.yaml", sources);
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  if (!people.deployment || loaded.policy == nullptr) return {};
  std::vector<std::string> all;
  for (const Finding& one : check(loaded, &*people.deployment, {}, kPersonsNow, false).findings) {
    all.push_back(to_string(one.at) + ": " + one.message);
  }
  return all;
}

constexpr std::string_view kPolicyOfSeeds =
    "version: 1\n"
    "agent: {id: a, identity: a@x, owner: o}\n"
    "tools:\n"
    "  allowed:\n"
    "    - {name: mail, class: irreversible small, requires_approval: true}\n"
    "    - {name: look, class: read_only, args: {n: {max: 5}}}\n"
    "approval: {reviewers: [ada]}\n";

std::string with_seed(std::string_view role, std::string_view tool, std::string_view arguments) {
  std::string text =
      "roles: {a: {file: p.yaml}, b: {file: b.yaml}}\nservers: {s: {command: [x]}}\n";
  text += "people: {ada: {}}\n";
  text += "vigilance:\n  every: 7d\n  calls:\n    - {role: ";
  text += role;
  text += ", server: s, tool: ";
  text += tool;
  text += ", arguments: ";
  text += arguments;
  return text + ", wrong: why}\n";
}

TEST(CheckSeeds, ThoseThatThePolicyDoesNotHoldAreSaid) {
  const auto said = [](std::string_view role, std::string_view tool, std::string_view arguments) {
    return findings_of(kPolicyOfSeeds, with_seed(role, tool, arguments));
  };
  EXPECT_THAT(said("a", "mail", "{to: x}"), Not(Contains(HasSubstr("this call of"))));
  EXPECT_THAT(said("a", "look", "{n: 1}"),
              Contains("pawl.yaml:7:7: this call of `look` is allowed, so no reviewer would be "
                       "asked: it is refused with a record"));
  EXPECT_THAT(said("a", "look", "{n: 9}"),
              Contains(HasSubstr("this call of `look` is denied (`s/look` is not allowed: `n`")));
  EXPECT_THAT(said("a", "other", "{}"), Contains(HasSubstr("this call of `other` is denied")));
  EXPECT_THAT(said("b", "look", "{n: 1}"), Not(Contains(HasSubstr("this call of"))))
      << "another file governs that role";
}

TEST(CheckSeeds, AFreezeOfTodayIsNoReasonToHoldOrToDeny) {
  std::string frozen(kPolicyOfSeeds);
  frozen +=
      "freeze: [{name: now, from: 2026-01-01T00:00:00Z, until: 2027-01-01T00:00:00Z, "
      "stop: [read_only], then: hold}]\n";
  EXPECT_THAT(findings_of(frozen, with_seed("a", "look", "{n: 1}")),
              Contains(HasSubstr("is allowed")));
}

constexpr std::string_view kProvider =
    "  idp: {issuer: \"https://id.example\", client: pawl}\n"
    "  groups: {watchers: {oidc: audit}}\n";

TEST(CheckPersons, WhoTheProviderMayCallOtherwiseIsTwoPersons) {
  const auto said = [](std::string_view persons) {
    return findings_of(kPolicyOfSeeds, "people:\n" + std::string(kProvider) + std::string(persons));
  };
  EXPECT_THAT(said("  ada: {}\n"),
              Contains("pawl.yaml:4:3: `ada` has no `oidc`: if the provider knows them by another "
                       "name, and in a group of this file, they count as two persons"));
  EXPECT_THAT(said("  ada: {oidc: ada@x}\n"), Not(Contains(HasSubstr("two persons"))));
  EXPECT_THAT(said("  ada: {accounts: [ada@x]}\n"), Not(Contains(HasSubstr("two persons"))));
  EXPECT_THAT(findings_of(kPolicyOfSeeds, "people: {ada: {}}\n"),
              Not(Contains(HasSubstr("two persons"))));
}

TEST(CheckPersons, AnAuditorByAGroupOfTheProviderIsNoneByAPassphrase) {
  const auto said = [](std::string_view persons, std::string_view auditors) {
    std::string text = "people:\n" + std::string(kProvider) + std::string(persons);
    return findings_of(kPolicyOfSeeds, text + "  auditors: " + std::string(auditors) + "\n");
  };
  const auto warned = Contains(HasSubstr("an auditor only while signed in through the provider"));
  EXPECT_THAT(said("  ada: {oidc: ada@x, groups: [leads]}\n", "[watchers]"), warned);
  EXPECT_THAT(said("  ada: {oidc: ada@x, groups: [leads]}\n", "[watchers, ada]"), Not(warned));
  EXPECT_THAT(said("  ada: {oidc: ada@x}\n", "[watchers]"), Not(warned))
      << "nothing but the provider knows them";
  EXPECT_THAT(said("  ada: {groups: [leads], accounts: [x]}\n", "[watchers]"), Not(warned));
  EXPECT_THAT(said("  ada: {oidc: ada@x, groups: [leads]}\n", "[leads]"), Not(warned));
}

TEST(CheckPersons, AProviderThatIsNotAskedWhenIsSaid) {
  const auto said = [](const std::string& more) {
    return findings_of(kPolicyOfSeeds,
                       "people:\n  idp: {issuer: \"https://id.example\", client: pawl" + more +
                           "}\n  ada: {oidc: x}\n");
  };
  EXPECT_THAT(
      said(", max_age: off"),
      Contains(HasSubstr(
          "`max_age: off`: whether people signed in at the provider just now is not known")));
  EXPECT_THAT(said(""), Not(Contains(HasSubstr("max_age"))));
}

TEST(CheckPersons, AsManyReviewersAsAQuestionNeedsLeaveNoPlaceForWhoStartedTheRun) {
  const auto said = [](std::string_view more, std::string_view people) {
    const std::string policy =
        "version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + std::string(more) +
        "tools:\n  allowed: [{name: put_note, class: reversible small, requires_approval: true}]\n";
    return findings_of(policy, people);
  };
  constexpr std::string_view one = "people: {ada: {groups: [leads]}}\n";
  constexpr std::string_view two = "people: {ada: {groups: [leads]}, bob: {groups: [leads]}}\n";
  const auto first =
      Contains(HasSubstr("`ada`, `bob`: in a run that one of them started, that one "
                         "must approve before the others"));
  const auto never = Contains(HasSubstr("`ada` is the only reviewer"));
  EXPECT_THAT(said("approval: {reviewers: [leads], quorum: 2}\n", two), first);
  EXPECT_THAT(said("approval: {reviewers: [leads]}\n", two), Not(first));
  EXPECT_THAT(said("approval: {reviewers: [leads]}\n", one), Not(never));
  EXPECT_THAT(said("environment: production\napproval: {reviewers: [leads]}\n", one), never);
  EXPECT_THAT(said("environment: production\napproval: {reviewers: [leads]}\n", two), Not(never));
}

}  // namespace
}  // namespace pawl
