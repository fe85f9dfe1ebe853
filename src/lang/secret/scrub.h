// Takes secrets that are known out of texts: results, errors and logs of a call that used them.
//
//   auto scrubber = Scrubber::make({{{"mail-relay", token}}});
//   std::string clean = scrubber->scrub(result);
//
//   ScrubStream stream(*scrubber);                 // the same, for a text that comes in pieces
//   stream.feed(piece, out);  …  stream.finish(out);
//
// A secret is found as it stands, in base64 of either alphabet wherever in a longer text it begins,
// in hexadecimal, and each of these percent-encoded (also twice), JSON-escaped (also twice: JSON
// inside of a text of JSON) or percent-encoded inside of JSON. Which characters are escaped does
// not matter. In its place stands `[redacted NAME]`; what is cut covers whole escapes, so that JSON
// stays JSON. Of a secret in base64 up to two characters at each end stay where they also hold bits
// of its neighbours.
// An attacker who means to get a secret through can always invent another encoding: this is against
// what servers do by themselves. Takes time linear in the text, whatever the text is. The automaton
// holds the secrets, and wipes itself. Pure; immutable; a stream belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

// Shorter ones would be found in ordinary texts.
inline constexpr std::size_t scrubbed_bytes_min = 8;
inline constexpr std::size_t scrubbed_bytes_max = 16UL << 10;

class Scrubber {
 public:
  struct Secret {
    std::string_view name;  // stands in the text instead; printable, without quotes and backslash
    std::string_view value;
  };

  // ErrorKind::invalid: a value is too short or too long, or a name could not stand in a text.
  static Result<Scrubber> make(std::span<const Secret> secrets);
  Scrubber(Scrubber&&) noexcept = default;
  Scrubber& operator=(Scrubber&&) noexcept = default;
  ~Scrubber();

  std::string scrub(std::string_view text) const;

 private:
  friend class ScrubStream;
  struct Node {
    std::uint32_t child = 0;    // the first one; 0: none
    std::uint32_t sibling = 0;  // the next child of the same parent
    std::uint32_t fail = 0;     // the longest other beginning that ends here
    std::uint32_t depth = 0;
    std::uint32_t hit = 0;  // bytes of the longest pattern that ends here; 0: none
    std::uint16_t secret = 0;
    char byte = 0;
  };

  Scrubber() = default;
  void add(std::string_view pattern, std::size_t secret);
  void add_all(std::string_view value, std::size_t secret);
  void link();
  std::uint32_t child_of(std::uint32_t node, char byte) const;
  std::uint32_t next(std::uint32_t state, char byte) const;

  std::vector<Node> nodes_;
  std::array<std::uint32_t, 256> first_{};  // the children of the root
  std::vector<std::string> names_;
  std::size_t longest_ = 0;
};

class ScrubStream {
 public:
  // `scrubber` must live as long.
  explicit ScrubStream(const Scrubber& scrubber);
  ScrubStream(const ScrubStream&) = delete;
  ScrubStream& operator=(const ScrubStream&) = delete;
  ~ScrubStream();

  // Appends to `out` what cannot be part of a secret any more.
  void feed(std::string_view piece, std::string& out);
  void finish(std::string& out);
  std::size_t found() const;  // how many were taken out

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pawl
