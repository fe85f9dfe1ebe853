// Checkpoints as C2SP signed notes, and the Ed25519 key that signs them.
//
//   <origin>\n<size>\n<base64 of the root>\n
//   \n
//   — <name> <base64 of (4 bytes of key hash, 64 bytes of signature)>\n
//
// The signature is over the three lines before the blank one. Our notes carry one signature, and
// the key's name is the origin. Keys are spelled as C2SP spells them: `name+hash+base64(0x01 key)`,
// with `PRIVATE+KEY+` before a private one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"

struct evp_pkey_st;

namespace pawl::journal {

inline constexpr std::size_t origin_bytes_max = 128;
// Three lines, a blank one and a signature line, with the longest origin.
inline constexpr std::size_t checkpoint_bytes_max = 2 * origin_bytes_max + 256;

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Neither empty nor longer than `origin_bytes_max`; printable ASCII without blank and `+`.
bool valid_origin(std::string_view origin);

struct PkeyDeleter {
  void operator()(evp_pkey_st* key) const;
};
using Pkey = std::unique_ptr<evp_pkey_st, PkeyDeleter>;

class PublicKey {
 public:
  static Result<PublicKey> parse(std::string_view text);

  const std::string& name() const { return name_; }
  std::string text() const;

  // Reads one note, nothing before and nothing behind it, and checks its signature.
  // ErrorKind::invalid: not a note; ErrorKind::corrupt: not signed by this key.
  Result<Checkpoint> verify(std::string_view note) const;
  // The counterpart of NodeKey::prove.
  bool proves(std::string_view text, std::string_view signature_base64) const;

 private:
  friend class NodeKey;
  PublicKey(std::string name, std::string raw, Pkey key);

  std::string name_;
  std::string raw_;   // 32 bytes
  std::string hash_;  // 4 bytes
  Pkey key_;
};

class NodeKey {
 public:
  // `seed`: 32 random bytes.
  static Result<NodeKey> from_seed(std::string_view name, std::string_view seed);
  static Result<NodeKey> parse(std::string_view text);
  NodeKey(NodeKey&&) noexcept = default;
  NodeKey& operator=(NodeKey&&) noexcept = default;
  ~NodeKey();

  std::string text() const;  // secret
  const PublicKey& public_key() const { return public_; }

  // The whole note. Precondition: the checkpoint's origin is the key's name.
  std::string sign(const Checkpoint& checkpoint) const;

  // Base64 of a signature over a text that can never be taken for a checkpoint: the caller's text
  // begins with a line that names its purpose and holds a character that no origin has (a blank
  // or `+`). Anything else is refused with an empty answer.
  std::string prove(std::string_view text) const;

 private:
  NodeKey(std::string seed, PublicKey key, Pkey secret);

  std::string seed_;
  PublicKey public_;
  Pkey secret_;
};

}  // namespace pawl::journal
