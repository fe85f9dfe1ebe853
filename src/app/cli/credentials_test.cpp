// A credential belongs to the roles that the deployment file says, and to no other's policy.
#include <gmock/gmock.h>

#include "app/cli/run_test.h"

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
  EXPECT_THAT(decided("clerk", "mail", "mail: {store: mail, roles: [clerk, cook]}"),
              HasSubstr("`mail` is for 2 roles, which are one and the same at the server"));
  const std::string both =
      "mail: {store: mail, roles: [clerk, cook], accept_risk: {reason: one mailbox, "
      "owner: o@example.org, until: 2099-01-01}}";
  EXPECT_THAT(decided("clerk", "mail", both), HasSubstr("\"allow\""));
  EXPECT_THAT(decided("cook", "mail", both), HasSubstr("\"allow\""));
  EXPECT_THAT(decided("clerk", "mail", "mail: {store: mail}"),
              HasSubstr("does not say which of the 2 roles may use it"));
  const std::string over =
      "mail: {store: mail, roles: [clerk, cook], accept_risk: {reason: one "
      "mailbox, owner: o@example.org, until: 2020-01-01}}";
  EXPECT_THAT(decided("clerk", "mail", over), HasSubstr("was accepted until 2020-01-02"));
  // A policy that the deployment gives to no role uses no credential of a role.
  EXPECT_THAT(decided("guest", "mail", both), HasSubstr("no credential `mail`"));
}

TEST_F(CredentialRoles, CheckSaysWhatTwoRolesShare) {
  const std::string clerk = folder_.write("clerk.yaml", role("clerk", "mail"));
  const std::string live = role("cook", "mail");
  folder_.write("cook.yaml", live);
  const std::string config = folder_.write(
      "pawl.yaml",
      "roles: {clerk: {file: clerk.yaml}, cook: {file: cook.yaml}}\n"
      "people: {ada: {accounts: [\"cook@example.iam\"]}}\n"
      "credentials: {mail: {store: mail, roles: [clerk, cook], accept_risk: {reason: r, owner: "
      "o@example.org, until: 2099-01-01}}}\n");
  const auto check = [&] {
    const auto ran = run({"check", clerk, "--config", config, "--json"});
    return std::make_pair(ran.status, ran.out);
  };
  EXPECT_THAT(check(), ::testing::Pair(1, HasSubstr("`cook@example.iam` is a person")));
  std::string text = live;
  text.replace(text.find("staging"), 7, "production");
  text.replace(text.find("identity: cook@"), 15, "identity: chef@");
  folder_.write("cook.yaml", text);
  EXPECT_THAT(check(), ::testing::Pair(1, HasSubstr("`cook` works in production")));
  text.replace(text.find("production"), 10, "staging");
  folder_.write("cook.yaml", text);
  EXPECT_EQ(check().first, 0) << check().second;
  const auto asked = run({"check", "--production", clerk, "--config", config, "--json"});
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(asked.out, HasSubstr("`clerk` would work in production"));
  text.replace(text.find("chef@"), 5, "clerk@");
  folder_.write("cook.yaml", text);
  EXPECT_THAT(check(), ::testing::Pair(1, HasSubstr("is the identity of the role")));
}

}  // namespace
}  // namespace pawl::app
