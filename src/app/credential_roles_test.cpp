// A credential belongs to the roles that the deployment file says, and to no other's policy.
#include <gmock/gmock.h>

#include "app/run_test.h"

namespace pawl::app {
namespace {

using testing::Folder;
using ::testing::HasSubstr;
using testing::run;

std::string role(const std::string& name, const std::string& credential) {
  return "version: 1\nagent: {id: " + name + ", identity: " + name +
         "@example.iam, owner: o@example.org}\nenvironment: staging\ntools:\n  allowed:\n"
         "    - {name: look, class: read_only, credential: " +
         credential + "}\n";
}

class CredentialRoles : public ::testing::Test {
 protected:
  // Decides a call of the role's policy; what went wrong, or nothing.
  std::string decided(const std::string& name, const std::string& credential,
                      const std::string& credentials) const {
    const std::string file = folder_.write(name + ".yaml", role(name, credential));
    const std::string config =
        folder_.write("pawl.yaml",
                      "roles: {clerk: {file: clerk.yaml}, cook: {file: cook.yaml}}\n"
                      "credentials: {" +
                          credentials + "}\n");
    const auto ran =
        run({"decide", "--policy", file, "--config", config}, R"({"tool":"look","arguments":{}})");
    return ran.status == 0 ? ran.out : ran.err + ran.out;
  }

  Folder folder_;
};

TEST_F(CredentialRoles, OneRoleOrThoseThatAreWritten) {
  const std::string mail = "mail: {store: mail, roles: [clerk]}";
  EXPECT_THAT(decided("clerk", "mail", mail), HasSubstr("\"allow\""));
  EXPECT_THAT(decided("cook", "mail", mail),
              HasSubstr("no credential `mail` of this role in the deployment file"));
  const std::string both = "mail: {store: mail, roles: [clerk, cook]}";
  EXPECT_THAT(decided("clerk", "mail", both), HasSubstr("\"allow\""));
  EXPECT_THAT(decided("cook", "mail", both), HasSubstr("\"allow\""));
  EXPECT_THAT(decided("clerk", "mail", "mail: {store: mail}"),
              HasSubstr("does not say which of the 2 roles may use it"));
  // A policy that the deployment gives to nobody uses nothing that is somebody's.
  EXPECT_THAT(decided("guest", "mail", both), HasSubstr("no credential `mail`"));
}

}  // namespace
}  // namespace pawl::app
