#include "doors/mcp/session/request_states.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view kPrefix = "pawl-";
constexpr std::size_t name_digits = 32;

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) out += fmt::format("{:02x}", c);
  return out;
}

Digest request_of(const Bound& bound) {
  return sha256({bound.run, "\n", bound.server, "\n", bound.method, "\n", bound.params});
}

}  // namespace

std::string RequestStates::seal(std::string_view name, const Bound& bound,
                                const Continuation& continuation) const {
  std::string text(name);
  const std::string params = hex(sha256(bound.params));
  for (std::string_view part : {bound.run, bound.server, bound.method, std::string_view(params)}) {
    text += fmt::format("|{}:{}", part.size(), part);
  }
  text += fmt::format("|{}|{}|{}|{}", continuation.ends.ns, continuation.round,
                      continuation.approval, continuation.parked != nullptr ? 1 : 0);
  return hex(hmac_sha256(key_, text));
}

std::string RequestStates::issue(std::string_view name, const Bound& bound,
                                 Continuation continuation, Duration now) {
  if (open_.size() >= continuations_open_max) sweep(now);
  if (open_.size() >= continuations_open_max) return {};
  continuation.ends = now + continuation_lifetime;
  continuation.request = request_of(bound);
  std::string spelled = hex_of(name);
  std::string text = fmt::format("{}{}-{}", kPrefix, spelled, seal(spelled, bound, continuation));
  open_.insert_or_assign(std::move(spelled), std::move(continuation));
  return text;
}

std::optional<Continuation> RequestStates::redeem(std::string_view text, const Bound& bound,
                                                  Duration now) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  if (text.size() <= name_digits || text[name_digits] != '-') return std::nullopt;
  const std::string name(text.substr(0, name_digits));
  const auto found = open_.find(name);
  if (found == open_.end()) return std::nullopt;
  const std::string expected = seal(name, bound, found->second);
  if (!equal_constant_time(text.substr(name_digits + 1), expected)) return std::nullopt;
  Continuation continuation = std::move(found->second);
  open_.erase(found);
  if (continuation.ends.ns <= now.ns) return std::nullopt;
  return continuation;
}

bool RequestStates::wait_for(const Bound& bound, Duration now) const {
  const Digest request = request_of(bound);
  return std::ranges::any_of(open_, [&](const auto& entry) {
    return entry.second.request == request && entry.second.ends.ns > now.ns;
  });
}

void RequestStates::forget(const Pending& parked) {
  std::erase_if(open_, [&](const auto& entry) { return entry.second.parked.get() == &parked; });
}

void RequestStates::sweep(Duration now) {
  // A parked call has a timer of its own, which takes its continuation away.
  std::erase_if(open_, [&](const auto& entry) {
    return entry.second.parked == nullptr && entry.second.ends.ns <= now.ns;
  });
}

}  // namespace pawl::mcp
