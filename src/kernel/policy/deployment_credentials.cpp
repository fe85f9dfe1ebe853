// Credentials of the deployment file.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/policy/deployment_read.h"

namespace pawl {
namespace {

constexpr std::size_t stored_name_bytes_max = 64;

// As io/secrets names what it stores.
bool is_stored(std::string_view name) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() <= stored_name_bytes_max && !name.empty() && fine(name.front()) &&
         std::ranges::all_of(name,
                             [&](char c) { return fine(c) || c == '.' || c == '-' || c == '_'; });
}

// The variable, or the name in the store, that a credential is.
std::string name_in(DeploymentBuild& build, const yaml::Entry& key, bool (*fine)(std::string_view),
                    std::string_view what) {
  std::string name = build.reading.text(key.value, key.key).value_or("");
  if (!name.empty() && !fine(name)) {
    build.reading.mistake(key.value.at, fmt::format("`{}` is no name of {}", visible(name), what));
  }
  return name;
}

bool read_credential_key(DeploymentBuild& build, const yaml::Entry& key,
                         Deployment::Credential& into) {
  if (key.key == "env") {
    into.env = name_in(build, key, is_variable, "a variable");
  } else if (key.key == "file") {
    into.file = build.reading.text(key.value, "file").value_or("");
  } else if (key.key == "command") {
    into.command = build.words(key.value, "command");
  } else if (key.key == "store") {
    into.store = name_in(build, key, is_stored, "a stored credential");
  } else if (key.key == "roles") {
    for (Placed& role : build.reading.texts(key.value, "roles")) {
      into.roles.push_back(role.text);
      build.users.push_back(std::move(role));
    }
  } else {
    return false;
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
        if (key.key != "roles") sources.push_back(&key);
        return true;
      });
  const auto no_source = [](const yaml::Entry& key) { return key.key == "roles"; };
  if (read && std::ranges::all_of(entry.value.entries, no_source)) {
    build.reading.mistake(entry.value.at,
                          "a credential has none of `env`, `file`, `command` and `store`");
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

// One credential for two roles would be one identity at the server: only where it is written.
void check_credentials(DeploymentBuild& build) {
  std::vector<std::string> roles;
  for (const auto& [name, role] : build.into.roles) roles.push_back(name);
  for (const Placed& user : build.users) {
    if (!build.into.roles.contains(user.text)) build.unknown(user, "role", roles);
  }
  if (roles.size() < 2) return;
  for (const auto& [name, credential] : build.into.credentials) {
    if (!credential.roles.empty()) continue;
    build.reading.mistake(credential.at,
                          fmt::format("`{}` does not say which of the {} roles may use it: "
                                      "expected `roles: [NAME]`",
                                      visible(name), roles.size()));
  }
}

}  // namespace pawl
