// Credentials of the deployment file.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/name.h"
#include "kernel/deployment/credential_sources.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
namespace {

constexpr std::size_t host_bytes_max = 260;

// `api.example` or `api.example:8443`, in small letters; an IPv6 address stands in brackets.
bool is_bound_host(std::string_view host) {
  return !host.empty() && host.size() <= host_bytes_max && !host.starts_with(':') &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]") == host.npos;
}

// Where a credential may go.
bool read_binding(DeploymentBuild& build, const yaml::Entry& key, Deployment::Credential& into) {
  if (key.key != "hosts" && key.key != "servers" && key.key != "tools") return false;
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (key.key == "hosts" && !is_bound_host(one.text)) {
      build.reading.mistake(one.at, fmt::format("`{}` is no host: expected `api.example` or "
                                                "`api.example:8443`, in small letters",
                                                escape_untrusted(one.text)));
    } else if (key.key == "hosts") {
      into.hosts.push_back(std::move(one.text));
    } else if (key.key == "servers") {
      into.servers.push_back(one.text);
      build.bound_to.push_back({{}, std::move(one)});
    } else if (const auto pattern = parse_name(one.text); !pattern) {
      build.reading.mistake(one.at, pattern.error().message);
    } else {
      into.tools.push_back(std::move(one.text));
    }
  }
  return true;
}

bool is_source(std::string_view key) {
  return key == "env" || key == "file" || key == "command" || key == "store" || key == "vault" ||
         key == "oauth" || key == "github_app" || key == "aws_sts" || key == "login";
}

void read_shared_risk(DeploymentBuild& build, const yaml::Node& node,
                      Deployment::Credential& into) {
  Deployment::SharedRisk risk;
  risk.at = node.at;
  std::optional<Instant> until;
  const bool read = build.reading.keys(node, Section::credential_risk, [&](const yaml::Entry& key) {
    if (key.key == "reason") {
      risk.reason = build.reading.text(key.value, "reason", Lines::several).value_or("");
    } else if (key.key == "owner") {
      risk.owner = build.reading.text(key.value, "owner").value_or("");
    } else if (key.key == "until") {
      until = build.reading.end(key.value, "until");
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  for (const std::string_view key : {"reason", "owner", "until"}) {
    build.reading.missing(node, Section::credential_risk, key);
  }
  if (!until) return;
  risk.until = *until;
  into.risk = std::move(risk);
}

bool read_credential_key(DeploymentBuild& build, const yaml::Entry& key,
                         Deployment::Credential& into) {
  if (read_source_key(build, key, into) || read_issued(build, key, into)) return true;
  if (key.key == "roles") {
    for (Placed& role : build.reading.texts(key.value, "roles")) {
      into.roles.push_back(role.text);
      build.users.push_back(std::move(role));
    }
  } else if (key.key == "accept_risk") {
    read_shared_risk(build, key.value, into);
  } else if (key.key == "principal") {
    into.principal = build.reading.text(key.value, "principal").value_or("");
  } else {
    return read_binding(build, key, into);
  }
  return true;
}

void read_credential(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Credential credential;
  credential.at = entry.key_at;
  const bool named_well = build.named(entry, "credential");
  std::vector<const yaml::Entry*> sources;
  const bool read =
      build.reading.keys(entry.value, Section::credential, [&](const yaml::Entry& key) {
        if (!read_credential_key(build, key, credential)) return false;
        if (is_source(key.key)) sources.push_back(&key);
        return true;
      });
  // A key of a later version in its place is the mistake then.
  const auto named_none = [](const yaml::Entry& one) {
    const Key* key = find_key(Section::credential, one.key);
    return key != nullptr && !key->later && !is_source(one.key);
  };
  if (read && std::ranges::all_of(entry.value.entries, named_none)) {
    build.reading.mistake(entry.value.at,
                          "a credential has none of `env`, `file`, `command`, `store`, `vault`, "
                          "`oauth`, `github_app`, `aws_sts` and `login`");
  }
  for (std::size_t i = 1; i < sources.size(); ++i) {
    build.reading.mistake(sources[i]->key_at,
                          fmt::format("`{}` beside `{}`: a credential has one source",
                                      sources[i]->key, sources[0]->key));
  }
  if (named_well) build.into.credentials[entry.key] = std::move(credential);
}

}  // namespace

void read_credentials(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.names(entry.value, "credentials",
                      [&build](const yaml::Entry& one) { read_credential(build, one); });
}

void read_store(DeploymentBuild& build, const yaml::Entry& entry) {
  const bool read = build.reading.keys(entry.value, Section::store, [&](const yaml::Entry& key) {
    if (key.key == "key_file") {
      build.into.store.file = build.reading.text(key.value, "key_file").value_or("");
    } else if (key.key == "key_command") {
      build.into.store.command = build.words(key.value, "key_command");
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  build.reading.both(entry.value, "key_file", "key_command");
  if (entry.value.entries.empty()) {
    build.reading.mistake(entry.value.at, "`store` has neither `key_file` nor `key_command`");
  }
}

std::vector<Error> risks_ended(const Deployment& deployment, Instant now) {
  std::vector<Error> errors;
  for (const auto& [name, credential] : deployment.credentials) {
    if (!credential.risk || now < credential.risk->until) continue;
    Position at = credential.risk->at;
    at.file = deployment.file;
    errors.push_back({ErrorKind::invalid,
                      fmt::format("the risk that several roles use `{}` was accepted until {}",
                                  escape_untrusted(name), to_string(credential.risk->until)),
                      std::move(at)});
  }
  return errors;
}

// One credential for two roles is one identity at the server: only where somebody says why. That
// it is never so in production is for whoever has read the policies (identities.h).
void check_credentials(DeploymentBuild& build) {
  std::vector<std::string> roles;
  for (const auto& [name, role] : build.into.roles) roles.push_back(name);
  for (const Placed& user : build.users) {
    if (!build.into.roles.contains(user.text)) build.unknown(user, "role", roles);
  }
  const UsersOfCredentials all = users_of_credentials(build.into);
  for (const auto& [name, credential] : build.into.credentials) {
    const auto& [users, same] = all.find(name)->second;
    if (users.size() > 1 && !credential.risk) {
      const std::string with =
          same.empty() ? "" : fmt::format(", as it is the same secret as `{}`", *same.begin());
      build.reading.mistake(
          credential.at, fmt::format("`{}` is for {} roles{}, which are one and the same at the "
                                     "server then: expected a credential for each, or "
                                     "`accept_risk: {{reason, owner, until}}`",
                                     escape_untrusted(name), users.size(), escape_untrusted(with)));
    } else if (users.size() < 2 && credential.risk) {
      build.reading.mistake(credential.risk->at,
                            fmt::format("`{}` is not for several roles, so there is no risk to "
                                        "accept",
                                        escape_untrusted(name)));
    }
    const bool collectors = build.into.traces && build.into.traces->credential == name;
    if (roles.size() < 2 || !credential.roles.empty() || collectors) continue;
    build.reading.mistake(credential.at,
                          fmt::format("`{}` does not say which of the {} roles may use it: "
                                      "expected `roles: [NAME]`",
                                      escape_untrusted(name), roles.size()));
  }
}

}  // namespace pawl
