// Has secrets issued, and keeps each until shortly before its end.
//
// Who is asked is what the deployment file says: that host and no other, at a public address unless
// the file says that it may be private, without following anybody elsewhere. The secret that asks
// is read for the question and wiped with it. What came lies in locked memory; where several calls
// want the same, one question is asked and all get its answer. An answer of which it is not known
// how long it is valid is kept for half a minute; a question that failed is asked again by the next
// call.
// What the parsers of JSON and of HTTP copied meanwhile is freed and not wiped.
// One thread, that of the loop. A question that is under way must end before the issuer does.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/http/client.h"
#include "io/issue/answers.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"
#include "kernel/deployment/deployment.h"

namespace pawl::issue {

// It is not given out any more when a fifth of its time, or this, is left.
inline constexpr Duration left_min = Duration::seconds(120);
// Of one credential there may be many: one for each repository that calls name.
inline constexpr std::size_t kept_max = 256;

// Where the secrets are that ask, and what time it is.
struct IssuerPorts {
  // Puts another value in the place of one of the encrypted store, which is held until this goes.
  using Replace = std::function<Status(const secrets::Credential&)>;
  std::function<Task<Result<secrets::Credential>>(SecretSource)> read;
  std::function<std::string(const std::string& file)> beside;
  std::function<Instant()> wall;
  std::function<Result<Replace>(const std::string& stored)> hold;
};

class Issuer {
 public:
  Issuer(net::Loop& loop, IssuerPorts ports) : loop_(loop), ports_(std::move(ports)) {}

  static bool issues(const Deployment::Credential& credential);
  // What is kept under this name, or a new one. `values` are copies.
  Task<Result<Answered>> issue(std::string name, Deployment::Credential credential);
  // The deployment file changed: everything that is kept is wiped.
  void forget();

 private:
  struct Kept {
    Answered answer;
    Duration until{};  // of the loop's clock
    bool asking = false;
    std::vector<Completion<Status>> waiting;
  };
  using KeptPtr = std::shared_ptr<Kept>;

  Task<Result<Answered>> ask(std::string name, Deployment::Credential credential);
  Task<Result<Answered>> ask_vault_for(std::string name, VaultSecret how);
  Task<Result<Answered>> ask_oauth_for(OAuthToken how);
  Task<Result<Answered>> ask_github_for(GithubAppToken how);
  Task<Result<Answered>> ask_aws_for(AwsKeys how);
  Task<Result<Answered>> ask_login_for(LoginToken how);
  Task<Result<secrets::Credential>> vault_token(std::string name, VaultSecret how);
  http::Client& client_of(const ReachedHost& at);
  Duration kept_until(Duration lasts) const;
  void make_room();

  net::Loop& loop_;
  IssuerPorts ports_;
  std::map<std::string, KeptPtr> kept_;
  std::map<std::string, std::shared_ptr<Answered>> logins_;  // at vaults, by credential
  std::map<std::string, Duration> logins_until_;
  std::map<std::string, std::unique_ptr<http::Client>> clients_;
};

}  // namespace pawl::issue
