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

constexpr Duration kEveryMin = Duration::seconds(1);
constexpr Duration kEveryMax = Duration::seconds(366LL * 86'400);
constexpr std::size_t kSeedsMax = 100;
constexpr Duration kAgeMin = Duration::seconds(1);

void read_seed(DeploymentBuild& build, const yaml::Node& item, Vigilance& into) {
  Vigilance::Seed seed;
  seed.at = item.at;
  const bool read = build.reading.keys(item, Section::vigilance_call, [&](const yaml::Entry& key) {
    const std::pair<std::string_view, std::string*> texts[] = {{"role", &seed.role},
                                                               {"server", &seed.server},
                                                               {"tool", &seed.tool},
                                                               {"wrong", &seed.wrong}};
    for (const auto& [name, text] : texts) {
      if (key.key != name) continue;
      *text = build.reading.text(key.value, name).value_or("");
      return true;
    }
    if (key.key != "arguments") return false;
    if (key.value.is_map()) {
      json::Writer arguments;
      write_json(key.value, arguments);
      seed.arguments = arguments.take();
    } else {
      build.reading.mistake(key.value.at, "`arguments` must be a mapping");
    }
    return true;
  });
  if (!read) return;
  for (const char* need : {"role", "server", "tool", "arguments", "wrong"}) {
    build.reading.missing(item, Section::vigilance_call, need);
  }
  into.calls.push_back(std::move(seed));
}

std::optional<Duration> read_age(DeploymentBuild& build, const yaml::Entry& key) {
  if (key.value.is_scalar() && key.value.text == "off") return std::nullopt;
  return build.reading.duration(key.value, key.key, {kAgeMin, provider_age_max})
      .value_or(provider_age_default);
}

}  // namespace

void read_provider(DeploymentBuild& build, const yaml::Entry& entry) {
  PersonProvider provider;
  provider.at_file = entry.key_at;
  const bool read =
      build.reading.keys(entry.value, Section::person_provider, [&](const yaml::Entry& key) {
        if (key.key == "issuer") {
          read_url(build, key.value, "issuer", provider.at);
        } else if (key.key == "client") {
          provider.client = build.reading.text(key.value, "client").value_or("");
        } else if (key.key == "client_secret") {
          read_source(build, key, provider.client_secret);
        } else if (key.key == "person_claim") {
          provider.person_claim = build.reading.text(key.value, key.key).value_or("");
        } else if (key.key == "groups_claim") {
          provider.groups_claim = build.reading.text(key.value, key.key).value_or("");
        } else if (key.key == "require") {
          provider.require = build.list(key.value, "require");
        } else if (key.key == "max_age") {
          provider.max_age = read_age(build, key);
        } else {
          return read_way(build, key, provider.at);
        }
        return true;
      });
  if (read) {
    build.reading.missing(entry.value, Section::person_provider, "issuer");
    build.reading.missing(entry.value, Section::person_provider, "client");
    check_way(build, entry.value, "issuer", provider.at);
  }
  build.into.provider = std::move(provider);
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

void read_vigilance(DeploymentBuild& build, const yaml::Entry& entry) {
  Vigilance plan;
  plan.at = entry.key_at;
  const bool read =
      build.reading.keys(entry.value, Section::vigilance, [&](const yaml::Entry& key) {
        if (key.key == "every") {
          plan.every = build.reading.duration(key.value, "every", {kEveryMin, kEveryMax})
                           .value_or(kEveryMax);
        } else if (key.key == "calls") {
          build.reading.items(key.value, "calls", [&](const yaml::Node& item) {
            if (plan.calls.size() < kSeedsMax) return read_seed(build, item, plan);
            build.reading.mistake(item.at, fmt::format("more than {} calls", kSeedsMax));
          });
        } else {
          return false;
        }
        return true;
      });
  if (read) {
    build.reading.missing(entry.value, Section::vigilance, "every");
    build.reading.missing(entry.value, Section::vigilance, "calls");
  }
  build.into.vigilance = std::move(plan);
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
