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
void read_team(DeploymentBuild& build, const yaml::Node& node, Deployment::Role& role) {
  role.team = build.reading.text(node, "team").value_or("");
  if (role.team.empty() || (is_word(role.team) && !role.team.starts_with('.'))) return;
  build.reading.mistake(node.at, fmt::format("`{}` is no name of a team: expected letters, digits, "
                                             "`-`, `_`, `.` and `@`",
                                             escape_untrusted(role.team)));
}

void read_directories(DeploymentBuild& build, const yaml::Node& node, Deployment::Role& role) {
  for (Placed& one : build.reading.texts(node, "directories")) {
    if (one.text.starts_with('/') || one.text == "~" || one.text.starts_with("~/")) {
      role.directories.push_back(std::move(one.text));
    } else {
      build.reading.mistake(one.at, fmt::format("the directory `{}` must begin with `/` or `~/`",
                                                escape_untrusted(one.text)));
    }
  }
}

void read_observe(DeploymentBuild& build, const yaml::Node& node, Deployment::Role& role) {
  Deployment::Observe observe;
  observe.at = node.at;
  std::optional<Instant> until;
  const bool read = build.reading.keys(node, Section::observe, [&](const yaml::Entry& key) {
    if (key.key == "until") {
      until = build.reading.end(key.value, "until");
      observe.at = key.value.at;
    } else if (key.key == "reason") {
      observe.reason = build.reading.text(key.value, "reason").value_or("");
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  for (const std::string_view key : {"until", "reason"}) {
    build.reading.missing(node, Section::observe, key);
  }
  if (!until) return;
  observe.until = *until;
  role.observe = std::move(observe);
}

void read_role(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Role role;
  role.at = entry.key_at;
  Position candidate_at;
  const bool named_well = build.named(entry, "role");
  const bool read = build.reading.keys(entry.value, Section::role, [&](const yaml::Entry& key) {
    if (key.key == "file") {
      role.file = build.reading.text(key.value, "file").value_or("");
    } else if (key.key == "candidate") {
      role.candidate = build.reading.text(key.value, "candidate").value_or("");
      candidate_at = key.value.at;
    } else if (key.key == "observe") {
      read_observe(build, key.value, role);
    } else if (key.key == "team") {
      read_team(build, key.value, role);
    } else if (key.key == "directories") {
      read_directories(build, key.value, role);
    } else if (key.key == "servers") {
      for (Placed& server : build.reading.texts(key.value, "servers")) {
        role.servers.push_back(server.text);
        build.servers_of_role.push_back({entry.key, std::move(server)});
      }
    } else {
      return false;
    }
    return true;
  });
  if (read) build.reading.missing(entry.value, Section::role, "file");
  if (!role.candidate.empty() && role.candidate == role.file) {
    build.reading.mistake(candidate_at, "the candidate is the policy that is in force");
  }
  if (named_well) build.into.roles[entry.key] = std::move(role);
}

}  // namespace

void read_layers(DeploymentBuild& build, const yaml::Entry& entry) {
  for (Placed& file : build.reading.texts(entry.value, "layers")) {
    read_layer(build, std::move(file));
  }
}

void read_roles(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.names(entry.value, "roles",
                      [&build](const yaml::Entry& one) { read_role(build, one); });
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
  for (const Mention& mention : build.servers_of_role) {
    if (!build.into.servers.contains(mention.name.text)) {
      build.unknown(mention.name, "server", names);
    }
  }
}

}  // namespace pawl
