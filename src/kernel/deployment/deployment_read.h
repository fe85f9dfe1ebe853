// What the readers of the deployment file's sections share. Inside of this room only.
//
// Each `read_…` takes one key of the file, puts what it says into the deployment and reports every
// mistake; none of them stops at the first one. A new section is one function here, one row in
// deployment.cpp, and its keys in keys_deployment.cpp. What one section says about names of
// another is checked when all of them were read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml.h"
#include "kernel/config/reading.h"
#include "kernel/deployment/deployment.h"

namespace pawl {

// A name that stands for something of another section.
struct Mention {
  std::string of;  // whose: the group's, the role's
  Placed name;
};

struct DeploymentBuild {
  DeploymentBuild(yaml::Read& read, std::string_view file) : reading(read) { into.file = file; }

  // Reports a name that is none of a role, a person, a group or a credential.
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
  std::vector<Mention> members;          // persons that groups name
  std::vector<Mention> servers_of_role;  // servers that roles name
  std::vector<Mention> bound_to;         // servers that credentials name
  std::vector<Mention> carried;          // credentials that servers name
};

// deployment_roles.cpp
void read_layers(DeploymentBuild& build, const yaml::Entry& entry);
void read_roles(DeploymentBuild& build, const yaml::Entry& entry);
void check_roles(DeploymentBuild& build);
// deployment_limits.cpp
void read_limits(DeploymentBuild& build, const yaml::Entry& entry);
// deployment_servers.cpp
void read_servers(DeploymentBuild& build, const yaml::Entry& entry);
// After the credentials.
void check_servers(DeploymentBuild& build);
// The name of a header field, in small letters.
std::string read_header_name(DeploymentBuild& build, const yaml::Node& node);
// deployment_traces.cpp
void read_traces(DeploymentBuild& build, const yaml::Entry& entry);
// After the credentials.
void check_traces(DeploymentBuild& build);
// deployment_people.cpp
void read_people(DeploymentBuild& build, const yaml::Entry& entry);
void check_people(DeploymentBuild& build);
// deployment_provider.cpp: who vouches for people, and whether they read.
void read_provider(DeploymentBuild& build, const yaml::Entry& entry);
void check_provider(DeploymentBuild& build);
void read_vigilance(DeploymentBuild& build, const yaml::Entry& entry);
void check_vigilance(DeploymentBuild& build);
// deployment_notify.cpp
void read_notify(DeploymentBuild& build, const yaml::Entry& entry);
void read_drill(DeploymentBuild& build, const yaml::Entry& entry);
void check_notify(DeploymentBuild& build);
// deployment_credentials.cpp
void read_credentials(DeploymentBuild& build, const yaml::Entry& entry);
void read_store(DeploymentBuild& build, const yaml::Entry& entry);
void check_credentials(DeploymentBuild& build);
// deployment_issued.cpp: the value of `vault`, `oauth`, `github_app` or `aws_sts`. False: it is
// none of these keys.
bool read_issued(DeploymentBuild& build, const yaml::Entry& key, Deployment::Credential& into);
// deployment_sources.cpp
bool read_source_key(DeploymentBuild& build, const yaml::Entry& key, SecretSource& into);
void read_source(DeploymentBuild& build, const yaml::Entry& entry, SecretSource& into);
// deployment_address.cpp
void read_url(DeploymentBuild& build, const yaml::Node& node, std::string_view what,
              ReachedHost& into);
// `private` and `ca`; false where the key is neither.
bool read_way(DeploymentBuild& build, const yaml::Entry& key, ReachedHost& into);
// When all of it was read; `what` is the key of the address.
void check_way(DeploymentBuild& build, const yaml::Node& node, std::string_view what,
               ReachedHost& into);
// An address of ours, which no key holds.
bool take_url(std::string_view url, ReachedHost& into);
// deployment_listen.cpp
void read_listen(DeploymentBuild& build, const yaml::Entry& entry);
// issuers.cpp
void read_issuers(DeploymentBuild& build, const yaml::Entry& entry);
void read_trust_domains(DeploymentBuild& build, const yaml::Entry& entry);
// agents.cpp
void read_agents(DeploymentBuild& build, const yaml::Entry& entry);
void check_agents(DeploymentBuild& build);
// agent_proofs.cpp: what of others proves an agent.
void read_agent_token(DeploymentBuild& build, const yaml::Node& node, DeployedAgent& agent);
void read_agent_certificate(DeploymentBuild& build, const yaml::Node& node, DeployedAgent& agent);
void read_agent_spiffe(DeploymentBuild& build, const yaml::Node& node, DeployedAgent& agent);
void check_agent_proofs(DeploymentBuild& build);

// What a variable of an environment may be called.
bool is_variable(std::string_view name);
// Letters, digits, `-`, `_`, `.` and `@`.
bool is_word(std::string_view name);

}  // namespace pawl
