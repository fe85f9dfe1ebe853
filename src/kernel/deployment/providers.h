// `models` of the deployment file: the providers whose models may be asked through pawl, at
// `/llm/NAME/…`.
//
// The key of a provider is a credential of the deployment, which agents never see; `client` passes
// on the one that the caller sends, for people who log in with a subscription. What such a caller
// sends past pawl nobody counts, so it is not for production.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "kernel/deployment/issued.h"

namespace pawl {

enum class ProviderApi : std::uint8_t { openai, anthropic, gemini };
std::string_view to_string(ProviderApi api);

inline constexpr std::string_view client_credential = "client";

struct ModelProvider : ReachedHost {
  std::string name;
  ProviderApi api = ProviderApi::openai;
  std::string credential;  // of the deployment, or `client`
  std::string header;      // the field that carries it; empty: as the API has it
  Position at;

  bool passes_client() const { return credential == client_credential; }
};

}  // namespace pawl
