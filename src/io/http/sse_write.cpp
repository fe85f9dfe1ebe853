#include <fmt/format.h>

#include <algorithm>

#include "io/http/sse.h"

namespace pawl::http {
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
