// Bytes of a text, and how few tokens they can be.
#pragma once

#include <cstdint>
#include <string_view>

namespace pawl {

// No token of a published vocabulary has more bytes, once a run of one byte counts as one.
inline constexpr std::uint64_t token_bytes_most = 64;

class ByteRuns {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      if (c != before_) ++runs_;
      before_ = c;
    }
    bytes_ += text.size();
  }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t tokens_least() const {
    return runs_ / token_bytes_most + (runs_ % token_bytes_most != 0 ? 1 : 0);
  }

 private:
  std::uint64_t bytes_ = 0, runs_ = 0;
  char before_ = '\0';
};

}  // namespace pawl
