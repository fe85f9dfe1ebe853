// A body in chunks, from bytes that are cut anywhere.
//
// Strict on purpose: a size is one to sixteen hexadecimal digits and nothing before them; a chunk
// extension follows its semicolon at once and holds no control character; lines end in CR LF; there
// is not a trailer. What a proxy might read in another way ends the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "io/http/limits.h"
#include "io/http/message.h"

namespace pawl::http {

class ChunkReader {
 public:
  // Takes from the front of `bytes` what belongs to the body, and appends what it means to `body`.
  // Nothing is taken after the end.
  std::expected<void, Refusal> feed(std::string_view& bytes, std::string& body,
                                    const ServerLimits& limits);
  bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size,        // the first digit, or more
    extension,   // between `;` and CR
    size_end,    // the LF of a size line
    content,     // bytes of the chunk
    content_cr,  // the CR LF after them
    content_lf,
    trailer_start,  // after the size line of zero: only the blank line may come
    trailer_end,
    done,
  };
  std::expected<void, Refusal> take_size(char c, const ServerLimits& limits);
  std::expected<void, Refusal> take(char c, const ServerLimits& limits);
  std::expected<void, Refusal> end_size(std::size_t body_bytes, const ServerLimits& limits);

  State state_ = State::size;
  unsigned digits_ = 0;
  std::uint64_t left_ = 0;
  std::size_t extension_bytes_ = 0;  // of the whole body
};

}  // namespace pawl::http
