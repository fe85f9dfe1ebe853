// SHA-256, HMAC, CRC32C, AES in counter mode, and random bytes. OpenSSL behind one small door.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace pawl {

using Digest = std::array<std::uint8_t, 32>;

// SHA-256 of the parts in a row, without joining them.
Digest sha256(std::string_view bytes);
Digest sha256(std::initializer_list<std::string_view> parts);
Digest hmac_sha256(std::string_view key, std::string_view bytes);

std::string hex(const Digest& digest);
// `sha256:` and 64 hexadecimal digits, the spelling of digests in records, files and messages.
std::string to_string(const Digest& digest);
// The spelling back to bytes; false, and `into` is as it was, where the text is none.
bool parse_spelled(std::string_view text, Digest& into);

inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// CRC-32C (Castagnoli). `seed` continues an earlier value: crc32c(ab) == crc32c(b, crc32c(a)).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

// AES-256 in counter mode, in place: the same call seals and opens. It keeps bytes secret and
// proves nothing about them. `counter` is where the counter begins: under one key never the same
// twice for two different texts.
void aes256_ctr(const Digest& key, const std::array<std::uint8_t, 16>& counter,
                std::span<char> bytes);

// Comparison that takes the same time wherever the difference is.
bool equal_constant_time(std::string_view a, std::string_view b);

// Bytes from the kernel's generator. Never called below io/ except through a parameter.
std::string random_bytes(std::size_t count);

}  // namespace pawl
