#include "events.h"

#include <utility>

namespace pawl_client {

bool EventReader::take(std::string_view bytes) {
  rest_.append(bytes);
  std::size_t from = 0;
  for (;;) {
    const std::size_t end = rest_.find('\n', from);
    if (end == std::string::npos) break;
    if (!line(std::string_view(rest_).substr(from, end - from))) return false;
    from = end + 1;
  }
  rest_.erase(0, from);
  return rest_.size() + event_.text.size() <= event_bytes_max;
}

bool EventReader::line(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) {
    const Event event = std::exchange(event_, {});
    return event.text.empty() || heard_(event);
  }
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  std::string_view value = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") event_.id = value;
  if (name == "event") event_.type = value;
  if (name == "data") {
    if (!event_.text.empty()) event_.text += '\n';
    event_.text += value;
  }
  return true;
}

}  // namespace pawl_client
