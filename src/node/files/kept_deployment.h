// The bytes of the deployment file that was accepted, kept in the state directory: where the file
// says something laxer when the node starts, it starts with these (rule 14).
//
//   deployment-HEX.yaml     HEX: SHA-256 of the bytes, which the journal holds as a pin
//   deployment-place        where the file stood, links followed
//
// A name for each digest: there is no moment at which the one that the journal names is not there.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::node {

struct KeptFile {
  const std::string &text, &place;
};
// Written beside it, synced and renamed. Of older ones, only the one of `before` stays.
Status keep_deployment(const std::string& state_directory, const KeptFile& file,
                       std::string_view before);
// Empty: unknown.
std::string kept_place(const std::string& state_directory);

// The bytes with this digest. ErrorKind::missing where they are not there, ErrorKind::corrupt where
// others stand in their place.
Result<std::string> kept_deployment(const std::string& state_directory, std::string_view digest);

// The text with the key of this prefix marked as revoked wherever it is a key; everything else byte
// for byte.
std::string with_key_revoked(std::string text, std::string_view prefix);

}  // namespace pawl::node
