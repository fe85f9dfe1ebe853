// Who vouches for people at the console, and the calls by which it is measured whether they read.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_json.h"
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
        {"groups_claim", "text", "groups", 10, "The claim with the groups that somebody is in.",
         text<&PersonProvider::groups_claim>},
        {"require", "list of texts", "none", 10,
         "How somebody has to have signed in there: these words in `amr`, such as `mfa`.",
         list<&PersonProvider::require>},
        {"max_age", "duration or `off`", "5m", 10,
         "How long before the sign-in here somebody may have signed in there (`auth_time`): 1s to "
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

}  // namespace pawl
