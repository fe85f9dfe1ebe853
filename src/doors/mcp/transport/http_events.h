// The server-sent events of one client that may be wanted again: a client that lost its connection
// asks for what came after the last one that it saw (`Last-Event-ID`).
//
// Every stream has a number and counts its events; an id is `STREAM-EVENT`, so that it names both.
// What is kept is bounded: the oldest is forgotten first, and a stream that was forgotten in part
// says so. Messages that have no stream to go to wait here too, for the next one that listens.
// Threads: one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::mcp {

struct EventId {
  std::uint64_t stream = 0;
  std::uint64_t event = 0;
};
std::string to_string(const EventId& id);
// Nothing for a text that is none of our ids.
std::optional<EventId> parse_event_id(std::string_view text);

class KeptEvents {
 public:
  KeptEvents(std::size_t events_max, std::size_t bytes_max)
      : events_max_(events_max), bytes_max_(bytes_max) {}

  void keep(const EventId& id, std::string message);
  struct Kept {
    EventId id;
    std::string message;
  };
  // What came after this event on its stream, in order. Nothing: some of it is forgotten.
  std::optional<std::vector<Kept>> after(const EventId& id) const;
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t events_max_, bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<Kept> events_;
  // The newest forgotten event of streams of which some is forgotten; few, the oldest first.
  std::deque<EventId> forgotten_;
};

}  // namespace pawl::mcp
