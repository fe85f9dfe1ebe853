// Undoes escapes in a text that comes byte by byte, and keeps where in the source each byte stood.
// Inside of this room: scrub.cpp reads a text through several of these.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pawl {

// One byte of a decoded text, and the part of the source that stands for it.
struct Decoded {
  char byte = 0;
  bool escaped = false;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// What stands behind a backslash in JSON, but for `u`, and what it means.
inline constexpr std::string_view json_names = "\"\\/bfnrt";
inline constexpr std::string_view json_means = "\"\\/\b\f\n\r\t";
int hex_value(char digit);  // -1 where it is none

enum class Escapes : std::uint8_t { none, percent, json };

class Decoder {
 public:
  explicit Decoder(Escapes escapes = Escapes::none) : escapes_(escapes) {}

  template <class Out>
  void take(const Decoded& one, Out&& out) {
    if (count_ == 0 && one.byte != mark()) {
      out(one);
      return;
    }
    held_[count_++] = one;
    resolve(out, false);
  }
  // Nothing more comes: what began as an escape is none.
  template <class Out>
  void finish(Out&& out) {
    resolve(out, true);
  }

  bool idle() const { return count_ == 0; }
  // Where the escape begins that is not decided yet. Precondition: not idle.
  std::uint64_t pending() const { return held_[0].begin; }

 private:
  // An escape in full: how many bytes of it were read, and what they stand for.
  struct Escape {
    std::size_t taken = 0;  // 0: more is needed; 1 with no text: not an escape
    std::string text;
  };

  char mark() const { return escapes_ == Escapes::percent ? '%' : '\\'; }
  Escape read() const;
  Escape read_json() const;
  Escape read_unicode() const;
  // The four digits from `at` on: a number, -1 where one is not a digit, -2 where more is needed.
  int digits(std::size_t at, std::size_t count) const;

  template <class Out>
  void resolve(Out&& out, bool last) {
    while (count_ > 0) {
      const Escape escape = held_[0].byte == mark() ? read() : Escape{1, {}};
      if (escape.taken == 0 && !last) return;
      const std::size_t taken = std::max<std::size_t>(escape.taken, 1);
      if (escape.text.empty()) out(held_[0]);
      for (const char byte : escape.text) {
        out(Decoded{byte, true, held_[0].begin, held_[taken - 1].end});
      }
      std::copy(held_.begin() + static_cast<std::ptrdiff_t>(taken),
                held_.begin() + static_cast<std::ptrdiff_t>(count_), held_.begin());
      count_ -= taken;
    }
  }

  Escapes escapes_;
  std::array<Decoded, 12> held_{};  // two `\uXXXX`
  std::size_t count_ = 0;
};

}  // namespace pawl
