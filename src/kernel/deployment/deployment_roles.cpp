// Layers and roles of the deployment file.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/config/team.h"
#include "kernel/deployment/deployment_read.h"
#include "kernel/policy/layer.h"

namespace pawl {
namespace {

void read_layer(DeploymentBuild& build, Placed file) {
  std::string rest = file.text;
  const std::size_t team = rest.find(team_mark);
  if (team != std::string::npos) rest.erase(team, team_mark.size());
  if (rest.contains("${")) {
    build.reading.mistake(file.at, fmt::format("in the name of a layer only `{}` stands for "
                                               "something else, and once: found `{}`",
                                               team_mark, escape_untrusted(file.text)));
  }
  if (build.into.layers.size() == layers_max) {
    build.reading.mistake(file.at, fmt::format("more than {} layers", layers_max));
  }
  build.into.layers.push_back({std::move(file.text), file.at});
}

// A part of a file's name, so it must not lead anywhere else.
void read_team(DeploymentBuild& build, Deployment::Role& role, const yaml::Entry& key) {
  text<&Deployment::Role::team>(build, role, key);
  if (role.team.empty() || (is_word(role.team) && !role.team.starts_with('.'))) return;
  build.reading.mistake(key.value.at,
                        fmt::format("`{}` is not a valid team name: expected letters, digits, "
                                    "`-`, `_`, `.` and `@`",
                                    escape_untrusted(role.team)));
}

void read_directories(DeploymentBuild& build, Deployment::Role& role, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (one.text.starts_with('/') || one.text == "~" || one.text.starts_with("~/")) {
      role.directories.push_back(std::move(one.text));
    } else {
      build.reading.mistake(one.at, fmt::format("the directory `{}` must begin with `/` or `~/`",
                                                escape_untrusted(one.text)));
    }
  }
}

void read_until(DeploymentBuild& build, Deployment::Observe& into, const yaml::Entry& key) {
  end<&Deployment::Observe::until>(build, into, key);
  into.at = key.value.at;
}

constexpr auto kObserveKeys = section_keys<DeploymentBuild, Deployment::Observe>(
    Section::observe,
    {
        {"until", "date or instant", "required", 15,
         "When it ends, by itself: at most 14 days from now. A date is part of it.", read_until},
        {"reason", "text", "required", 15, "Why; it is recorded.",
         text<&Deployment::Observe::reason>},
    });

void read_observe(DeploymentBuild& build, Deployment::Role& role, const yaml::Entry& key) {
  Deployment::Observe observe;
  observe.at = key.value.at;
  if (read_section(build, key.value, kObserveKeys, observe)) role.observe = std::move(observe);
}

void read_servers_of_role(DeploymentBuild& build, Deployment::Role& role, const yaml::Entry& key) {
  for (Placed& server : build.reading.texts(key.value, key.key)) {
    role.servers.push_back(server.text);
    build.servers_of_roles.push_back(std::move(server));
  }
}

constexpr std::string_view kCandidate = "candidate";

constexpr auto kRoleKeys = section_keys<DeploymentBuild, Deployment::Role>(
    Section::role,
    {
        {"file", "text", "required", 13, "The policy file, relative to the deployment file.",
         text<&Deployment::Role::file>},
        {"directories", "list of texts", "none", 13, "Where the role works.", read_directories},
        {"team", "text", "none", 13, "The team whose layer applies.", read_team},
        {"servers", "list of texts", "none", 13,
         "The servers that `pawl serve` offers this role at `/mcp/ROLE`.", read_servers_of_role,
         CompareAs::fewer_or_none},
        {kCandidate, "text", "none", 15,
         "A second policy file, relative to the deployment file. It is judged beside the policy on "
         "each "
         "call, recorded, and never acts.",
         text<&Deployment::Role::candidate>, CompareAs::free},
        {"observe", mapping(Section::observe), "it is enforced", 15,
         "Lets calls run that the policy would stop, up to an end; above is what stays enforced.",
         read_observe, CompareAs::may_go},
    });

}  // namespace

void list_role_keys(std::vector<Key>& into) {
  kRoleKeys.list(into);
  kObserveKeys.list(into);
}

void read_layers(DeploymentBuild& build, Deployment& /*into*/, const yaml::Entry& key) {
  for (Placed& file : build.reading.texts(key.value, key.key)) read_layer(build, std::move(file));
}

void read_role(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Deployment::Role role;
  role.at = entry.key_at;
  const bool named_well = build.named(entry, "role");
  read_section(build, entry.value, kRoleKeys, role);
  if (!role.candidate.empty() && role.candidate == role.file) {
    build.reading.mistake(entry.value.find(kCandidate)->at,
                          "the candidate is the policy that is in force");
  }
  if (named_well) into.roles[entry.key] = std::move(role);
}

std::vector<Error> observed_too_long(const Deployment& deployment, Instant now) {
  std::vector<Error> errors;
  for (const auto& [name, role] : deployment.roles) {
    if (!role.observe || role.observe->until <= now + observe_max) continue;
    Position at = role.observe->at;
    at.file = deployment.file;
    errors.push_back(
        {ErrorKind::invalid,
         fmt::format("`observe` of `{}` may last 14 days at most from now, and its end "
                     "is {}",
                     escape_untrusted(name), to_string(role.observe->until)),
         std::move(at)});
  }
  return errors;
}

void check_roles(DeploymentBuild& build) {
  std::vector<std::string> names;
  for (const auto& [name, server] : build.into.servers) names.push_back(name);
  for (const Placed& server : build.servers_of_roles) {
    if (!build.into.servers.contains(server.text)) {
      build.unknown(server, "server", names);
    }
  }
}

}  // namespace pawl
