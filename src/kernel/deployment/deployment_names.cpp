// What the names of a deployment stand for: the layers of a role, the persons of a group, and who
// may use which credential.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/name.h"
#include "kernel/config/team.h"
#include "kernel/deployment/deployment.h"
#include "kernel/policy/layer.h"
#include "kernel/policy/models.h"

namespace pawl {

Result<std::vector<std::string>> Deployment::layers_of(std::string_view role) const {
  const auto known = roles.find(role);
  std::vector<std::string> files;
  for (const Layer& layer : layers) {
    std::string name = layer.file;
    if (const std::size_t at = name.find(team_mark); at != std::string::npos) {
      if (known == roles.end() || known->second.team.empty()) {
        return fail(ErrorKind::refused,
                    fmt::format("`{}` has no `team` in the deployment file, and the layer `{}` "
                                "needs one",
                                escape_untrusted(role), escape_untrusted(layer.file)),
                    known == roles.end() ? layer.at : known->second.at);
      }
      name.replace(at, team_mark.size(), known->second.team);
    }
    files.push_back(std::move(name));
  }
  return files;
}

namespace {

std::set<std::string> persons_of(const Deployment& deployment, std::string_view name) {
  std::set<std::string> out;
  if (deployment.people.contains(name)) out.insert(std::string(name));
  if (const auto group = deployment.groups.find(name); group != deployment.groups.end()) {
    out.insert(group->second.begin(), group->second.end());
  }
  return out;
}

// Of a server, or of a provider of models; null: it is reached over no network.
const ReachedHost* host_of(const Deployment& deployment, std::string_view server) {
  if (is_model_server(server)) {
    const auto provider = deployment.providers.find(server.substr(model_prefix.size()));
    return provider == deployment.providers.end() ? nullptr : &provider->second;
  }
  const auto found = deployment.servers.find(server);
  return found == deployment.servers.end() ? nullptr : &found->second;
}

}  // namespace

std::set<std::string> Deployment::persons(const std::vector<std::string>& names) const {
  std::set<std::string> out;
  for (const std::string& name : names) {
    const std::vector<std::string_view> parts = parts_of_reviewer(name);
    for (const std::string& person : persons_of(*this, parts.front())) {
      const bool all = std::ranges::all_of(
          parts, [&](std::string_view part) { return persons_of(*this, part).contains(person); });
      if (all) out.insert(person);
    }
  }
  return out;
}

bool Deployment::open_ended(const std::vector<std::string>& names) const {
  return std::ranges::any_of(names, [this](const std::string& name) {
    const auto parts = parts_of_reviewer(name);
    return std::ranges::any_of(
        parts, [this](std::string_view part) { return provider_groups.contains(part); });
  });
}

bool Deployment::knows(std::string_view person_or_group) const {
  const std::vector<std::string_view> parts = parts_of_reviewer(person_or_group);
  return std::ranges::all_of(parts, [this](std::string_view part) {
    return people.contains(part) || groups.contains(part);
  });
}

Status Deployment::check_use(std::string_view credential, const std::vector<std::string>& used_by,
                             std::string_view server, std::string_view tool) const {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::refused,
                fmt::format("the credential `{}` {}", escape_untrusted(credential), why));
  };
  const auto known = credentials.find(credential);
  if (known == credentials.end()) return refuse("is not in the deployment file");
  const Credential& one = known->second;
  if (traces && traces->credential == credential) {
    return refuse("is for the collector of `traces` and for no other");
  }
  const auto lists = [](const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  const bool for_all =
      std::ranges::all_of(used_by, [&](const std::string& role) { return lists(one.roles, role); });
  if (!one.roles.empty() && (used_by.empty() || !for_all)) return refuse("is not for this role");
  if (!one.servers.empty() && !lists(one.servers, server)) {
    return refuse(fmt::format("may not be sent to the server `{}`", escape_untrusted(server)));
  }
  const auto reached = servers.find(server);
  if (reached != servers.end()) {
    const Server& to = reached->second;
    if (!to.url.empty() && one.aws_sts) {
      return refuse(
          fmt::format("is the keys of a program's environment, and `{}` is reached over "
                      "HTTP",
                      escape_untrusted(server)));
    }
    if (to.url.empty() && to.variable.empty() && !one.aws_sts) {
      return refuse(fmt::format("cannot reach `{}`, which has no `variable` for it",
                                escape_untrusted(server)));
    }
  }
  const ReachedHost* to = host_of(*this, server);
  const std::string host = to == nullptr ? std::string() : to->host;
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const std::string with_port = fmt::format("{}:{}", shown, to == nullptr ? 0 : to->port);
  if (is_model_server(server) && (one.aws_sts || one.login)) {
    return refuse("is not text that can stand in a header of a provider's");
  }
  if (!one.hosts.empty() &&
      (host.empty() || (!lists(one.hosts, shown) && !lists(one.hosts, with_port)))) {
    return refuse(fmt::format("may not be sent to the host `{}`", escape_untrusted(shown)));
  }
  if (tool.empty() && one.github_app && !one.github_app->repository_by.empty()) {
    return refuse("is for the repository that a call names, and not for every message");
  }
  if (one.tools.empty()) return {};
  if (tool.empty()) return refuse("is for calls of its `tools` only, and not for every message");
  const bool fits = std::ranges::any_of(one.tools, [&](const std::string& written) {
    const auto pattern = parse_name(written);
    return pattern && pattern->grants(server, tool);
  });
  return fits ? Status{} : refuse(fmt::format("is not for the tool `{}`", escape_untrusted(tool)));
}

std::vector<std::string> Deployment::credential_names() const {
  std::vector<std::string> names;
  for (const auto& [name, credential] : credentials) names.push_back(name);
  return names;
}

std::vector<std::string> Deployment::credential_names(
    const std::vector<std::string>& used_by) const {
  std::vector<std::string> names;
  for (const auto& [name, credential] : credentials) {
    const bool written = !credential.roles.empty();
    const bool fits = std::ranges::all_of(used_by, [&](const std::string& role) {
      return std::ranges::find(credential.roles, role) != credential.roles.end();
    });
    if (!written || (fits && !used_by.empty())) names.push_back(name);
  }
  return names;
}

}  // namespace pawl
