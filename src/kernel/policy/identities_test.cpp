#include "kernel/policy/identities.h"

#include <gmock/gmock.h>

#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<const Policy> role(const std::string& agent, const std::string& identity,
                                   const std::string& more = "") {
  const Loaded loaded = sample::load("version: 1\nagent: {id: " + agent + ", identity: \"" +
                                     identity + "\", owner: o}\n" + more +
                                     "tools: {allowed: [{name: read, class: read_only}]}\n");
  EXPECT_TRUE(loaded.policy) << sample::said(loaded.errors);
  return loaded.policy;
}

TEST(Identities, TwoRolesAreNotOne) {
  const Deployment deployment;
  const std::shared_ptr<const Policy> apart[] = {role("a", "a@x"), role("b", "b@x")};
  EXPECT_THAT(shared_identities(deployment, apart), IsEmpty());
  const std::shared_ptr<const Policy> one[] = {role("a", "bot@x"), role("b", "Bot@x")};
  const auto errors = shared_identities(deployment, one);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(to_string(errors[0]), HasSubstr("is the identity of the role `a` too"));
}

TEST(Identities, APersonsIsForDevelopmentOnly) {
  Deployment deployment;
  deployment.people["ada@x"];
  const std::shared_ptr<const Policy> mine[] = {role("a", "Ada@x")};
  EXPECT_THAT(shared_identities(deployment, mine), SizeIs(1));
  const std::shared_ptr<const Policy> trying[] = {role("a", "ada@x", "environment: development\n")};
  EXPECT_THAT(shared_identities(deployment, trying), IsEmpty());
}

}  // namespace
}  // namespace pawl
