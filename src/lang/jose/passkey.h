// Passkeys (WebAuthn Level 3): what an authenticator says when it makes a key for a person, and
// when it proves to have one.
//
//   const auto made = read_new_passkey(asked, client, authenticator);    at enrolment, once
//   const auto proved = check_passkey(asked, key, said);                 at each sign-in
//
// An authenticator speaks of a *site* (the host of a page, without its port), the browser of the
// page's whole origin. Both are compared here, letter for letter, so that a page of another port of
// this machine, for which the authenticator would sign as well, proves nothing. The person has to
// have been there and have been recognised (a PIN, a finger). Who made the authenticator is not
// asked: no attestation is looked at, so none is wanted. Keys are on P-256 (ES256).
// Pure: the challenge is the caller's to make, to remember and to count once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "lang/jose/key.h"

namespace pawl::jose {

inline constexpr std::size_t passkey_client_bytes_max = 8UL << 10;
inline constexpr std::size_t passkey_id_bytes_max = 1023;  // as WebAuthn bounds it
inline constexpr std::size_t passkey_id_bytes_min = 16;

// What the page was asked to have signed, and which page it is.
struct PasskeyAsked {
  std::string challenge;  // base64url, as the browser repeats it
  std::string origin;     // `https://gate.example:8443`
};
// The site of an origin: its host in lower case. Empty where it has none that passkeys know:
// addresses of machines are no sites.
std::string site_of(std::string_view origin);

// A key that a person has, as it is kept: `passkey$SITE$ID$X$Y$LABEL`, in base64url but for the
// site.
struct Passkey {
  std::string site, id, x, y;
  std::string label;  // how the person calls it; it is not text of ours
  friend bool operator==(const Passkey&, const Passkey&) = default;
};
std::string to_string(const Passkey& passkey);
std::optional<Passkey> read_passkey(std::string_view text);
// Its key; ErrorKind::invalid where it is no point of the curve.
Result<PublicKey> key_of(const Passkey& passkey);

// ErrorKind::refused: what was said is not what was asked, here and now, by a person who was
// recognised. ErrorKind::invalid: it has not the promised form.
Result<Passkey> read_new_passkey(const PasskeyAsked& asked, std::string_view client,
                                 std::string_view authenticator);

struct PasskeySaid {
  std::string client;         // the browser's JSON, as its bytes came
  std::string authenticator;  // what the authenticator says
  std::string signature;      // over both, in DER
};
// How often the key was used, as the authenticator counts it; 0: it does not count.
Result<std::uint32_t> check_passkey(const PasskeyAsked& asked, const Passkey& passkey,
                                    const PasskeySaid& said);

}  // namespace pawl::jose
