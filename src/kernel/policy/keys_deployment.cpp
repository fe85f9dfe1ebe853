// The rows of the table about the deployment file.
#include "kernel/policy/keys_parts.h"

namespace pawl {
namespace {

using enum Section;

constexpr Key kKeys[] = {
    {deployment, "version", "`1`", "1", 0, "Version of the file's grammar."},
    {deployment, "roles", "mapping of role names", "none", 13, "Which policy governs which role."},
    {deployment, "servers", "mapping of server names", "none", 13,
     "What a server's name stands for."},
    {deployment, "people", "mapping of persons", "none", 10, "Who may answer."},
    {deployment, "notify", "mapping", "see its keys", 0, "How people learn that something waits."},
    {deployment, "credentials", "mapping of names", "none", 0,
     "Secrets that a policy may name in `credential`."},
    {deployment, "store", "mapping", "systemd's credential", 0,
     "What opens the encrypted store of secrets."},
    {deployment, "listen", "mapping", "nowhere", 0, "Where `pawl serve` listens."},
    {deployment, "agents", "mapping of names", "none", 0,
     "Who may call over the network, and as which role."},
    {deployment, "policies", "mapping", "", 0, "Where signed policies come from.", true},
    {deployment, "layers", "list of files", "none", 13,
     "Layer files that every call of every role has to pass too, relative to this file. "
     "`${role.team}` stands for the role's team."},
    {deployment, "state", "mapping", "", 0, "State shared by several machines.", true},
    {deployment, "observe", "mapping", "", 15, "Watches without enforcing.", true},
    {deployment, "models", "mapping", "", 9, "Prices of models.", true},

    {listen, "mcp", "text", "required", 0,
     "The address of the MCP door: `127.0.0.1:8080`, `[::1]:8080`, or the path of a socket."},
    {listen, "hosts", "list of texts", "the loopback's names", 0,
     "Names and addresses by which clients call; a request for another host is refused."},
    {listen, "origins", "list of texts", "the loopback's", 0,
     "Origins of web pages that may call; a request from another page is refused."},
    {listen, "url", "text", "the address itself", 0,
     "How clients reach it, such as `https://gate.example`: the issuer of credentials, and their "
     "audience."},
    {listen, "tls", "mapping", "not encrypted", 0, "Encrypts what is listened on."},
    {listen, "console", "text", "", 0, "The address of the console.", true},
    {listen, "metrics", "text", "", 0, "The address of the metrics.", true},
    {tls, "certificate", "text", "required", 0,
     "A PEM file: the certificate, then those between it and the root."},
    {tls, "key", "text", "required", 0, "A PEM file: the private key."},
    {tls, "client_ca", "text", "", 0, "Who may have signed certificates of clients.", true},

    {role, "file", "text", "required", 13, "The policy file, relative to the deployment file."},
    {role, "directories", "list of texts", "none", 13, "Where the role works."},
    {role, "team", "text", "none", 13, "The team whose layer applies."},
    {role, "servers", "list of texts", "none", 13,
     "The servers that `pawl serve` offers this role at `/mcp/ROLE`."},
    {role, "candidate", "text", "", 15, "A second policy that is judged and never acts.", true},
    {role, "observe", "mapping", "", 15, "Watches without enforcing.", true},
    {server, "command", "list of words", "required, or `url`", 13,
     "The program and its arguments."},
    {server, "env", "list of names", "none", 13, "Variables that are passed on; no others are."},
    {server, "url", "text", "required, or `command`", 13,
     "Where a server on the network is reached: `https://HOST/PATH`. `http` only on this machine, "
     "or with `private`."},
    {server, "private", "true or false", "false", 13,
     "Its name may stand for an address in a private network or on this machine."},
    {server, "ca", "text", "the system's", 13,
     "A PEM file: the certificates that vouch for it, and no others do."},
    {server, "credential", "text", "none", 13,
     "The credential that every message to it carries; a tool's own takes its place."},
    {server, "header", "text", "`Authorization: Bearer`", 13,
     "The header field whose whole value the credential is."},
    {people, "default_reviewers", "list of persons or groups", "nobody", 10,
     "Who answers where a policy names nobody."},
    {people, "groups", "mapping of group names", "none", 10,
     "Members of groups: lists of persons."},
    {people, "idp", "mapping", "", 10, "An identity provider.", true},
    {person, "groups", "list of texts", "none", 10, "Groups that the person belongs to."},
    {person, "proof", "`passphrase`", "passphrase", 10, "How the person proves to be that person."},
    {person, "verifier", "text", "enrolled later", 10,
     "The public part of the proof, as `pawl reviewers add` prints it."},
    {notify, "desktop", "`auto` or `off`", "auto", 0, "A notification where there is a desktop."},
    {notify, "command", "list of words", "none", 0, "A program that is run for every notice."},
    {notify, "slack", "mapping", "", 0, "Messages in Slack.", true},
    {deployed_agent, "role", "text", "required", 13,
     "The role that the agent has. One; several agents may have the same."},
    {deployed_agent, "keys", "list of texts", "required", 0,
     "What is kept of the agent's keys, as `pawl keys create` prints it."},
    {deployed_agent, "rights", "list of rights", "propose, watch", 0,
     "What it may do: `propose` calls, `settle` (say how calls of its role ended), `watch` runs of "
     "its role, `speak` (hand over words of the sponsor)."},
    {deployed_agent, "sponsor", "person", "the agent itself", 13,
     "The person who answers for its runs."},
    {deployed_agent, "jwt", "mapping", "", 0, "Tokens of another issuer.", true},
    {deployed_agent, "certificate", "mapping", "", 0, "Certificates of clients.", true},
    {deployed_agent, "spiffe", "text", "", 0, "The identity of a workload.", true},
    {credential, "env", "text", "one of four", 0, "The variable that holds the secret."},
    {credential, "file", "text", "one of four", 0,
     "The file that holds the secret; nobody else may read it."},
    {credential, "command", "list of words", "one of four", 0,
     "The program that prints the secret, and its arguments."},
    {credential, "store", "text", "one of four", 0,
     "The name of the secret in the encrypted store (`pawl credentials`)."},
    {credential, "roles", "list of texts", "the only role", 13,
     "The roles that may use it. Needed where there are several; more than one share it."},
    {credential, "vault", "text", "", 0, "A path in a vault.", true},
    {credential, "github_app", "mapping", "", 0, "Tokens of a GitHub app.", true},
    {credential, "hosts", "list of texts", "those of its servers", 13,
     "The hosts that it may be sent to: `api.example`, or `api.example:8443` for one port."},
    {credential, "servers", "list of texts", "every server", 13,
     "The servers that it may be sent to."},
    {credential, "tools", "list of texts", "every tool", 13,
     "The tools whose calls may carry it: `crm/update_*`."},
    {credential, "principal", "text", "not known", 0,
     "Whom the server sees when it is used; written in the journal."},
    {store, "key_file", "text", "one of two", 0,
     "A file that holds the store's passphrase; nobody else may read it."},
    {store, "key_command", "list of words", "one of two", 0,
     "A program that prints the store's passphrase, and its arguments."},
};

}  // namespace

std::span<const Key> keys_of_deployment() {
  return kKeys;
}

}  // namespace pawl
