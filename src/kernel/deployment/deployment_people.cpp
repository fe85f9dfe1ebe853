// People and groups of the deployment file.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
namespace {

// A group whose members the provider knows, by its own names for it.
void read_provider_group(DeploymentBuild& build, const yaml::Entry& entry) {
  std::vector<std::string> names;
  const bool read =
      build.reading.keys(entry.value, Section::provider_group, [&](const yaml::Entry& key) {
        if (key.key != "oidc") return false;
        for (Placed& name : build.reading.texts(key.value, "oidc")) {
          names.push_back(std::move(name.text));
        }
        return true;
      });
  if (read && names.empty()) {
    build.reading.mistake(entry.value.at, "`oidc` is how the provider calls this group");
  }
  build.into.groups[entry.key];
  build.into.provider_groups[entry.key] = std::move(names);
  build.provider_groups.push_back({entry.key, entry.value.at});
}

void read_group(DeploymentBuild& build, const yaml::Entry& entry) {
  if (!build.named(entry, "group")) return;
  if (entry.value.is_map()) return read_provider_group(build, entry);
  build.into.groups[entry.key];
  for (Placed& person : build.reading.texts(entry.value, entry.key)) {
    build.members.push_back({entry.key, std::move(person)});
  }
}

// One of a command and an address.
AutomaticReviewer read_automatic(DeploymentBuild& build, const yaml::Entry& entry) {
  AutomaticReviewer made;
  WebhookNotices hook;
  const bool read =
      build.reading.keys(entry.value, Section::automatic, [&](const yaml::Entry& key) {
        if (key.key == "command") {
          made.command = build.words(key.value, "command");
        } else if (key.key == "url") {
          read_url(build, key.value, "url", hook.at);
        } else if (key.key == "secret") {
          read_source(build, key, hook.secret);
        } else if (key.key == "within") {
          const auto within = build.reading.duration(
              key.value, "within", {Duration::seconds(1), limits::automatic_within_max});
          made.within = within.value_or(made.within);
        } else {
          return read_way(build, key, hook.at);
        }
        return true;
      });
  if (!read) return made;
  const bool posts = entry.value.entry("url") != nullptr;
  if (posts == (entry.value.entry("command") != nullptr)) {
    build.reading.mistake(entry.key_at, "`automatic` has either `command` or `url`");
  }
  if (posts) {
    build.reading.missing(entry.value, Section::automatic, "secret");
    check_way(build, entry.value, "url", hook.at);
    made.webhook = std::move(hook);
  }
  return made;
}

void check_person(DeploymentBuild& build, const yaml::Entry& entry,
                  const Deployment::Person& person) {
  if (!person.automatic) return;
  if (person.verifier.empty() && person.slack.empty() && person.accounts.empty()) return;
  build.reading.mistake(entry.key_at,
                        fmt::format("`{}` is a program, so it has neither `verifier` nor `slack` "
                                    "nor `accounts`",
                                    escape_untrusted(entry.key)));
}

void read_person(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Person person;
  person.at = entry.key_at;
  build.reading.keys(entry.value, Section::person, [&](const yaml::Entry& key) {
    if (key.key == "groups") {
      person.groups = build.list(key.value, "groups");
    } else if (key.key == "proof") {
      build.reading.word(key.value, "proof", {"passphrase"}, {"passkey", "idp", "oidc"});
    } else if (key.key == "verifier") {
      person.verifier = build.reading.text(key.value, "verifier").value_or("");
    } else if (key.key == "oidc") {
      person.oidc = build.reading.text(key.value, "oidc").value_or("");
    } else if (key.key == "slack") {
      person.slack = build.reading.text(key.value, "slack").value_or("");
    } else if (key.key == "accounts") {
      person.accounts = build.list(key.value, "accounts");
    } else if (key.key == "automatic") {
      person.automatic = read_automatic(build, key);
    } else {
      return false;
    }
    return true;
  });
  check_person(build, entry, person);
  build.into.people[entry.key] = std::move(person);
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

}  // namespace

void read_people(DeploymentBuild& build, const yaml::Entry& section) {
  build.reading.names(section.value, "people", [&build](const yaml::Entry& entry) {
    const Key* key = find_key(Section::people, entry.key);
    if (key != nullptr && key->later) {
      build.reading.mistake(entry.key_at, refusal(Section::people, entry.key));
    } else if (entry.key == "default_reviewers") {
      build.reviewers = build.reading.texts(entry.value, entry.key);
    } else if (entry.key == "auditors") {
      build.auditors = build.reading.texts(entry.value, entry.key);
    } else if (entry.key == "idp") {
      read_provider(build, entry);
    } else if (entry.key == "groups") {
      build.reading.names(entry.value, "groups",
                          [&build](const yaml::Entry& one) { read_group(build, one); });
    } else if (build.named(entry, "person")) {
      read_person(build, entry);
    }
  });
}

namespace {

// Nobody could tell whose run it is.
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
