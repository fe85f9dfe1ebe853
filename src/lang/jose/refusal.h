// Why a token is refused: what is wrong, where in the token, and what a door answers.
//
// A door never says more to a stranger than the challenge of RFC 6750; the record has all of it.
// Nothing of a token's signature or of a key is in a message, and what a message quotes of a token
// is cut and visible.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace pawl::jose {

enum class Flaw : std::uint8_t {
  size,         // longer than any honest token
  form,         // not three parts, or not base64url
  json,         // a part is not one JSON object, or holds a key twice
  header,       // a header member of the wrong form
  algorithm,    // none, symmetric, unknown, or another than the key's
  brings_key,   // the token names or holds the key that should check it
  critical,     // asks for an unknown extension
  type,         // another kind of token
  key_unknown,  // no key of the issuer has this name
  signature,    // not signed by that key
  claim,        // a claim is missing or has the wrong form
  issuer,
  audience,
  party,  // issued to a client that is not one of ours
  subject,
  expired,
  not_yet,
  wider,  // claims more than what it was derived from
  scope,  // valid, but not for this
};

// The error codes of RFC 6750, section 3.1, and their HTTP statuses.
enum class Challenge : std::uint8_t { invalid_token, insufficient_scope };

struct Refusal {
  Flaw flaw = Flaw::form;
  std::string at;       // `token`, `header.alg`, `claims.exp`, …
  std::string message;  // lowercase, no full stop
};

template <class T>
using Checked = std::expected<T, Refusal>;

std::unexpected<Refusal> refuse(Flaw flaw, std::string at, std::string message);

std::string_view name_of(Flaw flaw);
Challenge challenge_of(Flaw flaw);
std::string_view name_of(Challenge challenge);
int status_of(Challenge challenge);  // 401 or 403
// `claims.exp: expired 5m ago`
std::string to_string(const Refusal& refusal);

// Text of a stranger for a message: visible, cut, in backticks.
std::string quoted(std::string_view text);

}  // namespace pawl::jose
