// The head of a request: bytes in, a value or a refusal out. No sockets, no time.
//
// Whatever two readers could understand differently is refused, because a proxy before us or behind
// us may be the other reader (request smuggling). Before the parser (Boost.Beast) sees a head, its
// bytes are looked at: lines end in CR LF and nothing else, no folded lines, no blank before a
// colon, no NUL and no other control character, one blank between the parts of the request line.
// After it, the fields are judged that say where the request ends and whom it is for.
//
// What is refused, and with what: 400 for everything ambiguous; 413, 414, 431 for what is too long;
// 417 for an expectation other than 100-continue; 501 for transfer codings but `chunked` and for
// CONNECT and TRACE; 505 for versions but 1.0 and 1.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "io/http/limits.h"
#include "io/http/message.h"

namespace pawl::http {

// Looks for the blank line at the end of a head; `seen` bytes were looked at before. The number of
// bytes up to and including it, or 0 where it has not come. A line that ends without CR is refused
// at once: its sender may be waiting for an answer already.
std::expected<std::size_t, Refusal> head_end(std::string_view bytes, std::size_t seen);

// How the body is delimited.
struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked };
  Kind kind = Kind::none;
  std::uint64_t body_bytes = 0;  // of `length`
};

struct Head {
  Request request;  // without body and remote
  bool http10 = false;
  bool last = false;     // the client wants the connection closed after the answer
  bool expects = false;  // it waits for 100 Continue before it sends the body
  Framing framing;
};

// `bytes` is a whole head with its blank line.
std::expected<Head, Refusal> read_head(std::string_view bytes, const ServerLimits& limits);

}  // namespace pawl::http
