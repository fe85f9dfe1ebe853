// Where a secret of the deployment file is, and what is asked for one that a service issues.
//
// A source is read where it is used. An issued secret is asked for over the network, with a secret
// of its own, at an address that stands in the file; what came is valid for a while and then asked
// for again. Secrets of these mappings have no name: no policy can send them anywhere.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"

namespace pawl {

struct SecretSource {
  std::string env;                   // a variable
  std::string file;                  // as written
  std::vector<std::string> command;  // that prints it; never through a shell
  std::string store;                 // its name in the encrypted store

  bool given() const { return !env.empty() || !file.empty() || !command.empty() || !store.empty(); }
};

// What requests of ours go to.
struct ReachedHost {
  std::string url;
  std::string host;          // of the URL, in small letters, an IPv6 address without brackets
  std::uint16_t port = 0;    // of the URL
  bool own_network = false;  // it may lie in a private network or on this machine
  std::string ca;            // certificates to trust instead of the system's; as written
};

// A field of a secret in HashiCorp Vault, key/value engine, version 2.
struct VaultSecret {
  ReachedHost at;           // the vault
  std::string mount, path;  // the engine's, and the secret's in it
  std::string field;        // of the secret
  std::string space;        // the namespace; empty: the root
  SecretSource token;       // one of the two ways to say who asks:
  std::string role_id;      // a token, or an AppRole
  SecretSource secret_id;
};

// A token of an authorization server: client credentials (RFC 6749, 4.4), or in exchange for
// another token (RFC 8693) where there is a `subject`.
struct OAuthToken {
  ReachedHost at;  // the token endpoint
  std::string client;
  SecretSource client_secret;
  bool in_body = false;  // the client's secret; else in `Authorization: Basic`
  std::string scope, audience, resource;
  SecretSource subject;
  std::string subject_type;  // a URN
};

// An installation token of a GitHub App.
struct GithubAppToken {
  ReachedHost at;  // the API
  std::string app;
  std::uint64_t installation = 0;
  SecretSource key;                       // PEM
  std::vector<std::string> repositories;  // empty: all that the installation has
  // The argument of the call that names the only repository; empty: none does.
  std::string repository_by;
  std::map<std::string, std::string> permissions;
};

// What `pawl login` was given for a server: a refresh token in the encrypted store, with which an
// authorization server gives access tokens.
struct LoginToken {
  ReachedHost at;      // the authorization server: its issuer
  std::string store;   // the name under which the refresh token lies in the encrypted store
  std::string client;  // empty: pawl registers itself
  std::string scope;
};

// Short-lived keys of an AWS role, narrowed by a session policy (AssumeRole of STS). Three texts,
// for a program's environment.
struct AwsKeys {
  ReachedHost at;  // the endpoint of STS
  std::string region, role, session, external_id;
  std::string access_key;
  SecretSource secret_key;
  SecretSource session_token;  // where the keys that ask are short-lived themselves
  std::string policy;          // JSON
  Duration lasts = Duration::seconds(900);
};

// The variables that AWS's own programs read.
inline constexpr const char* aws_variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                                "AWS_SESSION_TOKEN"};

}  // namespace pawl
