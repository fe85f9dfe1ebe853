// The deployment file (`pawl.yaml`): what a role may not say about itself.
//
// Which policy governs which role, what a server's name stands for, which people may answer and how
// they are told, and which secrets there are. Read as strictly as a policy file, with every mistake
// located. Values are as written: `~` in `directories`, relative files and variables are resolved
// by the rooms that have a file system.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/deployment/agents.h"
#include "kernel/deployment/budgets.h"
#include "kernel/deployment/gateway_limits.h"
#include "kernel/deployment/issued.h"
#include "kernel/deployment/issuers.h"
#include "kernel/deployment/notices.h"
#include "kernel/deployment/people.h"
#include "kernel/deployment/providers.h"

namespace pawl {

struct Deployment {
  // Watching without enforcing (rule 15).
  struct Observe {
    Instant until{};
    std::string reason;
    Position at;
  };
  struct Role {
    std::string file;
    std::string candidate;           // a second policy file, judged beside it; empty: none
    std::optional<Observe> observe;  // absent: it is enforced
    std::vector<std::string> directories;
    std::string team;                  // `${role.team}` in the names of layers
    std::vector<std::string> servers;  // what `pawl serve` offers it at /mcp/ROLE
    Position at;
  };
  struct Layer {
    std::string file;  // as written, relative to the deployment file
    Position at;
  };
  // In place of a command: where it is reached over HTTP.
  struct Server : ReachedHost {
    std::vector<std::string> command;  // program and arguments, never through a shell
    std::vector<std::string> env;      // names of variables that are passed on
    std::string credential;            // what every message carries; empty: nothing
    std::string header;    // the field that carries credentials; empty: `Authorization: Bearer`
    std::string variable;  // in which a program gets them; empty: it gets none
    bool shared = false;   // one process for the sessions of all runs
    Position at;
  };
  struct Person {
    std::vector<std::string> groups;  // as written at the person; `persons` knows all of them
    std::string proof = "passphrase";
    std::string verifier;               // empty: enrolled later
    std::string slack;                  // the id of their account there; empty: none
    std::string oidc;                   // how the provider calls them; empty: it does not know them
    std::vector<std::string> accounts;  // under which they start runs, besides their name
    std::optional<AutomaticReviewer> automatic;  // they are a program
    Position at;
  };
  // Why several roles are one and the same at a server.
  struct SharedRisk {
    std::string reason, owner;
    Instant until{};
    Position at;
  };
  // It has exactly one of: a source, and the ways to have it issued.
  struct Credential : SecretSource {
    std::optional<VaultSecret> vault;
    std::optional<OAuthToken> oauth;
    std::optional<GithubAppToken> github_app;
    std::optional<AwsKeys> aws_sts;
    std::optional<LoginToken> login;
    // Who may use it; empty: the only role there is. Several share it where `risk` says why.
    std::vector<std::string> roles;
    std::optional<SharedRisk> risk;
    // Where it may go: each of these that is not empty has to fit.
    std::vector<std::string> hosts;    // `host` or `host:port`
    std::vector<std::string> servers;  // names of servers
    std::vector<std::string> tools;    // patterns of tools
    std::string principal;             // whom the server sees, for the journal
    Position at;
  };
  // What opens the encrypted store; both empty: what systemd passes on.
  struct StoreKey {
    std::string file;                  // as written
    std::vector<std::string> command;  // that prints the passphrase
    friend bool operator==(const StoreKey&, const StoreKey&) = default;
  };
  // `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or the path of a Unix socket.
  struct Address {
    std::string host;  // as written, with the brackets; empty for a Unix socket
    std::uint16_t port = 0;
    std::string socket;
    Position at;
    bool none() const { return host.empty() && socket.empty(); }
    // Only this machine can reach it.
    bool local() const;
  };
  // The doors on the network.
  struct Listen {
    Address mcp;
    Address metrics;                   // for Prometheus; of this machine alone; may be none
    Address console;                   // for people with a browser; may be none
    std::vector<std::string> hosts;    // names by which clients call, besides those of a loopback
    std::vector<std::string> origins;  // pages that may call
    std::string certificate, key;      // files as written; empty: not encrypted
    std::string client_ca;             // a file as written; empty: no certificates of clients
    bool clients_certified = false;    // a client without one cannot send a request
    std::string url;                   // how clients reach it; empty: at the address itself
    Position at;
  };
  // Who is told how calls went.
  struct Traces {
    ReachedHost collector;
    std::uint64_t one_in = 1;
    std::string credential;  // that only the collector gets to see; may be none
    std::string header;      // the field whose whole value it is; empty: `Authorization: Bearer`
    Position at;             // of `credential`
  };
  std::string file;
  std::optional<Listen> listen;
  GatewayLimits limits;
  std::optional<Traces> traces;
  std::vector<Layer> layers;  // that every role has to pass
  std::map<std::string, Role, std::less<>> roles;
  std::map<std::string, Budget, std::less<>> budgets;
  std::map<std::string, ModelProvider, std::less<>> providers;  // `models`
  std::string prices;  // a file as written, relative to the deployment file; empty: none
  std::map<std::string, Server, std::less<>> servers;
  std::map<std::string, Person, std::less<>> people;
  std::map<std::string, std::vector<std::string>, std::less<>> groups;  // group -> its persons
  std::vector<std::string> default_reviewers;                           // persons or groups
  std::vector<std::string> auditors;  // persons or groups that see everything and decide nothing
  std::optional<PersonProvider> provider;
  // Groups whose members the provider knows: the names that it has for each.
  std::map<std::string, std::vector<std::string>, std::less<>> provider_groups;
  std::map<std::string, Credential, std::less<>> credentials;
  StoreKey store;
  std::map<std::string, DeployedAgent, std::less<>> agents;  // who may call over the network
  std::map<std::string, TokenSource, std::less<>> issuers;
  std::map<std::string, TokenSource, std::less<>> trust_domains;  // by their names in SPIFFE ids
  Notices notices;
  std::optional<DrillPlan> drill;
  std::optional<Vigilance> vigilance;

  // The files of the layers of a role, with its team in their names. A role that has no team cannot
  // pass a layer that is named with one.
  Result<std::vector<std::string>> layers_of(std::string_view role) const;
  // The persons that these names (of persons, of groups, or of several at once) stand for, each
  // once.
  std::set<std::string> persons(const std::vector<std::string>& names) const;
  bool knows(std::string_view person_or_group) const;
  // Whether one of them is a group whose members only the provider knows.
  bool open_ended(const std::vector<std::string>& names) const;
  // Whose account of Slack's this is; empty: no known person's.
  std::string person_of_slack(std::string_view account) const;
  // Whether this deployment can reach a person that way; what is in the way where it cannot.
  Status check_way_to(std::string_view via) const;
  // Whether a credential may go to this tool of this server, and be used by all of these roles, and
  // whether the server can carry it. The error says what is in the way. An empty tool: messages
  // that are about none.
  Status check_use(std::string_view credential, const std::vector<std::string>& used_by,
                   std::string_view server, std::string_view tool) const;
  std::vector<std::string> credential_names() const;
  // Those that all of these roles may use; none: those that are written for no role.
  std::vector<std::string> credential_names(const std::vector<std::string>& used_by) const;
};

struct LoadedDeployment {
  std::optional<Deployment> deployment;  // absent where errors is not empty
  std::vector<Error> errors;
};

LoadedDeployment load_deployment(std::string_view text, std::string_view file);

// What a variable of an environment may be called.
bool is_variable(std::string_view name);
// Letters, digits, `-`, `_`, `.` and `@`.
bool is_word(std::string_view name);

// No role is watched for longer than this from now on.
inline constexpr Duration observe_max = Duration::seconds(14 * 86'400);
std::vector<Error> observed_too_long(const Deployment& deployment, Instant now);
// Credentials of several roles whose accepted risk has ended.
std::vector<Error> risks_ended(const Deployment& deployment, Instant now);

}  // namespace pawl
