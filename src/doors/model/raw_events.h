// A stream of server-sent events, cut into its events without changing a byte: what is read of an
// event is read beside the bytes that go on to the client.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "io/http/sse.h"

namespace pawl::model {

class RawEvents {
 public:
  // `event`: what the bytes say; nothing for those that are no event (comments, pings without
  // data). `bytes`: all of it, with the blank line at its end. False: nothing more is read.
  using Take = std::function<bool(const std::optional<http::Event>& event, std::string_view bytes)>;
  RawEvents(Take take, std::size_t event_bytes_max);

  // ErrorKind::invalid where an event is longer than the limit.
  Status feed(std::string_view bytes);
  // What came behind the last blank line; no event.
  std::string_view rest() const { return block_; }

 private:
  Status end_block();

  Take take_;
  std::optional<http::Event> found_;
  http::EventReader reader_;
  std::size_t bytes_max_;
  std::string block_;
  bool line_empty_ = true;     // the line that is being read has no character yet
  bool after_return_ = false;  // an LF now belongs to the CR before it
  bool stopped_ = false;
};

}  // namespace pawl::model
