// Streams of server-sent events, cut anywhere; and what is written is what is read.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/must.h"
#include "io/http/sse.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using namespace pawl::http;
using fuzz::must;

constexpr std::size_t bytes_max = 4096;
constexpr EventLimits limits{.event_bytes_max = 256, .id_bytes_max = 32};

struct Heard {
  std::vector<std::string> events;
  bool refused = false;
  friend bool operator==(const Heard&, const Heard&) = default;
};

Heard hear(std::string_view bytes, std::size_t cut) {
  Heard heard;
  EventReader reader(
      [&](const Event& event) {
        must(event.text.size() <= limits.event_bytes_max, "an event is over its limit");
        must(event.name.find_first_of("\r\n") == std::string::npos, "a name has two lines");
        heard.events.push_back(event.name + "\1" + event.text + "\1" + event.id);
        return true;
      },
      limits);
  while (!bytes.empty() && !heard.refused) {
    heard.refused = !reader.feed(bytes.substr(0, cut)).has_value();
    bytes.remove_prefix(std::min(cut, bytes.size()));
  }
  return heard;
}

// Line breaks of every kind are read as one kind.
std::string in_lines(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i] == '\r' ? '\n' : text[i];
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1 || size > bytes_max) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  must(hear(text, bytes_max) == hear(text, bytes[0] % 16U + 1U), "events depend on the cuts");
  const auto written = write_event({.name = "x", .text = text, .id = {}, .retry = {}});
  must(written.has_value(), "a text cannot be written");
  std::string read;
  EventReader reader([&](const Event& event) {
    read = event.text;
    return true;
  });
  must(reader.feed(*written).has_value(), "what was written cannot be read");
  must(read == in_lines(text), "what was written is read differently");
  return 0;
}
