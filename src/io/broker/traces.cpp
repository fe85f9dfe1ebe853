#include "io/broker/traces.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace pawl::broker {

bool Traces::remember(const std::string& server, const std::string& name, std::string_view value) {
  OfServer& of = servers_[server];
  const auto known =
      std::ranges::find_if(of.sent, [&](const Sent& one) { return one.value.bytes() == value; });
  if (known != of.sent.end()) return true;
  of.sent.push_back({name, secrets::Credential::copy_of(value)});
  if (of.sent.size() > remembered_max) of.sent.pop_front();
  std::vector<Scrubber::Secret> all;
  for (const Sent& one : of.sent) all.push_back({one.name, one.value.bytes()});
  auto made = Scrubber::make(all);
  if (!made) {
    of.sent.pop_back();
    return false;
  }
  of.scrubber.emplace(*std::move(made));
  return true;
}

void Traces::scrub(std::string_view server, std::string& text) const {
  const auto of = servers_.find(server);
  if (of != servers_.end() && of->second.scrubber) text = of->second.scrubber->scrub(text);
}

}  // namespace pawl::broker
