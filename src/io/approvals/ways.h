// The ways by which a reviewer is known: one text, of a passphrase's verifier (proof.h) and of
// passkeys (lang/jose/passkey.h), with a blank between two of them. A record of an enrolment has
// all of them: a later one replaces what there was.
// Pure. Parts that are of neither form are kept where they stand, and prove nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lang/jose/passkey.h"

namespace pawl {

inline constexpr std::size_t passkeys_max = 8;  // of one person

std::vector<std::string> ways_of(std::string_view verifier);
std::vector<jose::Passkey> passkeys_of(std::string_view verifier);
// `passphrase`, `passkey` or both, for records and lists.
std::string kinds_of(std::string_view verifier);

// Whether each of the ways of `wanted` is one of the person's.
bool is_known_by(std::string_view verifier, std::string_view wanted);

// ErrorKind::invalid: it is not a passkey. ErrorKind::refused: the person has it already, or too
// many.
Result<std::string> with_passkey(std::string_view verifier, std::string_view passkey);
// ErrorKind::missing: the person has none with this id. ErrorKind::refused: nothing would be left.
Result<std::string> without_passkey(std::string_view verifier, std::string_view id);

}  // namespace pawl
