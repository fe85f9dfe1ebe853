#include "io/http/request_reader.h"

#include <algorithm>
#include <utility>

#include "io/http/head_scan.h"

namespace pawl::http {
namespace {

// A body's length is only a claim: memory follows what has come.
constexpr std::size_t kReserveBytesMax = 256UL << 10;

}  // namespace

bool RequestReader::take_expectation() {
  return std::exchange(expectation_, false);
}

// True when the head is complete.
std::expected<bool, Refusal> RequestReader::feed_head(std::string_view& bytes) {
  // Mostly a head comes in one piece and is read where it lies.
  const bool in_place = held_.empty();
  const std::size_t before = held_.size();
  const std::size_t room = limits_.header_bytes_max - std::min(before, limits_.header_bytes_max);
  if (!in_place) held_.append(bytes.substr(0, room));
  const std::string_view whole = in_place ? bytes.substr(0, room) : std::string_view(held_);
  const std::expected<std::size_t, Refusal> end = head_end(whole, seen_);
  PAWL_TRY(end);
  if (*end == 0) {
    if (whole.size() >= limits_.header_bytes_max) return refuse(431, "the header is too long");
    if (in_place) held_.assign(bytes);
    seen_ = held_.size();
    bytes = {};
    return false;
  }
  std::expected<Head, Refusal> head = read_head(whole.substr(0, *end), limits_);
  PAWL_TRY(head);
  bytes.remove_prefix(*end - before);
  held_ = std::string();
  seen_ = 0;
  incoming_ = {std::move(head->request), head->http10, head->last};
  framing_ = head->framing;
  expectation_ = head->expects;
  chunks_ = ChunkReader();
  return true;
}

// True when the body is complete.
std::expected<bool, Refusal> RequestReader::feed_body(std::string_view& bytes) {
  std::string& body = incoming_.request.body;
  switch (framing_.kind) {
    case Framing::Kind::none:
      return true;
    case Framing::Kind::length: {
      const auto left = static_cast<std::size_t>(framing_.body_bytes) - body.size();
      if (body.empty()) body.reserve(std::min(left, kReserveBytesMax));
      body.append(bytes.substr(0, left));
      bytes.remove_prefix(std::min(left, bytes.size()));
      return body.size() == framing_.body_bytes;
    }
    case Framing::Kind::chunked: {
      const std::expected<void, Refusal> fed = chunks_.feed(bytes, body, limits_);
      PAWL_TRY(fed);
      return chunks_.done();
    }
  }
  return refuse(500, "the body has no kind");
}

std::expected<std::optional<Incoming>, Refusal> RequestReader::feed(std::string_view& bytes) {
  if (stage_ != Stage::body) {
    if (bytes.empty()) return std::nullopt;
    stage_ = Stage::head;
    const std::expected<bool, Refusal> head = feed_head(bytes);
    PAWL_TRY(head);
    if (!*head) return std::nullopt;
    stage_ = Stage::body;
  }
  const std::expected<bool, Refusal> body = feed_body(bytes);
  PAWL_TRY(body);
  if (!*body) return std::nullopt;
  stage_ = Stage::idle;
  expectation_ = false;
  return std::exchange(incoming_, {});
}

}  // namespace pawl::http
