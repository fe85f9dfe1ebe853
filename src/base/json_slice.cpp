#include "base/json_slice.h"

namespace pawl::json {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The end of the string literal that starts at `at` (its opening quote).
std::size_t end_of_string(std::string_view text, std::size_t at) {
  // Texts are long and escapes rare: from quote to quote, with a look at what lies between. Either
  // search goes over each byte once.
  std::size_t quote = text.find('"', ++at);
  while (quote != std::string_view::npos) {
    const std::size_t escape = text.substr(0, quote).find('\\', at);
    if (escape == std::string_view::npos) return quote + 1;
    at = escape + 2;
    if (at > quote) quote = text.find('"', at);
  }
  return text.size();
}

// The end of the value that starts at `at`; the text is known to be valid JSON.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (text[at] == '"') return end_of_string(text, at);
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']' &&
           !is_blank(text[at])) {
      ++at;
    }
    return at;
  }
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (--depth == 0) return at + 1;
    }
    ++at;
  }
  return at;
}

}  // namespace

std::vector<Slice> top_level(std::string_view text, std::size_t at_most) {
  std::vector<Slice> slices;
  slices.reserve(8);
  std::size_t at = text.find('{');
  if (at == std::string_view::npos) return slices;
  ++at;
  while (at < text.size() && slices.size() < at_most) {
    while (at < text.size() && (is_blank(text[at]) || text[at] == ',')) ++at;
    if (at >= text.size() || text[at] != '"') break;
    const std::size_t key_end = end_of_string(text, at);
    const std::string_view key = text.substr(at + 1, key_end - at - 2);
    at = key_end;
    while (at < text.size() && (is_blank(text[at]) || text[at] == ':')) ++at;
    if (at >= text.size()) break;
    const std::size_t value_end = end_of_value(text, at);
    slices.push_back({key, text.substr(at, value_end - at)});
    at = value_end;
  }
  return slices;
}

std::vector<std::string_view> elements_of(std::string_view text, std::size_t at_most) {
  std::vector<std::string_view> out;
  for (std::size_t at = 1; at < text.size() && text[at] != ']' && out.size() < at_most;) {
    if (is_blank(text[at]) || text[at] == ',') {
      ++at;
      continue;
    }
    const std::size_t end = end_of_value(text, at);
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace pawl::json
