// Any bytes as a policy file, as a layer, as a bundle and as a deployment file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/policy.h"

namespace {

constexpr std::size_t bytes_max = 1UL << 16;

void must(bool holds) {
  if (!holds) std::abort();
}

// UTC and one zone with summer time, whose table is part of a bundle.
pawl::Result<pawl::Zone> zone_of(std::string_view name) {
  constexpr std::string_view known = "Europe/Berlin";
  if (name == "UTC") return pawl::Zone();
  if (name != known) return pawl::fail(pawl::ErrorKind::missing, "no such zone here");
  static const std::string table = [] {
    std::ifstream in("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }();
  return pawl::Zone::parse(table, known);
}

void fuzz_policy(std::string_view text) {
  pawl::LoadSources sources;
  sources.read = [](std::string_view) -> pawl::Result<std::string> { return "one\ntwo\n"; };
  sources.zone = zone_of;
  sources.credentials = {"c"};
  const pawl::Loaded loaded = pawl::load_policy(text, "p", sources);
  must((loaded.policy == nullptr) != loaded.errors.empty());
  for (const pawl::Error& error : loaded.errors) must(error.fault != pawl::ErrorKind::internal);
  if (loaded.policy == nullptr) return;
  const pawl::Loaded again = pawl::load_bundle(loaded.policy->bundle, "p");
  must(again.policy != nullptr && again.policy->digest == loaded.policy->digest);
  for (const pawl::ToolRule& entry : loaded.policy->tools) {
    for (const std::string& name : entry.names) {
      loaded.policy->find("", name);
      loaded.policy->blocks("server", name);
    }
    pawl::bind(*loaded.policy, entry, nullptr, pawl::Instant{});
  }
}

// The text as a layer over a role: what loads, loads again from its bundle.
void fuzz_layer(std::string_view text) {
  constexpr std::string_view role =
      "agent: {id: a}\ntools: {allowed: [{name: one, class: read_only}]}\n";
  pawl::LoadSources sources;
  sources.read = [](std::string_view) -> pawl::Result<std::string> { return "one\ntwo\n"; };
  sources.zone = zone_of;
  const pawl::Loaded alone = pawl::load_layer(text, "l", sources);
  must((alone.policy == nullptr) != alone.errors.empty());
  sources.layers.push_back({"l", std::string(text), sources.read});
  const pawl::Loaded loaded = pawl::load_policy(role, "p", sources);
  must((loaded.policy == nullptr) == (alone.policy == nullptr));
  if (loaded.policy == nullptr) return;
  must(loaded.policy->find("", "one") != nullptr && loaded.policy->tools.size() == 1);
  const pawl::Loaded again = pawl::load_bundle(loaded.policy->bundle, "p");
  must(again.policy != nullptr && again.policy->digest == loaded.policy->digest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > bytes_max) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  fuzz_policy(text);
  fuzz_layer(text);
  const pawl::LoadedDeployment deployment = pawl::load_deployment(text, "d");
  must(deployment.deployment.has_value() == deployment.errors.empty());
  const pawl::Loaded bundle = pawl::load_bundle(text, "b");
  must((bundle.policy == nullptr) != bundle.errors.empty());
  return 0;
}
