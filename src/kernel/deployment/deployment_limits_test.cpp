// `limits` of the deployment file.
#include <gmock/gmock.h>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

GatewayLimits limits_of(const std::string& written) {
  const LoadedDeployment loaded = load_deployment("limits: {" + written + "}\n", "pawl.yaml");
  EXPECT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  return loaded.deployment ? loaded.deployment->limits : GatewayLimits{};
}

std::string wrong_in(const std::string& written) {
  return sample::said(load_deployment("limits: {" + written + "}\n", "pawl.yaml").errors);
}

TEST(DeploymentLimits, WhatIsWrittenCounts) {
  EXPECT_EQ(load_deployment("roles: {a: {file: x}}\n", "d").deployment->limits, GatewayLimits{});
  EXPECT_EQ(
      limits_of("processes: 64, processes_of_caller: 8, sessions: 100, "
                "sessions_of_caller: 100, new_sessions_per_minute: 7, requests_of_session: 5, "
                "requests_per_second: 50, request_mib: 48, request_mib_of_caller: 17, "
                "connections: 90, connections_of_address: 9"),
      (GatewayLimits{.processes = 64,
                     .processes_of_caller = 8,
                     .sessions = 100,
                     .sessions_of_caller = 100,
                     .new_sessions_per_minute = 7,
                     .requests_of_session = 5,
                     .requests_per_second = 50,
                     .request_mib = 48,
                     .request_mib_of_caller = 17,
                     .connections = 90,
                     .connections_of_address = 9}));
}

TEST(DeploymentLimits, WithoutAWordNoRoleMayHaveAllOfIt) {
  const GatewayLimits few =
      limits_of("processes: 20, sessions: 1, request_mib: 64, connections: 100");
  EXPECT_EQ(few.processes_of_caller, 10U);
  EXPECT_EQ(few.sessions_of_caller, 1U);
  EXPECT_EQ(few.request_mib_of_caller, 32U);
  EXPECT_EQ(few.connections_of_address, 50U);
  EXPECT_EQ(limits_of("processes: 5000").processes_of_caller, 128U);
}

TEST(DeploymentLimits, MistakesHaveTheirPlace) {
  EXPECT_THAT(wrong_in("processes: 4, processes_of_caller: 5"),
              HasSubstr("pawl.yaml:1:45: `processes_of_caller` is 5, and there are 4 `processes`"));
  EXPECT_THAT(wrong_in("sessions_of_caller: 20000"), HasSubstr("there are 16384 `sessions`"));
  EXPECT_THAT(wrong_in("request_mib: 100"), IsEmpty());
  EXPECT_THAT(wrong_in("request_mib_of_caller: 600"), HasSubstr("there are 512 `request_mib`"));
  EXPECT_THAT(wrong_in("connections: 0"), HasSubstr("`connections`"));
  EXPECT_THAT(wrong_in("processes: many"), HasSubstr("`processes`"));
  EXPECT_THAT(wrong_in("processes: 70000"), HasSubstr("65536"));
  EXPECT_THAT(wrong_in("proceses: 4"), HasSubstr("did you mean `processes`?"));
}

}  // namespace
}  // namespace pawl
