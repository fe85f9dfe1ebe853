#include "model/trace.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t kTraceparentBytes = 55;

// Digits in small letters only, and not all of them zero.
bool read_id(std::string_view text, std::span<std::uint8_t> into) {
  const bool small = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  std::string bytes;
  if (!small || !unhex(text, bytes) || bytes.size() != into.size()) return false;
  std::ranges::copy(bytes, into.begin());
  return std::ranges::any_of(into, [](std::uint8_t byte) { return byte != 0; });
}

template <std::size_t N>
std::string digits(const std::array<std::uint8_t, N>& id) {
  return hex(std::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  if (text.size() < kTraceparentBytes || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  // Of a later version the beginning counts, and what follows is behind another dash.
  const std::string_view version = text.substr(0, 2);
  const bool exact = text.size() == kTraceparentBytes;
  if (version == "00" ? !exact : !exact && text[kTraceparentBytes] != '-') return std::nullopt;
  TraceParent parent;
  std::array<std::uint8_t, 1> number{}, flags{};
  if (version == "ff" || !(version == "00" || read_id(version, number))) return std::nullopt;
  if (!read_id(text.substr(3, 32), parent.trace) || !read_id(text.substr(36, 16), parent.span)) {
    return std::nullopt;
  }
  const std::string_view last = text.substr(53, 2);
  if (last != "00" && !read_id(last, flags)) return std::nullopt;
  parent.sampled = (flags[0] & 1) != 0;
  return parent;
}

std::string to_string(const TraceParent& parent) {
  return "00-" + digits(parent.trace) + '-' + digits(parent.span) +
         (parent.sampled ? "-01" : "-00");
}

}  // namespace pawl
