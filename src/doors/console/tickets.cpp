#include "doors/console/tickets.h"

#include <cassert>
#include <cstdint>

#include "base/hash.h"
#include "lang/jose/base64url.h"

namespace pawl::console {
namespace {

constexpr std::size_t kRandomBytes = 16, kEndBytes = 8, kMacBytes = 32;
constexpr std::size_t kTicketHead = kRandomBytes + kEndBytes;

std::string in_bytes(std::int64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> shift & 0xFFU);
  }
  return bytes;
}

Duration end_in(std::string_view head) {
  std::uint64_t number = 0;
  for (const char byte : head.substr(kRandomBytes)) {
    number = number << 8 | static_cast<std::uint8_t>(byte);
  }
  return Duration{static_cast<std::int64_t>(number)};
}

}  // namespace

std::string Tickets::mac(std::string_view purpose, std::string_view bound,
                         std::string_view head) const {
  std::string text = "pawl console ticket v1\n";
  for (const std::string_view part : {purpose, bound}) text.append(part).append("\n");
  text.append(head);
  return std::string(bytes_of(hmac_sha256(secret_, text)));
}

std::string Tickets::give(std::string_view purpose, std::string_view bound, std::string_view random,
                          Duration now) const {
  std::string head(random.substr(0, kRandomBytes));
  head.resize(kRandomBytes);
  head += in_bytes(now.ns + limits_.life.ns);
  return jose::base64url(head + mac(purpose, bound, head));
}

bool Tickets::good(std::string_view ticket, std::string_view purpose, std::string_view bound,
                   Duration now) const {
  std::string bytes;
  if (!jose::unbase64url(ticket, bytes) || bytes.size() != kTicketHead + kMacBytes) return false;
  const std::string_view head = std::string_view(bytes).substr(0, kTicketHead);
  if (!equal_constant_time(std::string_view(bytes).substr(kTicketHead),
                           mac(purpose, bound, head))) {
    return false;
  }
  return now.ns < end_in(head).ns;
}

Duration Tickets::age(std::string_view ticket, Duration now) const {
  std::string bytes;
  const bool whole = jose::unbase64url(ticket, bytes) && bytes.size() == kTicketHead + kMacBytes;
  assert(whole);
  if (!whole) return {};
  const Duration end = end_in(std::string_view(bytes).substr(0, kTicketHead));
  return Duration{now.ns - (end.ns - limits_.life.ns)};
}

std::string Tickets::secret_for(std::string_view ticket, std::string_view word) const {
  std::string text = "pawl console secret v1\n";
  text.append(word).append("\n").append(ticket);
  return jose::base64url(bytes_of(hmac_sha256(secret_, text)));
}

}  // namespace pawl::console
