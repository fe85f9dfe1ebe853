#include "kernel/constraint/link_decode.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace pawl {
namespace {

struct Entity {
  std::string_view name;
  std::string_view text;
};
// Names of HTML for the characters that links are made of, and for those that disappear in them.
constexpr std::array entities = std::to_array<Entity>({
    {"amp", "&"},           {"ast", "*"},    {"bsol", "\\"},  {"colon", ":"},
    {"comma", ","},         {"commat", "@"}, {"dash", "-"},   {"gt", ">"},
    {"hyphen", "-"},        {"lbrack", "["}, {"lowbar", "_"}, {"lpar", "("},
    {"lsqb", "["},          {"lt", "<"},     {"nbsp", " "},   {"newline", "\n"},
    {"num", "#"},           {"percnt", "%"}, {"period", "."}, {"quest", "?"},
    {"quot", "\""},         {"rbrack", "]"}, {"rpar", ")"},   {"rsqb", "]"},
    {"semi", ";"},          {"shy", ""},     {"sol", "/"},    {"tab", "\t"},
    {"zerowidthspace", ""}, {"zwj", ""},     {"zwnj", ""},    {"apos", "'"},
    {"excl", "!"},          {"equals", "="},
});

// People write these so that no program makes a link of them; a reader undoes them.
constexpr std::array disarmed = std::to_array<Entity>({
    {"[.]", "."},
    {"(.)", "."},
    {"{.}", "."},
    {"[dot]", "."},
    {"(dot)", "."},
    {"{dot}", "."},
    {"[:]", ":"},
    {"[/]", "/"},
    {"[://]", "://"},
    {"[at]", "@"},
    {"(at)", "@"},
    {"[@]", "@"},
    {"[:", ":"},
});

constexpr std::size_t entity_bytes_max = 16;
constexpr std::size_t number_digits_max = 8;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Reads digits of a base; how many bytes were read, 0 for none.
std::size_t read_number(std::string_view text, int base, std::size_t digits_max,
                        std::uint32_t& value) {
  std::size_t used = 0;
  value = 0;
  while (used < text.size() && used < digits_max) {
    const int digit = digit_of(text[used]);
    if (digit < 0 || digit >= base) break;
    value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
    ++used;
  }
  return used;
}

void append_point(std::uint32_t value, std::string& out) {
  const bool scalar = value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
  utf8::append(scalar ? static_cast<char32_t>(value) : U'\uFFFD', out);
}

// Each of these looks at the beginning of `rest`, appends what it means and says how many bytes it
// took; 0 where nothing of its kind stands there.
std::size_t undo_percent(std::string_view rest, std::string& out) {
  std::uint32_t value = 0;
  if (rest.size() < 3 || read_number(rest.substr(1), 16, 2, value) != 2) return 0;
  out += static_cast<char>(value);
  return 3;
}

std::size_t undo_entity(std::string_view rest, std::string& out) {
  if (rest.size() > 2 && rest[1] == '#') {
    const bool hexadecimal = rest[2] == 'x';
    const std::size_t start = hexadecimal ? 3 : 2;
    std::size_t from = start;
    while (from < rest.size() && rest[from] == '0') ++from;  // any number of leading zeros
    std::uint32_t value = 0;
    const std::size_t used =
        read_number(rest.substr(from), hexadecimal ? 16 : 10, number_digits_max, value);
    if (used == 0) return 0;
    append_point(value, out);
    const std::size_t end = from + used;
    return end < rest.size() && rest[end] == ';' ? end + 1 : end;
  }
  const std::size_t end = rest.substr(0, entity_bytes_max).find(';');
  if (end == std::string_view::npos) return 0;
  for (const Entity& entity : entities) {
    if (rest.substr(1, end - 1) != entity.name) continue;
    out += entity.text;
    return end + 1;
  }
  return 0;
}

std::size_t undo_backslash(std::string_view rest, std::string& out) {
  if (rest.size() < 2) return 0;
  const char kind = rest[1];
  const std::size_t digits = kind == 'u' ? 4 : (kind == 'x' ? 2 : 0);
  std::uint32_t value = 0;
  if (digits > 0 && read_number(rest.substr(2), 16, digits, value) == digits) {
    append_point(value, out);
    return 2 + digits;
  }
  constexpr std::string_view escapable = "./:@-_[](){}#!*+<>&%=?~\"'\\";
  if (escapable.find(kind) == std::string_view::npos) return 0;
  out += kind;
  return 2;
}

std::size_t undo_disarming(std::string_view rest, std::string& out) {
  for (const Entity& form : disarmed) {
    if (!rest.starts_with(form.name)) continue;
    out += form.text;
    return form.name.size();
  }
  return 0;
}

std::size_t undo_here(std::string_view rest, std::string& out) {
  switch (rest.front()) {
    case '%':
      return undo_percent(rest, out);
    case '&':
      return undo_entity(rest, out);
    case '\\':
      return undo_backslash(rest, out);
    case '[':
    case '(':
    case '{':
      return undo_disarming(rest, out);
    default:
      return 0;
  }
}

std::string mend(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const utf8::Point point = utf8::next(text);
    utf8::append(point.valid ? point.value : U'\uFFFD', out);
  }
  return out;
}

}  // namespace

std::string fold_link_text(std::string_view text) {
  // Undone percent signs may leave bytes that are no text; folding needs one.
  std::string out = valid_utf8(text) ? fold(text) : fold(mend(text));
  if (is_ascii(out)) return out;
  constexpr std::string_view ideographic_stop = "\u3002";
  std::size_t at = out.find(ideographic_stop);
  if (at == std::string::npos) return out;
  // Into a text of its own: replaced in place, each would move everything behind it.
  std::string dotted;
  dotted.reserve(out.size());
  std::size_t from = 0;
  for (; at != std::string::npos; at = out.find(ideographic_stop, from)) {
    dotted.append(out, from, at - from) += '.';
    from = at + ideographic_stop.size();
  }
  dotted.append(out, from);
  return dotted;
}

std::string undo_escapes(std::string_view folded_text) {
  std::string out;
  out.reserve(folded_text.size());
  while (!folded_text.empty()) {
    const std::size_t used = undo_here(folded_text, out);
    if (used == 0) out += folded_text.front();
    folded_text.remove_prefix(used == 0 ? 1 : used);
  }
  return fold_link_text(out);
}

}  // namespace pawl
