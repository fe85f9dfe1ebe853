#include "kernel/deployment/providers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"
#include "kernel/policy/models.h"

namespace pawl {

namespace {

constexpr std::string_view kApi = "api";

struct KnownApi {
  std::string_view name, url;
  ProviderApi api;
};
constexpr std::array<KnownApi, 3> kApis = {{
    {"openai", "https://api.openai.com", ProviderApi::openai},
    {"anthropic", "https://api.anthropic.com", ProviderApi::anthropic},
    {"gemini", "https://generativelanguage.googleapis.com", ProviderApi::gemini},
}};

const KnownApi* known_api(std::string_view name) {
  const auto found = std::ranges::find(kApis, name, &KnownApi::name);
  return found == kApis.end() ? nullptr : &*found;
}

void read_api(DeploymentBuild& build, ModelProvider& into, const yaml::Entry& key) {
  build.reading.word(key.value, key.key, {"openai", "anthropic", "gemini"});
  if (const KnownApi* known = known_api(key.value.text)) into.api = known->api;
}

void read_key(DeploymentBuild& build, ModelProvider& into, const yaml::Entry& key) {
  text<&ModelProvider::credential>(build, into, key);
  if (!into.passes_client()) build.carried.push_back({into.credential, key.value.at});
}

constexpr auto kProviderKeys = section_keys<DeploymentBuild, ModelProvider>(
    Section::provider,
    {
        {kApi, "`openai`, `anthropic` or `gemini`", "by the name", 0, "Which API it speaks.",
         read_api},
        {kUrl, "text", "the API's own", 0,
         "Where it is reached: `https://HOST`. `http` only on this machine, or with `private`.",
         url<>},
        {"credential", "text", "required", 0,
         "The credential with its key; `client` passes on the caller's own, outside production.",
         read_key},
        {kHeader, "text", "as the API has it", 0,
         "The header field whose whole value the credential is.",
         header_name<&ModelProvider::header>},
        {kPrivate, "true or false", "false", 0,
         "Its name may stand for an address in a private network or on this machine.",
         boolean<&ReachedHost::own_network>},
        {kCa, "text", "the system's", 0,
         "A PEM file: the certificates that vouch for it, and no others do.",
         text<&ReachedHost::ca>},
    });

void choose_api(DeploymentBuild& build, const yaml::Entry& entry, ModelProvider& provider) {
  const KnownApi* by_name = known_api(entry.key);
  if (entry.value.entry(kApi) == nullptr) {
    if (by_name == nullptr) return build.reading.missing(entry.value, Section::provider, kApi);
    provider.api = by_name->api;
  }
  if (entry.value.entry(kUrl) != nullptr) return;
  const auto own = std::ranges::find(kApis, provider.api, &KnownApi::api);
  (void)take_url(own->url, provider);
}

}  // namespace

std::string_view to_string(ProviderApi api) {
  return std::ranges::find(kApis, api, &KnownApi::api)->name;
}

void read_model_provider(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  if (!build.named(entry, "provider")) return;
  ModelProvider provider;
  provider.name = entry.key;
  provider.at = entry.key_at;
  if (!read_section(build, entry.value, kProviderKeys, provider)) return;
  choose_api(build, entry, provider);
  check_way(build, entry.value, kUrl, provider);
  into.providers.emplace(entry.key, std::move(provider));
}

void check_model_providers(DeploymentBuild& build) {
  for (const auto& [name, provider] : build.into.providers) {
    const auto carried = build.into.credentials.find(provider.credential);
    if (carried == build.into.credentials.end()) continue;
    const std::string server = std::string(model_prefix) + name;
    if (!carried->second.tools.empty()) continue;  // of which model is not known here
    const Status fits = build.into.check_use(carried->first, carried->second.roles, server, {});
    if (!fits) build.reading.mistake(provider.at, fits.error().message);
  }
}

void list_model_provider_keys(std::vector<Key>& into) {
  kProviderKeys.list(into);
}

}  // namespace pawl
