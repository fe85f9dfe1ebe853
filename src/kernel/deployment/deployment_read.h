// What the readers of the deployment file's sections share. Inside of this room only.
//
// Each section is a table of keys (key_spec.h), which stands beside its readers. A reader takes one
// key of the file, puts what it says into the deployment and reports every mistake; none of them
// stops at the first one. A new key is one row; a new section is a table, a reader, a row in
// deployment.cpp, and its `list_…` there. What one section says about names of another is checked
// when all of them were read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml.h"
#include "kernel/config/key_spec.h"
#include "kernel/deployment/deployment.h"
#include "kernel/deployment/deployment_keys.h"

namespace pawl {

// A person whom a group names.
struct Mention {
  std::string of;  // the group
  Placed name;
};

struct DeploymentBuild {
  DeploymentBuild(yaml::Read& read, std::string_view file) : reading(read, deployment_keys()) {
    into.file = file;
  }

  // Reports a name that is not valid for a role, a person, a group or a credential.
  bool named(const yaml::Entry& entry, std::string_view what);
  // The words of a command, in which nothing is refused for being there twice.
  std::vector<std::string> words(const yaml::Node& node, std::string_view what);
  // A list and nothing else: where one text could be taken for several.
  std::vector<std::string> list(const yaml::Node& node, std::string_view what);
  // Reports that there is no such thing, and which right name is nearest.
  void unknown(const Placed& name, std::string_view what, const std::vector<std::string>& names);

  Reading reading;
  Deployment into;
  std::vector<Placed> reviewers;  // `default_reviewers`
  std::vector<Placed> auditors;
  std::vector<Placed> provider_groups;
  std::vector<Placed> users;             // roles that credentials name
  std::vector<Placed> servers_of_roles;  // servers that roles name
  std::vector<Placed> bound_to;          // servers that credentials name
  std::vector<Placed> carried;           // credentials that servers name
  std::vector<Mention> members;          // persons that groups name
};

// Keys that several sections have, and whose readers look at others beside them.
inline constexpr std::string_view kUrl = "url";
inline constexpr std::string_view kPrivate = "private";
inline constexpr std::string_view kCa = "ca";
inline constexpr std::string_view kHeader = "header";
inline constexpr std::string_view kCommand = "command";

// Readers of values, beside those of key_spec.h.

// The words of a command.
template <auto... Members, class Into>
void words(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  member<Members...>(into) = build.words(key.value, key.key);
}

// A list and nothing else.
template <auto... Members, class Into>
void list(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  member<Members...>(into) = build.list(key.value, key.key);
}

// deployment_credentials.cpp: where a secret is.
void read_source(DeploymentBuild& build, const yaml::Entry& key, SecretSource& into);
void read_stored_name(DeploymentBuild& build, SecretSource& into, const yaml::Entry& key);
void read_env_name(DeploymentBuild& build, SecretSource& into, const yaml::Entry& key);
template <auto... Members, class Into>
void source(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  read_source(build, key, member<Members...>(into));
}
template <auto... Members, class Into>
void stored_name(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  read_stored_name(build, member<Members...>(into), key);
}
template <auto... Members, class Into>
void env_name(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  read_env_name(build, member<Members...>(into), key);
}

// deployment_credentials.cpp: the address of a server.
void read_url(DeploymentBuild& build, const yaml::Entry& key, ReachedHost& into);
template <auto... Members, class Into>
void url(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  read_url(build, key, member<Members...>(into));
}
// When all of it was read; `what` is the key of the address.
void check_way(DeploymentBuild& build, const yaml::Node& node, std::string_view what,
               ReachedHost& into);
// An address of ours, which no key holds.
bool take_url(std::string_view url, ReachedHost& into);

// deployment_servers.cpp: the name of a header field, in small letters.
std::string read_header_name(DeploymentBuild& build, const yaml::Entry& key);
template <auto... Members, class Into>
void header_name(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  member<Members...>(into) = read_header_name(build, key);
}

// Readers of keys of the file, or of one name of them, and what is checked after all of them; and
// the rows of their sections.

// deployment_roles.cpp
void read_layers(DeploymentBuild& build, Deployment& into, const yaml::Entry& key);
void read_role(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_roles(DeploymentBuild& build);
void list_role_keys(std::vector<Key>& into);
// budgets.cpp
void read_budget(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_budgets(DeploymentBuild& build);
void list_budget_keys(std::vector<Key>& into);
// providers.cpp
void read_model_provider(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_model_providers(DeploymentBuild& build);
void list_model_provider_keys(std::vector<Key>& into);
// deployment_serving.cpp
void read_limits(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void list_limit_keys(std::vector<Key>& into);
// deployment_servers.cpp
void read_server(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_servers(DeploymentBuild& build);  // after the credentials
void list_server_keys(std::vector<Key>& into);
// deployment_serving.cpp
void read_traces(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_traces(DeploymentBuild& build);  // after the credentials
void list_traces_keys(std::vector<Key>& into);
// deployment_people.cpp
void read_people(DeploymentBuild& build, Deployment& into, const yaml::Entry& section);
void check_people(DeploymentBuild& build);
void list_people_keys(std::vector<Key>& into);
// deployment_people.cpp: who vouches for people, and whether they read.
void read_provider(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_provider(DeploymentBuild& build);
void list_provider_keys(std::vector<Key>& into);
void read_vigilance(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_vigilance(DeploymentBuild& build);
void list_vigilance_keys(std::vector<Key>& into);
// deployment_notify.cpp
void read_notify(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void read_drill(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_notify(DeploymentBuild& build);
void list_notify_keys(std::vector<Key>& into);
// deployment_credentials.cpp
void read_credential(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void read_store(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_credentials(DeploymentBuild& build);
void list_credential_keys(std::vector<Key>& into);
// deployment_credentials.cpp: credentials that others issue.
void read_vault(DeploymentBuild& build, Deployment::Credential& into, const yaml::Entry& entry);
void read_oauth(DeploymentBuild& build, Deployment::Credential& into, const yaml::Entry& entry);
void read_github(DeploymentBuild& build, Deployment::Credential& into, const yaml::Entry& entry);
void read_aws(DeploymentBuild& build, Deployment::Credential& into, const yaml::Entry& entry);
void read_login(DeploymentBuild& build, Deployment::Credential& into, const yaml::Entry& entry);
void list_issued_keys(std::vector<Key>& into);
// deployment_credentials.cpp
void list_source_keys(std::vector<Key>& into);
// deployment_serving.cpp
void read_listen(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void list_listen_keys(std::vector<Key>& into);
// issuers.cpp
void read_issuer(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void read_trust_domain(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void list_issuer_keys(std::vector<Key>& into);
// agents.cpp
void read_deployed_agent(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry);
void check_agents(DeploymentBuild& build);
void list_deployed_agent_keys(std::vector<Key>& into);
// agents.cpp: what of others proves an agent.
void read_agent_token(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key);
void read_agent_certificate(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key);
void read_agent_spiffe(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key);
void check_agent_proofs(DeploymentBuild& build);
void list_agent_proof_keys(std::vector<Key>& into);

}  // namespace pawl
