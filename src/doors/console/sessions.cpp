#include "doors/console/sessions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "lang/jose/base64url.h"

namespace pawl::console {
namespace {

constexpr std::size_t kSecretBytes = 32;

}  // namespace

bool Sessions::over(const Session& session, Duration now) const {
  return now.ns - session.used.ns >= limits_.idle_max.ns ||
         now.ns - session.began.ns >= limits_.life_max.ns;
}

// The oldest of the person, or of all, goes.
void Sessions::make_room(const std::string& person) {
  const auto of_person =
      std::ranges::count_if(sessions_, [&](const auto& s) { return s.second.person == person; });
  const bool many = static_cast<std::size_t>(of_person) >= limits_.sessions_of_one_max;
  if (!many && sessions_.size() < limits_.sessions_max) return;
  auto oldest = sessions_.end();
  for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
    if (many && at->second.person != person) continue;
    if (oldest == sessions_.end() || at->second.number < oldest->second.number) oldest = at;
  }
  sessions_.erase(oldest);
}

Opened Sessions::open(std::string person, std::string way, std::string origin, jose::PublicKey key,
                      Duration now) {
  make_room(person);
  Opened opened{jose::base64url(random_(kSecretBytes)), jose::base64url(random_(kSecretBytes)),
                next_++};
  sessions_.emplace(to_string(sha256(opened.cookie)),
                    Session{.number = opened.number,
                            .person = std::move(person),
                            .way = std::move(way),
                            .origin = std::move(origin),
                            .token_hash = to_string(sha256(opened.token)),
                            .key = std::move(key),
                            .began = now,
                            .used = now,
                            .nonces = {}});
  return opened;
}

Session* Sessions::find(std::string_view cookie, std::string_view token, bool uses, Duration now) {
  const auto found = sessions_.find(to_string(sha256(cookie)));
  if (found == sessions_.end()) return nullptr;
  if (over(found->second, now)) {
    sessions_.erase(found);
    return nullptr;
  }
  if (found->second.token_hash != to_string(sha256(token))) return nullptr;
  if (uses) found->second.used = now;
  return &found->second;
}

Session* Sessions::numbered(std::uint64_t number) {
  const auto found =
      std::ranges::find_if(sessions_, [&](const auto& s) { return s.second.number == number; });
  return found == sessions_.end() ? nullptr : &found->second;
}

std::string Sessions::challenge(Session& session, Duration now) {
  if (session.nonces.size() >= limits_.nonces_max) session.nonces.erase(session.nonces.begin());
  std::string nonce = jose::base64url(random_(kSecretBytes));
  session.nonces.emplace_back(nonce, Duration{now.ns + limits_.nonce_life.ns});
  return nonce;
}

bool Sessions::take(Session& session, std::string_view nonce, Duration now) {
  const auto found =
      std::ranges::find_if(session.nonces, [&](const auto& one) { return one.first == nonce; });
  if (found == session.nonces.end()) return false;
  const bool counts = now.ns < found->second.ns;
  session.nonces.erase(found);
  return counts;
}

void Sessions::end(std::uint64_t number) {
  std::erase_if(sessions_, [number](const auto& s) { return s.second.number == number; });
}

void Sessions::sweep(Duration now, const std::function<bool(const Session&)>& stands) {
  std::erase_if(sessions_, [&](const auto& s) { return over(s.second, now) || !stands(s.second); });
}

std::string act_text(std::string_view node, const Session& session, std::string_view nonce,
                     std::string_view act_digest) {
  return fmt::format("pawl console act v1\n{}\n{}\n{}\n{}\n{}\n", node, session.origin,
                     session.person, nonce, act_digest);
}

}  // namespace pawl::console
