// Whether two credentials of the deployment file are one and the same secret, whatever they are
// called: they come from the same place, or are issued to the same one.
//
// What is compared is what is written; that a link, a copy or a program leads to the same bytes by
// another name is not seen here.
#pragma once

#include <map>
#include <set>
#include <string>

#include "kernel/deployment/deployment.h"

namespace pawl {

// What says whose secret it is: two credentials with the same text are one at the server.
std::string identity_of(const Deployment::Credential& credential, const std::string& file);

// For each credential: the others that are the same secret, and the roles that may use one of them.
struct CredentialUsers {
  std::set<std::string> roles;
  std::set<std::string> same;  // names of other credentials
};
using UsersOfCredentials = std::map<std::string, CredentialUsers, std::less<>>;
UsersOfCredentials users_of_credentials(const Deployment& deployment);

}  // namespace pawl
