// Requests out of a stream of bytes that comes in any pieces.
//
//   while (auto got = reader.feed(bytes); got && *got) serve(std::move(**got));
//
// After a refusal the reader is of no use any more: where the next request begins is not known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "io/http/chunk_reader.h"
#include "io/http/head.h"

namespace pawl::http {

// A request, and what its connection has to know of it.
struct Incoming {
  Request request;
  bool http10 = false;
  bool last = false;
};

class RequestReader {
 public:
  enum class Stage : std::uint8_t { idle, head, body };

  explicit RequestReader(const ServerLimits& limits) : limits_(limits) {}

  // Takes bytes from the front until a request is complete or all are taken.
  std::expected<std::optional<Incoming>, Refusal> feed(std::string_view& bytes);

  Stage stage() const { return stage_; }
  // True once for each request whose sender waits for `100 Continue`.
  bool take_expectation();
  std::size_t body_bytes() const { return incoming_.request.body.size(); }
  std::size_t held_bytes() const { return held_.size(); }

 private:
  std::expected<bool, Refusal> feed_head(std::string_view& bytes);
  std::expected<bool, Refusal> feed_body(std::string_view& bytes);

  const ServerLimits& limits_;
  Stage stage_ = Stage::idle;
  std::string held_;      // a head that is not whole yet
  std::size_t seen_ = 0;  // bytes of it that hold no end
  Incoming incoming_;
  Framing framing_;
  ChunkReader chunks_;
  bool expectation_ = false;
};

}  // namespace pawl::http
