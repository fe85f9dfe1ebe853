// Addresses that requests of ours go to.
#include "kernel/deployment/deployment_read.h"
#include "kernel/deployment/web_address.h"

namespace pawl {
namespace {

bool read_address_of(std::string_view url, ReachedHost& into) {
  const auto address = parse_web_address(url);
  if (!address) return false;
  into.host = address->host;
  into.port = address->port;
  return true;
}

}  // namespace

void read_url(DeploymentBuild& build, const yaml::Entry& key, ReachedHost& into) {
  const auto url = build.reading.text(key.value, key.key);
  if (!url) return;
  if (read_address_of(*url, into)) {
    into.url = *url;
  } else {
    build.reading.mistake(key.value.at,
                          "this is no address of a server: expected "
                          "`https://HOST/PATH`, without a user and without `#`");
  }
}

void check_way(DeploymentBuild& build, const yaml::Node& node, std::string_view what,
               ReachedHost& into) {
  const auto address = parse_web_address(into.url);
  if (!address) return;
  if (!address->encrypted && !into.own_network && !address->here()) {
    build.reading.mistake(node.entry(what)->value.at,
                          "`http` is read by everybody on the way: expected `https`, or "
                          "`private: true` where the way is your own");
  }
  // Nobody resolves a number to anything else: who writes one means it.
  if (address->numeric() || address->here()) into.own_network = true;
}

bool take_url(std::string_view url, ReachedHost& into) {
  if (!read_address_of(url, into)) return false;
  into.url = url;
  return true;
}

}  // namespace pawl
