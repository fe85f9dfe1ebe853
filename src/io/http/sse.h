// Server-sent events (the EventStream format of the HTML standard): written, and read from hostile
// input.
//
// One event is lines of `name: value` and a blank line. Lines end in LF, CR or CR LF; what is
// written ends in LF. A field without a colon has an empty value, unknown fields mean nothing, and
// an event without `data` is ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace pawl::http {

struct Event {
  std::string name;  // empty: `message`
  std::string text;  // its `data` lines, joined by `\n`
  std::string id;    // of this event or the last one before that had one
};

// What to write for one event. A line break in `name` or `id` would begin another field: such an
// event is refused (ErrorKind::invalid). `id`: nothing leaves the reader's last one as it is, an
// empty one clears it. In `text`, CR, LF and CR LF all separate lines.
struct EventFields {
  std::string_view name;
  std::string_view text;
  std::optional<std::string_view> id;
  std::optional<Duration> retry;  // how long a reader waits before it connects again
};
Result<std::string> write_event(const EventFields& fields);
// `: text`, which readers ignore: keeps the connection alive. Line breaks become blanks.
std::string write_comment(std::string_view text);

struct EventLimits {
  std::size_t event_bytes_max = 16UL << 20;  // of all lines of one event
  std::size_t id_bytes_max = 4096;
};

// Reads a stream in pieces that are cut anywhere.
class EventReader {
 public:
  // Calls `event` for each event that is complete. Where it is false, nothing more is read: the
  // rest of the piece is lost. ErrorKind::invalid where an event is longer than the limit; the
  // reader is of no use afterwards.
  using Take = std::function<bool(Event)>;
  explicit EventReader(Take event, EventLimits limits = {});

  Status feed(std::string_view bytes);

  // The last id that came, to be asked for after a reconnection.
  const std::string& last_id() const { return last_id_; }
  // What the other side last asked for.
  std::optional<Duration> retry() const { return retry_; }

 private:
  Status add(std::string_view part);
  bool end_line();
  bool dispatch();
  void field(std::string_view name, std::string_view value);

  Take event_;
  EventLimits limits_;
  std::string line_;
  std::string text_;
  std::string name_;
  std::string id_;
  std::string last_id_;
  std::optional<Duration> retry_;
  std::size_t event_bytes_ = 0;
  unsigned mark_bytes_ = 0;  // of the byte order mark at the very beginning
  bool began_ = false;       // past where one may stand
  bool has_text_ = false;
  bool after_return_ = false;  // an LF now belongs to the CR before it
  bool stopped_ = false;
};

}  // namespace pawl::http
