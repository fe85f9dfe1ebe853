#include "kernel/deployment/providers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/deployment/deployment.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

LoadedDeployment load(std::string_view models) {
  return load_deployment(
      "roles: {sre: {file: sre.yaml}, desk: {file: desk.yaml}}\n"
      "credentials:\n"
      "  key: {env: KEY, roles: [sre, desk],\n"
      "    accept_risk: {reason: r, owner: o, until: 2099-01-01}}\n"
      "  bound: {env: OTHER, hosts: [api.anthropic.com], roles: [sre]}\n" +
          std::string(models),
      "d.yaml");
}

std::string mistakes(std::string_view models) {
  std::string all;
  for (const Error& error : load(models).errors) all += to_string(error) + "\n";
  return all;
}

TEST(Providers, HaveTheApiAndTheAddressOfTheirName) {
  const LoadedDeployment loaded = load(
      "models:\n  openai: {credential: key}\n  anthropic: {credential: bound}\n"
      "  own: {api: gemini, url: \"http://127.0.0.1:8080/base\", credential: client}\n");
  ASSERT_TRUE(loaded.errors.empty()) << to_string(loaded.errors.front());
  const auto& providers = loaded.deployment->providers;
  EXPECT_EQ(providers.at("openai").host, "api.openai.com");
  EXPECT_EQ(providers.at("anthropic").api, ProviderApi::anthropic);
  const ModelProvider& own = providers.at("own");
  EXPECT_EQ(own.api, ProviderApi::gemini);
  EXPECT_TRUE(own.passes_client());
  EXPECT_TRUE(own.own_network);
}

TEST(Providers, TheirCredentialsGoNowhereElse) {
  const LoadedDeployment loaded = load("models: {anthropic: {credential: bound}}\n");
  ASSERT_TRUE(loaded.deployment);
  const Deployment& d = *loaded.deployment;
  EXPECT_TRUE(d.check_use("bound", {"sre"}, "model:anthropic", "claude"));
  EXPECT_FALSE(d.check_use("bound", {"desk"}, "model:anthropic", "claude"));
  EXPECT_FALSE(d.check_use("bound", {"sre"}, "model:other", "claude"));
  EXPECT_THAT(mistakes("models: {openai: {credential: bound}}\n"),
              HasSubstr("may not be sent to the host `api.openai.com`"));
}

TEST(Providers, MistakesAreSaid) {
  EXPECT_THAT(mistakes("models: {acme: {credential: key}}\n"), HasSubstr("has no `api`"));
  EXPECT_THAT(mistakes("models: {openai: {}}\n"), HasSubstr("has no `credential`"));
  EXPECT_THAT(mistakes("models: {openai: {credential: kex}}\n"), HasSubstr("did you mean `key`?"));
  EXPECT_THAT(mistakes("models: {openai: {credential: key, url: \"http://example.com\"}}\n"),
              HasSubstr("is read by everybody on the way"));
  EXPECT_THAT(mistakes("servers: {\"model:x\": {command: [x]}}\n"), HasSubstr("reserved"));
}

}  // namespace
}  // namespace pawl
