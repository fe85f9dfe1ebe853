// Argon2id with one lane (RFC 9106, version 1.3), for a browser: it turns a reviewer's passphrase
// into the key that signs what they decide, so that the passphrase never leaves the page.
//
// Made without a library, because it is compiled to WebAssembly and has nothing under it. The node
// itself uses libargon2 (io/approvals/proof.h); a test compares the two.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pawl::wasm {

inline constexpr std::size_t block_words = 128;  // 1 KiB
inline constexpr std::size_t key_bytes = 32;

struct Argon2id {
  const std::uint8_t* passphrase;
  std::uint32_t passphrase_bytes;
  const std::uint8_t* salt;
  std::uint32_t salt_bytes;
  std::uint32_t passes;
  std::uint32_t blocks;  // at least 8, a multiple of four; each takes `block_words`
  std::uint64_t* memory;
};

// Writes `key_bytes` bytes. The memory holds traces of the passphrase afterwards: `wipe` it.
void argon2id(const Argon2id& what, std::uint8_t* key);

void wipe(std::uint64_t* memory, std::size_t words);

}  // namespace pawl::wasm
