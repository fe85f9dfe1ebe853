#include "doors/mcp/transport/http_events.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace pawl::mcp {
namespace {

constexpr std::size_t forgotten_streams_max = 256;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string to_string(const EventId& id) {
  return fmt::format("{}-{}", id.stream, id.event);
}

std::optional<EventId> parse_event_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto stream = number_of(text.substr(0, dash));
  const auto event = number_of(text.substr(dash + 1));
  if (!stream || !event) return std::nullopt;
  return EventId{*stream, *event};
}

void KeptEvents::keep(const EventId& id, std::string message) {
  bytes_ += message.size();
  events_.push_back({id, std::move(message)});
  while (!events_.empty() && (events_.size() > events_max_ || bytes_ > bytes_max_)) {
    const EventId gone = events_.front().id;
    bytes_ -= events_.front().message.size();
    events_.pop_front();
    std::erase_if(forgotten_, [&](const EventId& one) { return one.stream == gone.stream; });
    forgotten_.push_back(gone);
    if (forgotten_.size() > forgotten_streams_max) forgotten_.pop_front();
  }
}

std::optional<std::vector<KeptEvents::Kept>> KeptEvents::after(const EventId& id) const {
  for (const EventId& gone : forgotten_) {
    if (gone.stream == id.stream && gone.event > id.event) return std::nullopt;
  }
  std::vector<Kept> out;
  for (const Kept& kept : events_) {
    if (kept.id.stream == id.stream && kept.id.event > id.event) out.push_back(kept);
  }
  return out;
}

}  // namespace pawl::mcp
