#include "doors/model/raw_events.h"

#include <utility>

namespace pawl::model {

RawEvents::RawEvents(Take take, std::size_t event_bytes_max)
    : take_(std::move(take)),
      reader_(
          [this](http::Event event) {
            found_ = std::move(event);
            return true;
          },
          {.event_bytes_max = event_bytes_max}),
      bytes_max_(event_bytes_max) {}

Status RawEvents::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (stopped_) return {};
    if (block_.size() >= bytes_max_) {
      return fail(ErrorKind::invalid, "an event of the stream is too long");
    }
    block_ += c;
    const bool belongs = std::exchange(after_return_, c == '\r') && c == '\n';
    if (belongs) continue;
    if (c != '\n' && c != '\r') {
      line_empty_ = false;
      continue;
    }
    const bool blank = std::exchange(line_empty_, true);
    if (!blank) continue;
    PAWL_TRY(end_block());
  }
  return {};
}

// The blank line of a block that ends in CR LF is known at its CR: the LF begins the next block,
// and its reader knows where it belongs.
Status RawEvents::end_block() {
  found_.reset();
  PAWL_TRY(reader_.feed(block_));
  const std::string block = std::exchange(block_, {});
  stopped_ = !take_(found_, block);
  return {};
}

}  // namespace pawl::model
