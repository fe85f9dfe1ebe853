// What goes through the two pipes between the node and its parser: a length of four bytes, least
// first, then so many bytes. A request is the text. A reply is one letter and its words: `+` and a
// summary as JSON, or `-` and why there is none. One reply for each request, in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pawl::sql {

inline constexpr std::size_t reply_bytes_max = 256UL << 10;

inline std::array<char, 4> length_bytes(std::size_t length) {
  const auto n = static_cast<std::uint32_t>(length);
  return {static_cast<char>(n & 0xff), static_cast<char>((n >> 8) & 0xff),
          static_cast<char>((n >> 16) & 0xff), static_cast<char>(n >> 24)};
}

inline std::size_t length_of(std::string_view four) {
  std::size_t length = 0;
  for (std::size_t i = 4; i-- > 0;) length = (length << 8) | static_cast<unsigned char>(four[i]);
  return length;
}

inline std::string framed(std::string_view body) {
  const std::array<char, 4> length = length_bytes(body.size());
  std::string out(length.data(), length.size());
  return out.append(body);
}

}  // namespace pawl::sql
