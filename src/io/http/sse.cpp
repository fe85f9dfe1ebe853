#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "io/http/sse.h"

namespace pawl::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// No server asks for a number of milliseconds with more digits.
constexpr std::size_t kRetryDigitsMax = 9;

}  // namespace

EventReader::EventReader(Take event, EventLimits limits)
    : event_(std::move(event)), limits_(limits) {}

Status EventReader::feed(std::string_view bytes) {
  while (!began_ && !bytes.empty()) {
    if (bytes.front() == kByteOrderMark[mark_bytes_]) {
      bytes.remove_prefix(1);
      began_ = ++mark_bytes_ == kByteOrderMark.size();
      continue;
    }
    // Not a mark after all: its first bytes were text.
    began_ = true;
    line_ = kByteOrderMark.substr(0, mark_bytes_);
  }
  while (!bytes.empty() && !stopped_) {
    if (std::exchange(after_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    PAWL_TRY(add(bytes.substr(0, end)));
    bytes.remove_prefix(end);
    if (bytes.empty()) break;
    after_return_ = bytes.front() == '\r';
    bytes.remove_prefix(1);
    stopped_ = !end_line();
  }
  return {};
}

Status EventReader::add(std::string_view part) {
  event_bytes_ += part.size();
  if (event_bytes_ > limits_.event_bytes_max) {
    return fail(ErrorKind::invalid, "an event of the stream is longer than its limit");
  }
  line_ += part;
  return {};
}

// False when no one reads on.
bool EventReader::end_line() {
  const std::string line = std::exchange(line_, {});
  ++event_bytes_;
  if (line.empty()) return dispatch();
  const std::string_view all(line);
  const std::size_t colon = std::min(all.find(':'), all.size());
  std::string_view value = all.substr(std::min(colon + 1, all.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (colon > 0) field(all.substr(0, colon), value);
  // A comment that only keeps the connection alive must not count up for ever.
  if (colon == 0) event_bytes_ -= std::min(event_bytes_, line.size() + 1);
  return true;
}

void EventReader::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (std::exchange(has_text_, true)) text_ += '\n';
    text_ += value;
  } else if (name == "event") {
    name_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos && value.size() <= limits_.id_bytes_max) {
      id_ = value;
    }
  } else if (name == "retry") {
    std::int64_t ms = 0;
    if (value.size() > kRetryDigitsMax || !all_digits(value)) return;
    std::from_chars(value.data(), value.data() + value.size(), ms);
    retry_ = Duration::milliseconds(ms);
  }
}

bool EventReader::dispatch() {
  last_id_ = id_;
  event_bytes_ = 0;
  std::string name = std::exchange(name_, {});
  std::string text = std::exchange(text_, {});
  if (!std::exchange(has_text_, false)) return true;
  return event_(Event{std::move(name), std::move(text), last_id_});
}

namespace {

constexpr std::string_view kBreaks = "\r\n";

// Where the next line break is, or the end: two searches of the library instead of one by bytes.
std::size_t line_end(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return std::min(line.find('\r'), line.size());
}

void add_lines(std::string_view text, std::string& out) {
  for (;;) {
    const std::size_t end = line_end(text);
    out.append("data: ").append(text.substr(0, end)).append("\n");
    if (end == text.size()) return;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
}

}  // namespace

Result<std::string> write_event(const EventFields& fields) {
  const std::string_view id = fields.id.value_or(std::string_view());
  if (fields.name.find_first_of(kBreaks) != std::string_view::npos ||
      id.find_first_of(kBreaks) != std::string_view::npos ||
      id.find('\0') != std::string_view::npos) {
    return fail(ErrorKind::invalid, "the name or the id of an event holds a line break");
  }
  std::string out;
  out.reserve(fields.text.size() + fields.name.size() + id.size() + 64);
  if (!fields.name.empty()) out.append("event: ").append(fields.name).append("\n");
  if (fields.id) out.append("id: ").append(id).append("\n");
  if (fields.retry) {
    fmt::format_to(std::back_inserter(out), "retry: {}\n", fields.retry->ns / 1'000'000);
  }
  add_lines(fields.text, out);
  out += "\n";
  return out;
}

std::string write_comment(std::string_view text) {
  std::string out = ": ";
  out += text;
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return out + "\n\n";
}

}  // namespace pawl::http
