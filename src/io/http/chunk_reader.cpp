#include "io/http/chunk_reader.h"

#include <algorithm>

#include "io/http/head_scan.h"

namespace pawl::http {
namespace {

constexpr unsigned kSizeDigitsMax = 16;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::expected<void, Refusal> ChunkReader::take_size(char c, const ServerLimits& limits) {
  const int digit = digit_of(c);
  if (digit >= 0) {
    if (++digits_ > kSizeDigitsMax) return refuse(400, "the size of a chunk has too many digits");
    left_ = left_ << 4U | static_cast<unsigned>(digit);
    return {};
  }
  if (digits_ == 0) return refuse(400, "the size of a chunk is not a number");
  if (c == '\r') {
    state_ = State::size_end;
  } else if (c == ';') {
    state_ = State::extension;
    if (++extension_bytes_ > limits.chunk_extension_bytes_max) {
      return refuse(400, "the chunk extensions are too long");
    }
  } else {
    return refuse(400, "the size of a chunk is not a number");
  }
  return {};
}

std::expected<void, Refusal> ChunkReader::take(char c, const ServerLimits& limits) {
  switch (state_) {
    case State::size:
      return take_size(c, limits);
    case State::extension:
      if (c == '\r') {
        state_ = State::size_end;
        return {};
      }
      if (!is_field_value({&c, 1}))
        return refuse(400, "a chunk extension holds a control character");
      if (++extension_bytes_ > limits.chunk_extension_bytes_max) {
        return refuse(400, "the chunk extensions are too long");
      }
      return {};
    case State::content_cr:
      if (c != '\r') return refuse(400, "a chunk is longer than its size");
      state_ = State::content_lf;
      return {};
    case State::content_lf:
      if (c != '\n') return refuse(400, "a chunk does not end in CR LF");
      state_ = State::size;
      digits_ = 0;
      left_ = 0;
      return {};
    case State::trailer_start:
      if (c != '\r') return refuse(400, "a body in chunks has a trailer");
      state_ = State::trailer_end;
      return {};
    case State::trailer_end:
      if (c != '\n') return refuse(400, "a body in chunks does not end in CR LF");
      state_ = State::done;
      return {};
    case State::size_end:
    case State::content:
    case State::done:
      break;
  }
  return refuse(400, "a body in chunks cannot be read");
}

std::expected<void, Refusal> ChunkReader::end_size(std::size_t body_bytes,
                                                   const ServerLimits& limits) {
  if (left_ == 0) {
    state_ = State::trailer_start;
    return {};
  }
  if (left_ > limits.body_bytes_max - std::min(body_bytes, limits.body_bytes_max)) {
    return refuse(413, "the body is too long");
  }
  state_ = State::content;
  return {};
}

std::expected<void, Refusal> ChunkReader::feed(std::string_view& bytes, std::string& body,
                                               const ServerLimits& limits) {
  while (!bytes.empty() && state_ != State::done) {
    if (state_ == State::content) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      body.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      left_ -= count;
      if (left_ == 0) state_ = State::content_cr;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    std::expected<void, Refusal> taken;
    if (state_ != State::size_end) {
      taken = take(c, limits);
    } else if (c == '\n') {
      taken = end_size(body.size(), limits);
    } else {
      taken = refuse(400, "the size of a chunk does not end in CR LF");
    }
    if (!taken) return taken;
  }
  return {};
}

}  // namespace pawl::http
