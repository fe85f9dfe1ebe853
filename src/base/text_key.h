// A short text in three machine words, so that comparing two names costs no loop and no call.
//
// The key is the size, the first eight bytes and the last eight bytes of a text (zeros behind a
// shorter one). Equal texts have equal keys. Of texts of at most `TextKey::exact_bytes_max` bytes
// only equal ones have equal keys; longer ones are compared in full after their keys.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pawl {

struct TextKey {
  static constexpr std::size_t exact_bytes_max = 16;

  std::uint64_t head = 0;
  std::uint64_t tail = 0;  // 0 where the text has less than eight bytes
  std::uint64_t size = 0;

  static TextKey of(std::string_view text);

  bool exact() const { return size <= exact_bytes_max; }
  // Spreads names over a table. A person who chooses names can make them collide: a table must stay
  // right, and no slower than a list, when they do.
  std::uint64_t hash() const;

  friend bool operator==(const TextKey& a, const TextKey& b) {
    return ((a.head ^ b.head) | (a.tail ^ b.tail) | (a.size ^ b.size)) == 0;
  }
};

inline TextKey TextKey::of(std::string_view text) {
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest one");
  const auto load8 = [](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  };
  const auto load4 = [](const char* at) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return std::uint64_t{word};
  };
  const auto byte = [](char c) { return std::uint64_t{static_cast<unsigned char>(c)}; };
  const char* const at = text.data();
  const std::size_t size = text.size();
  if (size >= 8) return {load8(at), load8(at + size - 8), size};
  if (size >= 4) return {load4(at) | load4(at + size - 4) << 8 * (size - 4), 0, size};
  if (size == 0) return {};
  // One, two or three bytes: the middle one is the first or the last where there is none between.
  return {byte(at[0]) | byte(at[size / 2]) << 8 * (size / 2) | byte(at[size - 1]) << 8 * (size - 1),
          0, size};
}

inline std::uint64_t TextKey::hash() const {
  constexpr std::uint64_t first_factor = 0x9E37'79B9'7F4A'7C15;
  constexpr std::uint64_t second_factor = 0xC2B2'AE3D'27D4'EB4F;
  const std::uint64_t mixed = (head ^ size) * first_factor ^ std::rotl(tail * second_factor, 29);
  return mixed ^ mixed >> 32;
}

}  // namespace pawl
