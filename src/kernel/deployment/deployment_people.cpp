// People and groups of the deployment file, the provider that vouches for them, and the calls that
// measure whether they read what they answer.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_json.h"
#include "kernel/config/limits.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
namespace {

constexpr LengthBetween kEvery{Duration::seconds(1), Duration::seconds(366LL * 86'400)};
constexpr std::size_t kSeedsMax = 100;
constexpr Duration kAgeMin = Duration::seconds(1);

void read_arguments_of_seed(DeploymentBuild& build, Vigilance::Seed& seed, const yaml::Entry& key) {
  if (!key.value.is_map()) {
    build.reading.mistake(key.value.at, "`arguments` must be a mapping");
    return;
  }
  json::Writer arguments;
  write_json(key.value, arguments);
  seed.arguments = arguments.take();
}

constexpr auto kSeedKeys = section_keys<DeploymentBuild, Vigilance::Seed>(
    Section::vigilance_call,
    {
        {"role", "text", "required", 0, "The role that seems to ask.",
         text<&Vigilance::Seed::role>},
        {"server", "text", "required", 0, "The server that it seems to be for.",
         text<&Vigilance::Seed::server>},
        {"tool", "text", "required", 0, "The tool; the policy has to hold the call.",
         text<&Vigilance::Seed::tool>},
        {"arguments", "any mapping", "required", 0, "The arguments of the call.",
         read_arguments_of_seed},
        {"wrong", "text", "required", 0, "Why it ought to be denied; who has answered is told.",
         text<&Vigilance::Seed::wrong>},
    });

void read_seed(DeploymentBuild& build, Vigilance& into, const yaml::Node& item) {
  if (into.calls.size() == kSeedsMax) {
    build.reading.mistake(item.at, fmt::format("more than {} calls", kSeedsMax));
    return;
  }
  Vigilance::Seed seed;
  seed.at = item.at;
  if (read_section(build, item, kSeedKeys, seed)) into.calls.push_back(std::move(seed));
}

constexpr auto kVigilanceKeys = section_keys<DeploymentBuild, Vigilance>(
    Section::vigilance, {
                            {"every", "duration", "required", 0,
                             "How often one of them is asked for, on average: `7d`.",
                             duration<kEvery, &Vigilance::every>},
                            {"calls", list_of(Section::vigilance_call), "required", 0,
                             "The calls, each as good as another.", each_item<read_seed>},
                        });

void read_age(DeploymentBuild& build, PersonProvider& into, const yaml::Entry& key) {
  if (key.value.is_scalar() && key.value.text == "off") {
    into.max_age.reset();
  } else {
    duration<LengthBetween{kAgeMin, provider_age_max}, &PersonProvider::max_age>(build, into, key);
  }
}

constexpr std::string_view kProviderIssuer = "issuer";

constexpr auto kProviderKeys = section_keys<DeploymentBuild, PersonProvider>(
    Section::person_provider,
    {
        {kProviderIssuer, "text", "required", 10,
         "Its issuer, letter for letter: `https://id.example`.", url<&PersonProvider::at>},
        {"client", "text", "required", 10, "What pawl is called there (`client_id`).",
         text<&PersonProvider::client>},
        {"client_secret", mapping(Section::secret_source), "none", 10,
         "The client's secret: its source. Without it the client is a public one, with PKCE alone.",
         source<&PersonProvider::client_secret>},
        {"person_claim", "text", "sub", 10, "The claim of its tokens that says who it is.",
         text<&PersonProvider::person_claim>},
        {"groups_claim", "text", "groups", 10, "The claim with the person's groups.",
         text<&PersonProvider::groups_claim>},
        {"require", "list of texts", "none", 10,
         "How a person must have signed in there: these words in `amr`, such as `mfa`.",
         list<&PersonProvider::require>},
        {"max_age", "duration or `off`", "5m", 10,
         "How long before the sign-in here a person may have signed in there (`auth_time`): 1s to "
         "12h. `off` for a provider that does not say when that was.",
         read_age},
        {kPrivate, "true or false", "false", 10, "As at a server.",
         boolean<&PersonProvider::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 10, "As at a server.",
         text<&PersonProvider::at, &ReachedHost::ca>},
    });

}  // namespace

void list_provider_keys(std::vector<Key>& into) {
  kProviderKeys.list(into);
}

void list_vigilance_keys(std::vector<Key>& into) {
  kVigilanceKeys.list(into);
  kSeedKeys.list(into);
}

void read_provider(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  PersonProvider provider;
  provider.at_file = entry.key_at;
  if (read_section(build, entry.value, kProviderKeys, provider)) {
    check_way(build, entry.value, kProviderIssuer, provider.at);
  }
  into.provider = std::move(provider);
}

// Whom the provider calls by one name is one person.
void check_provider(DeploymentBuild& build) {
  const Deployment& into = build.into;
  std::map<std::string, std::string> called;
  for (const auto& [name, person] : into.people) {
    if (person.oidc.empty()) continue;
    if (!into.provider) {
      build.reading.mistake(person.at, fmt::format("`{}` has `oidc`, and `people` has no `idp`",
                                                   escape_untrusted(name)));
      continue;
    }
    const auto [other, fresh] = called.emplace(person.oidc, name);
    if (fresh) continue;
    build.reading.mistake(
        person.at, fmt::format("the provider's `{}` is `{}` already", escape_untrusted(person.oidc),
                               escape_untrusted(other->second)));
  }
  if (into.provider) return;
  for (const Placed& group : build.provider_groups) {
    build.reading.mistake(group.at,
                          fmt::format("the group `{}` has `oidc`, and `people` has no `idp`",
                                      escape_untrusted(group.text)));
  }
}

void read_vigilance(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Vigilance plan;
  plan.at = entry.key_at;
  read_section(build, entry.value, kVigilanceKeys, plan);
  into.vigilance = std::move(plan);
}

// After roles and servers.
void check_vigilance(DeploymentBuild& build) {
  const Deployment& into = build.into;
  if (!into.vigilance) return;
  for (const Vigilance::Seed& seed : into.vigilance->calls) {
    if (!seed.role.empty() && !into.roles.contains(seed.role)) {
      std::vector<std::string> names;
      for (const auto& [name, role] : into.roles) names.push_back(name);
      build.unknown({seed.role, seed.at}, "role", names);
    }
    if (!seed.server.empty() && !into.servers.contains(seed.server)) {
      std::vector<std::string> names;
      for (const auto& [name, server] : into.servers) names.push_back(name);
      build.unknown({seed.server, seed.at}, "server", names);
    }
  }
}

namespace {

struct ProviderGroup {
  std::vector<std::string> names;
};

constexpr auto kProviderGroupKeys = section_keys<DeploymentBuild, ProviderGroup>(
    Section::provider_group,
    {
        {"oidc", "text or list of texts", "required", 10, "How the provider calls the group.",
         texts<&ProviderGroup::names>},
    });

// A group whose members the provider knows, by its own names for it.
void read_provider_group(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  ProviderGroup group;
  read_section(build, entry.value, kProviderGroupKeys, group);
  into.groups[entry.key];
  into.provider_groups[entry.key] = std::move(group.names);
  build.provider_groups.push_back({entry.key, entry.value.at});
}

void read_group(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  if (!build.named(entry, "group")) return;
  if (entry.value.is_map()) return read_provider_group(build, into, entry);
  into.groups[entry.key];
  for (Placed& person : build.reading.texts(entry.value, entry.key)) {
    build.members.push_back({entry.key, std::move(person)});
  }
}

// One of a command and an address.
struct AutomaticDraft : AutomaticReviewer {
  WebhookNotices hook;
};

constexpr LengthBetween kWithin{Duration::seconds(1), limits::automatic_within_max};
constexpr std::string_view kHookSecret = "secret";

constexpr auto kAutomaticKeys = section_keys<DeploymentBuild, AutomaticDraft>(
    Section::automatic,
    {
        {kCommand, "list of words", "none", 10,
         "A program that gets the approval request as JSON and prints its answer.",
         words<&AutomaticDraft::command>},
        {kUrl, "text", "none", 10,
         "In place of it: where the approval request is posted, signed as Standard Webhooks says.",
         url<&AutomaticDraft::hook, &WebhookNotices::at>},
        {kHookSecret, mapping(Section::secret_source), "required with `url`", 10,
         "What signs it, `whsec_` and base64: its source.",
         source<&AutomaticDraft::hook, &WebhookNotices::secret>},
        {"within", "duration", "10s", 10, "Later answers are ignored.",
         duration<kWithin, &AutomaticDraft::within>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&AutomaticDraft::hook, &WebhookNotices::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&AutomaticDraft::hook, &WebhookNotices::at, &ReachedHost::ca>},
    });

void read_automatic(DeploymentBuild& build, Deployment::Person& person, const yaml::Entry& entry) {
  AutomaticDraft made;
  const bool read = read_section(build, entry.value, kAutomaticKeys, made);
  const bool posts = read && entry.value.entry(kUrl) != nullptr;
  if (read && posts == (entry.value.entry(kCommand) != nullptr)) {
    build.reading.mistake(entry.key_at, "`automatic` has either `command` or `url`");
  }
  if (posts) {
    build.reading.missing(entry.value, Section::automatic, kHookSecret);
    check_way(build, entry.value, kUrl, made.hook.at);
    made.webhook = std::move(made.hook);
  }
  person.automatic = std::move(made);
}

void read_proof(DeploymentBuild& build, Deployment::Person& /*person*/, const yaml::Entry& key) {
  build.reading.word(key.value, key.key, {"passphrase"}, {"passkey", "idp", "oidc"});
}

constexpr auto kPersonKeys = section_keys<DeploymentBuild, Deployment::Person>(
    Section::person,
    {
        {"groups", "list of texts", "none", 10, "Groups that the person belongs to.",
         list<&Deployment::Person::groups>, CompareAs::groups_of_person},
        {"proof", "`passphrase`", "passphrase", 10, "How the person proves to be that person.",
         read_proof},
        {"verifier", "text", "enrolled later", 10,
         "The public part of the proof, as `pawl reviewers add` prints it.",
         text<&Deployment::Person::verifier>},
        {"oidc", "text", "none", 10,
         "How the provider calls the person: the value of `person_claim`.",
         text<&Deployment::Person::oidc>},
        {"slack", "text", "none", 10,
         "The id of the person's account in Slack, such as `U024BE7LH`.",
         text<&Deployment::Person::slack>},
        {"accounts", "list of texts", "the name itself", 10,
         "Names under which the person starts runs, such as their account on this "
         "machine: who started "
         "a run is never its second reviewer.",
         list<&Deployment::Person::accounts>},
        {"automatic", mapping(Section::automatic), "a human being", 10,
         "It is a program. It answers as one of the reviewers, and never "
         "alone for what cannot be "
         "undone.",
         read_automatic},
    });

void check_person(DeploymentBuild& build, const yaml::Entry& entry,
                  const Deployment::Person& person) {
  if (!person.automatic) return;
  if (person.verifier.empty() && person.slack.empty() && person.accounts.empty()) return;
  build.reading.mistake(entry.key_at,
                        fmt::format("`{}` is a program, so it has neither `verifier` nor `slack` "
                                    "nor `accounts`",
                                    escape_untrusted(entry.key)));
}

void read_person(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Deployment::Person person;
  person.at = entry.key_at;
  read_section(build, entry.value, kPersonKeys, person);
  check_person(build, entry, person);
  into.people[entry.key] = std::move(person);
}

// Groups are written at the person, at the group, or at both.
void gather_groups(DeploymentBuild& build) {
  Deployment& into = build.into;
  for (const auto& [name, person] : into.people) {
    for (const std::string& group : person.groups) into.groups[group].push_back(name);
  }
}

std::vector<std::string> persons_and_groups(const Deployment& deployment) {
  std::vector<std::string> names;
  for (const auto& [person, value] : deployment.people) names.push_back(person);
  for (const auto& [group, persons] : deployment.groups) {
    if (!persons.empty()) names.push_back(group);
  }
  return names;
}

void check_groups(DeploymentBuild& build) {
  Deployment& into = build.into;
  for (const Mention& member : build.members) {
    if (!into.people.contains(member.name.text)) {
      build.unknown(member.name, "person", persons_and_groups(into));
      continue;
    }
    std::vector<std::string>& persons = into.groups[member.of];
    if (std::ranges::find(persons, member.name.text) == persons.end()) {
      persons.push_back(member.name.text);
    }
  }
  for (const auto& [group, persons] : into.groups) {
    if (const auto person = into.people.find(group); person != into.people.end()) {
      build.reading.mistake(person->second.at,
                            fmt::format("`{}` is a person and a group", escape_untrusted(group)));
    }
  }
}

void read_reviewers(DeploymentBuild& build, Deployment& /*into*/, const yaml::Entry& key) {
  build.reviewers = build.reading.texts(key.value, key.key);
}

void read_auditors(DeploymentBuild& build, Deployment& /*into*/, const yaml::Entry& key) {
  build.auditors = build.reading.texts(key.value, key.key);
}

constexpr auto kPeopleKeys = section_keys<DeploymentBuild, Deployment>(
    Section::people,
    {
        {"default_reviewers", "list of persons or groups", "no one", 10,
         "Who answers where a policy names no reviewers.", read_reviewers, CompareAs::members},
        {"auditors", "list of persons or groups", "no one", 10,
         "Who may see everything in the console and may decide nothing, in every other role too.",
         read_auditors},
        {"groups", "mapping of group names", "none", 10,
         "Members of groups: lists of persons, or `{oidc: NAME}` for the people in that group of "
         "the "
         "provider.",
         each_name<read_group>, CompareAs::groups},
        {"idp", mapping(Section::person_provider), "none", 10,
         "An OpenID provider through which people sign in to the console.", read_provider},
    });

}  // namespace

void list_people_keys(std::vector<Key>& into) {
  kPeopleKeys.list(into);
  list_provider_keys(into);
  kProviderGroupKeys.list(into);
  kPersonKeys.list(into);
  kAutomaticKeys.list(into);
}

// Persons stand beside the keys of the section.
void read_people(DeploymentBuild& build, Deployment& into, const yaml::Entry& section) {
  build.reading.names(section.value, section.key, [&](const yaml::Entry& entry) {
    const auto* const row = kPeopleKeys.find(entry.key);
    if (row == nullptr) {
      if (build.named(entry, "person")) read_person(build, into, entry);
    } else if (row->read != nullptr) {
      row->read(build, into, entry);
    } else {
      build.reading.mistake(entry.key_at, deployment_keys().refusal(Section::people, entry.key));
    }
  });
}

namespace {

// An account of two persons would leave open whose run it is.
void check_accounts(DeploymentBuild& build) {
  std::map<std::string, std::string> owners;
  for (const auto& [name, person] : build.into.people) owners[fold(name)] = name;
  for (const auto& [name, person] : build.into.people) {
    for (const std::string& account : person.accounts) {
      const auto [known, fresh] = owners.emplace(fold(account), name);
      if (fresh || known->second == name) continue;
      build.reading.mistake(
          person.at,
          fmt::format("the account `{}` of `{}` is `{}`'s already", escape_untrusted(account),
                      escape_untrusted(name), escape_untrusted(known->second)));
    }
  }
}

}  // namespace

void check_people(DeploymentBuild& build) {
  check_accounts(build);
  gather_groups(build);
  check_groups(build);
  check_provider(build);
  for (const Placed& reviewer : build.reviewers) {
    build.into.default_reviewers.push_back(reviewer.text);
    if (build.into.knows(reviewer.text)) continue;
    build.unknown(reviewer, "person and no group", persons_and_groups(build.into));
  }
  for (const Placed& auditor : build.auditors) {
    build.into.auditors.push_back(auditor.text);
    if (build.into.knows(auditor.text)) continue;
    build.unknown(auditor, "person and no group", persons_and_groups(build.into));
  }
}

}  // namespace pawl
