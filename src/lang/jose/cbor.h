// CBOR (RFC 8949) as far as authenticators speak it: numbers, bytes, texts, lists, maps, true,
// false and null.
//
// Strict, so that two different byte strings are never the same value: each length in its shortest
// form, no lengths that come later, no tags, no fractions, no key twice in a map. Keys are numbers
// or texts; their order is not looked at.
// Pure. What is read is a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::jose {

inline constexpr std::size_t cbor_bytes_max = 8UL << 10;
inline constexpr std::size_t cbor_values_max = 128;
inline constexpr int cbor_depth_max = 6;

struct Cbor {
  enum class Kind : std::uint8_t { number, bytes, text, list, map, truth, nothing };
  Kind kind = Kind::nothing;
  std::int64_t number = 0;  // of `number`; 0 or 1 of `truth`
  std::string text;         // of `bytes` and `text`
  std::vector<Cbor> items;  // of `list`; of `map` keys and values in turn

  // The value of a map under a number; null: there is none, or this is not a map.
  const Cbor* find(std::int64_t key) const;
  friend bool operator==(const Cbor&, const Cbor&) = default;
};

struct CborRead {
  Cbor value;
  std::size_t size = 0;  // how many bytes it takes; others may follow
};
// ErrorKind::invalid: not of this form, or above one of the limits.
Result<CborRead> read_cbor(std::string_view bytes);

}  // namespace pawl::jose
