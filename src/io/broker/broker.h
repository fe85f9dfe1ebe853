// Mints the secret that a request of ours carries, at the moment when it is sent.
//
// The deployment file says where each credential is and where it may go; both are looked at here
// again for every request, whatever a policy names: a credential that is not for this role, server,
// host or tool is not read at all. A value is read again each time, so that a rotated secret is the
// next request's; an issued one is kept until shortly before its end (io/issue). What was given out
// is remembered (traces.h), and `scrub` takes it out of what the same server says. Errors name the
// credential and its source and never a byte of it.
// One thread, that of the loop. A mint that is under way must end before the broker does.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "io/broker/store_keeper.h"
#include "io/broker/traces.h"
#include "io/issue/issuer.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"
#include "kernel/deployment/deployment.h"
#include "model/call.h"

namespace pawl::broker {

// What a secret is for.
struct Errand {
  std::vector<std::string> roles;  // of the policy in force
  std::string server;
  std::string tool;  // empty: a message that is not a call
  std::string credential;
  std::string arguments = {};  // of the call, as they were decided: JSON
};

struct Minted {
  secrets::Credential value;
  // In place of a value, where it is several: by the variables of a program that they belong in.
  std::vector<std::pair<std::string, secrets::Credential>> variables;
  UsedCredential used;
};

// Of a token for the repository that an argument names, the one that these name; every other stays
// as it is. ErrorKind::invalid: they name none, or what can be no repository.
Status choose_repository(GithubAppToken& token, std::string_view arguments);

class Broker {
 public:
  // `store`: the file of the encrypted store. `environment`: of programs that print secrets.
  Broker(net::Loop& loop, std::string store, std::vector<std::string> environment);

  // The deployment file in force; relative files are beside it.
  void use(const Deployment& deployment, const std::string& directory);

  Task<Result<Minted>> mint(Errand errand);
  // What a request of pawl's own carries, which goes to no tool server: the collector's.
  Task<Result<secrets::Credential>> own(std::string credential);
  // A secret of pawl's own, which has no name and goes to no tool server: a notifier's.
  Task<Result<secrets::Credential>> secret(SecretSource from);
  void scrub(std::string_view server, std::string& text) const { traces_.scrub(server, text); }

 private:
  // `url`: of the server that it is for. `kept_as`: what an issued one is kept under.
  Task<Result<Minted>> read(std::string name, Deployment::Credential from, std::string url,
                            std::string kept_as);
  Task<Result<Stored>> read_source(SecretSource from);
  issue::IssuerPorts issuer_ports();
  std::string beside(const std::string& file) const;

  net::Loop& loop_;
  std::vector<std::string> environment_;
  Deployment deployment_;
  std::string directory_;
  StoreKeeper store_;
  issue::Issuer issuer_;
  Traces traces_;
};

}  // namespace pawl::broker
