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

using Credential = Deployment::Credential;

// Where a credential may go.
void read_bound_hosts(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (is_bound_host(one.text)) {
      into.hosts.push_back(std::move(one.text));
    } else {
      build.reading.mistake(one.at, fmt::format("`{}` is no host: expected `api.example` or "
                                                "`api.example:8443`, in small letters",
                                                escape_untrusted(one.text)));
    }
  }
}

void read_bound_servers(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    into.servers.push_back(one.text);
    build.bound_to.push_back(std::move(one));
  }
}

void read_bound_tools(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (const auto pattern = parse_name(one.text); !pattern) {
      build.reading.mistake(one.at, pattern.error().message);
    } else {
      into.tools.push_back(std::move(one.text));
    }
  }
}

void read_users(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& role : build.reading.texts(key.value, key.key)) {
    into.roles.push_back(role.text);
    build.users.push_back(std::move(role));
  }
}

constexpr auto kRiskKeys = section_keys<DeploymentBuild, Deployment::SharedRisk>(
    Section::credential_risk,
    {
        {"reason", "text", "required", 13, "Why it is worth it.",
         lines<&Deployment::SharedRisk::reason>},
        {"owner", "text", "required", 13, "The person who answers for it.",
         text<&Deployment::SharedRisk::owner>},
        {"until", "date or instant", "required", 13,
         "When it ends: from then on the file is refused. A date is part of it.",
         end<&Deployment::SharedRisk::until>},
    });

void read_shared_risk(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  Deployment::SharedRisk risk;
  risk.at = key.value.at;
  if (!read_section(build, key.value, kRiskKeys, risk)) return;
  if (risk.until != Instant{}) into.risk = std::move(risk);  // else it is reported
}

// A credential has exactly one key of these.
constexpr std::string_view kOneSource = "one of nine";

constexpr auto kCredentialKeys = section_keys<DeploymentBuild, Credential>(
    Section::credential,
    {
        {"env", "text", kOneSource, 0, "The variable that holds the secret.", env_name<>},
        {"file", "text", kOneSource, 0, "The file that holds the secret; nobody else may read it.",
         text<&SecretSource::file>},
        {"command", "list of words", kOneSource, 0,
         "The program that prints the secret, and its arguments.", words<&SecretSource::command>},
        {"store", "text", kOneSource, 0,
         "The name of the secret in the encrypted store (`pawl credentials`).", stored_name<>},
        {"vault", mapping(Section::vault), kOneSource, 0, "A secret in HashiCorp Vault.",
         read_vault},
        {"oauth", mapping(Section::oauth), kOneSource, 0, "A token of an authorization server.",
         read_oauth},
        {"github_app", mapping(Section::github_app), kOneSource, 0,
         "A token of an installation of a GitHub App.", read_github},
        {"aws_sts", mapping(Section::aws_sts), kOneSource, 0,
         "Short-lived keys of an AWS role, for a program.", read_aws},
        {"roles", "list of texts", "the only role", 13,
         "The roles that may use it. Needed where there are several; for more than one, "
         "`accept_risk` says why.",
         read_users, CompareAs::fewer},
        {"accept_risk", mapping(Section::credential_risk), "one role uses it", 13,
         "Why several roles are one at the server; never where one of them is in production.",
         read_shared_risk, CompareAs::may_go},
        {"login", mapping(Section::login), kOneSource, 0,
         "What a person got for a server with `pawl login`.", read_login},
        {"hosts", "list of texts", "those of its servers", 13,
         "The hosts that it may be sent to: `api.example`, or `api.example:8443` for one port.",
         read_bound_hosts, CompareAs::fewer},
        {"servers", "list of texts", "every server", 13, "The servers that it may be sent to.",
         read_bound_servers, CompareAs::fewer},
        {"tools", "list of texts", "every tool", 13,
         "The tools whose calls may carry it: `crm/update_*`.", read_bound_tools, CompareAs::fewer},
        {"principal", "text", "not known", 0,
         "Whom the server sees when it is used; written in the journal.",
         text<&Credential::principal>},
    });

constexpr std::string_view kKeyFile = "key_file";
constexpr std::string_view kKeyCommand = "key_command";

constexpr auto kStoreKeys = section_keys<DeploymentBuild, Deployment::StoreKey>(
    Section::store, {
                        {kKeyFile, "text", "one of two", 0,
                         "A file that holds the store's passphrase; nobody else may read it.",
                         text<&Deployment::StoreKey::file>},
                        {kKeyCommand, "list of words", "one of two", 0,
                         "A program that prints the store's passphrase, and its arguments.",
                         words<&Deployment::StoreKey::command>},
                    });

void check_one_source(DeploymentBuild& build, const yaml::Node& node) {
  std::vector<const yaml::Entry*> sources;
  bool others = false;  // keys that do not exist, or not yet: they are the mistake then
  for (const yaml::Entry& entry : node.entries) {
    const auto* const row = kCredentialKeys.find(entry.key);
    others = others || row == nullptr || row->later;
    if (row != nullptr && row->preset == kOneSource) sources.push_back(&entry);
  }
  if (sources.empty() && !others) {
    build.reading.mistake(node.at,
                          "a credential has none of `env`, `file`, `command`, `store`, `vault`, "
                          "`oauth`, `github_app`, `aws_sts` and `login`");
  }
  for (std::size_t i = 1; i < sources.size(); ++i) {
    build.reading.mistake(sources[i]->key_at,
                          fmt::format("`{}` beside `{}`: a credential has one source",
                                      sources[i]->key, sources[0]->key));
  }
}

}  // namespace

void list_credential_keys(std::vector<Key>& into) {
  kCredentialKeys.list(into);
  kRiskKeys.list(into);
  list_source_keys(into);
  list_issued_keys(into);
  kStoreKeys.list(into);
}

void read_credential(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Credential credential;
  credential.at = entry.key_at;
  const bool named_well = build.named(entry, "credential");
  if (read_section(build, entry.value, kCredentialKeys, credential)) {
    check_one_source(build, entry.value);
  }
  if (named_well) into.credentials[entry.key] = std::move(credential);
}

void read_store(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  if (!read_section(build, entry.value, kStoreKeys, into.store)) return;
  build.reading.both(entry.value, kKeyFile, kKeyCommand);
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
